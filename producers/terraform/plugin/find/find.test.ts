import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../../runtime/testing/temporary-folder.ts';
import { packageChecksum } from './checksum.ts';
import { type Candidate, choose } from './choose.ts';
import { parseCliConfiguration, parseLockFile, serves } from './cli-configuration.ts';
import { findProvider, TARGET, type Where } from './find.ts';
import { parseHcl } from './hcl.ts';
import { compareVersions, matches, parseSource, parseVersion } from './source.ts';

const AWS = parseSource('hashicorp/aws')!;

describe('the CLI configuration', () => {
  const text = `
    # comment
    plugin_cache_dir = "\${HOME}/cache" // another
    disable_checkpoint = true
    credentials "app.example.com" { token = "do-not-read-me" }
    provider_installation {
      dev_overrides {
        "hashicorp/aws" = "/dev/aws"
        "example.com/x/y" = "/dev/y",
      }
      filesystem_mirror {
        path    = "/mirror"
        include = ["hashicorp/*", "example.com/*/*"]
        exclude = [
          "hashicorp/google",
        ]
      }
      network_mirror { url = "https://example.com/" }
      direct {}
    }`;

  it('says which overrides, mirrors and cache there are, and nothing else is kept', () => {
    const configuration = parseCliConfiguration(text, '.terraformrc', { HOME: '/home/me' });
    expect(configuration.cache).toBe('/home/me/cache');
    expect([...configuration.overrides]).toEqual([
      ['registry.terraform.io/hashicorp/aws', '/dev/aws'],
      ['example.com/x/y', '/dev/y'],
    ]);
    expect(configuration.mirrors?.map(({ path }) => path)).toEqual(['/mirror']);
    expect(JSON.stringify([configuration, ...configuration.overrides])).not.toContain('do-not-read-me');
    const [mirror] = configuration.mirrors!;
    expect(serves(mirror!, AWS)).toBe(true);
    expect(serves(mirror!, parseSource('hashicorp/google')!)).toBe(false);
    expect(serves(mirror!, parseSource('digitalocean/digitalocean')!)).toBe(false);
    expect(matches('aws', AWS)).toBe(true);
  });

  it('without an installation block the usual places count; with one, only those named', () => {
    expect(parseCliConfiguration('', 'f', {}).mirrors).toBeNull();
    expect(parseCliConfiguration('provider_installation { direct {} }', 'f', {}).mirrors).toEqual([]);
  });

  it.each([
    ['a = ', 1],
    ['a {\n b = 1', 2],
    ['\n\na = <<EOT\nsecret\nEOT', 3],
    ['a = var.x', 1],
    ['a = ["b" "c"]', 1],
  ])('what cannot be read is told with its line, not with its content: %j', (broken, line) => {
    expect(() => parseHcl(broken, 'rc')).toThrow(new RegExp(`^rc, line ${line}: `));
  });

  it('any text is read or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a1={}[]",:\\\n #/*-"') }), (anything) => {
        try {
          parseHcl(anything, 'rc');
        } catch (error) {
          expect(error).toMatchObject({ code: 'DM_INPUT_INVALID' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('sources and versions', () => {
  it('are read from configuration, lock file and state alike', () => {
    const aws = { host: 'registry.terraform.io', namespace: 'hashicorp', type: 'aws' };
    for (const text of [
      'aws',
      'hashicorp/aws',
      'registry.terraform.io/hashicorp/aws',
      'provider["registry.terraform.io/hashicorp/aws"].west',
      'module.a["x"].provider["registry.terraform.io/hashicorp/aws"]',
    ])
      expect(parseSource(text)).toEqual(aws);
    for (const text of ['', '../aws', 'a/../b', '../../etc/aws', 'a/b/c/d', 'a b'])
      expect(parseSource(text)).toBeNull();
  });

  it('versions have the order that semantic versions have', () => {
    const ordered = [
      '1.2.3-alpha',
      '1.2.3-alpha.1',
      '1.2.3-beta.2',
      '1.2.3-beta.11',
      '1.2.3',
      '1.10.0',
      '2.0.0',
    ];
    const shuffled = [...ordered].reverse().map((text) => parseVersion(text)!);
    expect(shuffled.sort(compareVersions).map(({ text }) => text)).toEqual(ordered);
    expect(parseVersion('1.2')).toBeNull();
  });

  it('the lock file names versions by source', () => {
    const lock = `provider "registry.terraform.io/hashicorp/aws" {
      version     = "5.100.0"
      constraints = "~> 5.0"
      hashes = [
        "h1:abc=",
      ]
    }`;
    expect([...parseLockFile(lock, 'lock')]).toEqual([
      ['registry.terraform.io/hashicorp/aws', { version: '5.100.0', checksums: ['h1:abc='] }],
    ]);
  });
});

describe('the choice', () => {
  const at = (...versions: string[]): Candidate[] =>
    versions.map((version) => ({ program: `/p/${version}`, version, place: 'mirror' as const }));
  it.each([
    ['the locked one', ['5.1.0', '5.2.0', '6.0.0'], '5.1.0', '5.1.0', null],
    ['the next above, where it is missing', ['5.0.9', '5.2.0', '5.3.0', '6.0.0'], '5.1.0', '5.2.0', 'newer'],
    ['the nearest below, where none is above', ['4.9.0', '5.0.8', '5.0.9'], '5.1.0', '5.0.9', 'older'],
    [
      'another major version, where there is nothing else',
      ['3.0.0', '4.9.0'],
      '5.1.0',
      '4.9.0',
      'other-major',
    ],
    ['the newest, where nothing is locked', ['5.1.0', '5.10.0', '6.0.0-beta1'], null, '5.10.0', 'not-locked'],
    [
      'a trial version, where it is the locked one',
      ['5.1.0', '6.0.0-beta1'],
      '6.0.0-beta1',
      '6.0.0-beta1',
      null,
    ],
  ] as const)('is %s', (_, there, wanted, taken, risk) => {
    const choice = choose(AWS, at(...there), wanted);
    expect(choice).toMatchObject({ version: taken, risk, locked: wanted });
    expect(choice!.because === '').toBe(risk === null);
  });

  it('a development override wins, and says so', () => {
    const override: Candidate = { program: '/dev/aws', version: null, place: 'override' };
    expect(choose(AWS, [...at('5.1.0'), override], '5.1.0')).toMatchObject({
      program: '/dev/aws',
      risk: 'override',
    });
  });

  it('the same version nearer to the workspace comes first', () => {
    const near: Candidate = { program: '/near', version: '5.1.0', place: 'working-directory' };
    expect(choose(AWS, [...at('5.1.0'), near], null)?.program).toBe('/near');
  });
});

describe('looking for a provider', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let where: Where;
  const install = (root: string, version: string, mode = 0o755): string => {
    const file = join(
      folder.path,
      root,
      'registry.terraform.io/hashicorp/aws',
      version,
      TARGET,
      `terraform-provider-aws_v${version}_x5`,
    );
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '#!/bin/sh\n');
    chmodSync(file, mode);
    return file;
  };
  const configure = (text: string): void => {
    writeFileSync(join(folder.path, 'rc'), text);
    where = { ...where, environment: { TF_CLI_CONFIG_FILE: join(folder.path, 'rc') } };
  };
  beforeEach(() => {
    folder = temporaryFolder();
    mkdirSync(join(folder.path, 'work'));
    where = {
      environment: { XDG_DATA_DIRS: '/nowhere' },
      directory: join(folder.path, 'work'),
      own: null,
      home: folder.path,
    };
  });
  afterEach(() => folder.remove());

  it('finds it in the working directory, through its link into the cache', async () => {
    const file = install('cache', '5.1.0');
    const link = join(folder.path, 'work/.terraform/providers/registry.terraform.io/hashicorp/aws/5.1.0');
    mkdirSync(link, { recursive: true });
    symlinkSync(dirname(file), join(link, TARGET));
    writeFileSync(
      join(folder.path, 'work/.terraform.lock.hcl'),
      'provider "registry.terraform.io/hashicorp/aws" {\n version = "5.1.0"\n}',
    );
    expect(await findProvider(AWS, where)).toMatchObject({
      place: 'working-directory',
      version: '5.1.0',
      risk: null,
    });
  });

  it('finds it in a mirror, a cache, the usual place and our own folder', async () => {
    install('mirror', '5.1.0');
    configure(
      `provider_installation {\n filesystem_mirror {\n path = "${join(folder.path, 'mirror')}"\n }\n}`,
    );
    expect(await findProvider(AWS, where)).toMatchObject({ place: 'mirror', risk: 'not-locked' });
    install('cache', '5.2.0');
    configure(`plugin_cache_dir = "${join(folder.path, 'cache')}"`);
    expect(await findProvider(AWS, where)).toMatchObject({ place: 'cache', version: '5.2.0' });
    install('.terraform.d/plugins', '5.3.0');
    expect(await findProvider(AWS, { ...where, environment: {} })).toMatchObject({
      place: 'mirror',
      version: '5.3.0',
    });
    install('own', '5.4.0');
    expect(await findProvider(AWS, { ...where, own: join(folder.path, 'own') })).toMatchObject({
      place: 'own',
    });
  });

  it('a development override that is empty is an error, not a reason to take another', async () => {
    install('mirror', '5.1.0');
    configure(
      `provider_installation {\n dev_overrides {\n "hashicorp/aws" = "${join(folder.path, 'dev')}"\n }\n}`,
    );
    await expect(findProvider(AWS, where)).rejects.toThrow(/dev \(a development override\)/);
    mkdirSync(join(folder.path, 'dev'));
    writeFileSync(join(folder.path, 'dev/terraform-provider-aws'), '', { mode: 0o755 });
    expect(await findProvider(AWS, where)).toMatchObject({ risk: 'override', version: null });
  });

  const lock = (...hashes: string[]): void =>
    writeFileSync(
      join(folder.path, 'work/.terraform.lock.hcl'),
      `provider "registry.terraform.io/hashicorp/aws" {\n version = "5.1.0"\n hashes = [${hashes.map((hash) => `\n"${hash}",`).join('')}\n]\n}`,
    );

  it('a package that is not what the lock file has a checksum of is refused; another copy that is, is taken', async () => {
    const file = install('.terraform.d/plugins', '5.1.0');
    const sound = await packageChecksum(dirname(file));
    lock('zh:0000', sound);
    expect(await findProvider(AWS, where)).toMatchObject({ version: '5.1.0', risk: null });
    writeFileSync(file, '#!/bin/sh\necho something else\n');
    await expect(findProvider(AWS, where)).rejects.toMatchObject({ kind: 'unstartable' });
    await expect(findProvider(AWS, where)).rejects.toThrow(
      /aws 5\.1\.0 in .*plugins.* is not what the lock file/,
    );
    // Not even another version: what was asked for is there, and was changed.
    install('.terraform.d/plugins', '5.2.0');
    await expect(findProvider(AWS, where)).rejects.toMatchObject({ kind: 'unstartable' });
    install('own', '5.1.0');
    const own = join(folder.path, 'own');
    expect(await findProvider(AWS, { ...where, own })).toMatchObject({ place: 'own', risk: null });
    // Checksums of archives say nothing of what is unpacked; a development override is exempt, as in Terraform.
    lock('zh:0000');
    expect(await findProvider(AWS, where)).toMatchObject({ place: 'mirror' });
    lock('h1:AAAA');
    configure(`provider_installation {\n dev_overrides {\n "hashicorp/aws" = "${dirname(file)}"\n }\n}`);
    expect(await findProvider(AWS, where)).toMatchObject({ risk: 'override' });
  });

  it('a packed one is named as the reason why it is not found', async () => {
    const packed = join(
      folder.path,
      '.terraform.d/plugins/registry.terraform.io/hashicorp/aws',
      `terraform-provider-aws_5.1.0_${TARGET}.zip`,
    );
    mkdirSync(dirname(packed), { recursive: true });
    writeFileSync(packed, 'PK');
    await expect(findProvider(AWS, where)).rejects.toThrow(
      new RegExp(`It is packed there as ${packed}.*driftmgr providers install hashicorp/aws`),
    );
  });

  it('what is not there, or may not be run, is told with where was looked and what to do', async () => {
    install('.terraform.d/plugins', '5.1.0', 0o644);
    const looking = findProvider(AWS, where);
    await expect(looking).rejects.toMatchObject({ kind: 'not-found', code: 'DM_NOT_FOUND' });
    await expect(looking).rejects.toThrow(
      /hashicorp\/aws is not on this machine .*terraform\.d\/plugins.*terraform init/,
    );
  });
});
