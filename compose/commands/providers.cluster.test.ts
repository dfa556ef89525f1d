// `driftmgr providers` with the real terraform: what it installs is what our own host finds and starts, and checksums are
// those of Terraform's own lock file.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../api/cli/testing.ts';
import { packageChecksum } from '../../producers/terraform/plugin/find/checksum.ts';
import { findProvider, TARGET } from '../../producers/terraform/plugin/find/find.ts';
import { writeLauncher, writeMirror } from '../../producers/terraform/pretend/launchers.ts';
import { AWS } from '../../producers/terraform/pretend/types/index.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { findTerraform, terraformIn } from '../../test/testing/terraform.ts';
import { providersCommand } from './providers.ts';

const binary = findTerraform();
const SOURCE = { host: 'registry.terraform.io', namespace: 'hashicorp', type: 'aws' };

describe.runIf(binary !== null)(`driftmgr providers, with ${binary}`, { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());

  const providers = (cliConfig: string, ...argv: string[]) =>
    run(
      ['providers', ...argv, '--data', join(folder.path, 'data')],
      { environment: { PATH: process.env.PATH, HOME: folder.path, TF_CLI_CONFIG_FILE: cliConfig } },
      (io) => [providersCommand(io)],
    );
  const own = () => join(folder.path, 'data/providers/providers');
  /** Where nothing else is found. */
  const alone = () => ({
    environment: { XDG_DATA_DIRS: '/nowhere', TF_CLI_CONFIG_FILE: '/dev/null' },
    directory: null,
    own: own(),
    home: folder.path,
  });

  it('the checksum of an unpacked package is the one that terraform writes into its lock file', async () => {
    const cliConfig = writeMirror(join(folder.path, 'mirror'), [{ provider: AWS }]);
    const work = join(folder.path, 'work');
    const terraform = terraformIn(work, {
      binary: binary!,
      address: null,
      key: '',
      variables: {},
      cliConfig,
    });
    terraform.configure('resource "aws_sqs_queue" "a" {\n  name = "a"\n}');
    await terraform.run('init');
    const lock = readFileSync(join(work, '.terraform.lock.hcl'), 'utf8');
    const unpacked = join(folder.path, 'mirror', AWS.address, AWS.version, TARGET);
    expect(lock).toContain(`"${await packageChecksum(unpacked)}"`);
    const environment = { TF_CLI_CONFIG_FILE: cliConfig };
    expect(await findProvider(SOURCE, { environment, directory: work, own: null })).toMatchObject({
      risk: null,
    });

    const installed = await providers(cliConfig, 'install', '--directory', work);
    expect(installed.err).toBe('');
    expect(installed.out).toMatch(/hashicorp\/aws 5\.100\.0: "\w+ init" gets it/);
    expect(
      await findProvider(SOURCE, {
        ...alone(),
        directory: work,
        environment: { ...alone().environment, TF_DATA_DIR: 'none' },
      }),
    ).toMatchObject({
      place: 'own',
      risk: null,
    });
    writeFileSync(
      join(folder.path, 'driftmgr.yaml'),
      `terraform:\n  readers:\n    - { workspace: prod, provider: aws, directory: ${work} }\n    - { workspace: other, provider: hashicorp/nothing }\n`,
    );
    const listed = await providers(cliConfig, 'list', '--config', join(folder.path, 'driftmgr.yaml'));
    expect(listed.out).toMatch(/prod\s+hashicorp\/aws\s+5\.100\.0\s+working-directory\s+none/);
    expect(listed.out).toMatch(
      /other\s+hashicorp\/nothing\s+-\s+-\s+not readable\s+the provider hashicorp\/nothing is not on/,
    );
  });

  it('one that is packed is told as that, and unpacked by install', async () => {
    const program = join(folder.path, 'launcher');
    writeLauncher(program, { provider: AWS });
    const mirror = join(folder.path, 'packed');
    const at = join(mirror, AWS.address);
    mkdirSync(at, { recursive: true });
    const name = `terraform-provider-aws_v${AWS.version}`;
    writeFileSync(
      join(at, `terraform-provider-aws_${AWS.version}_${TARGET}.zip`),
      zipOf(name, readFileSync(program)),
    );
    const cliConfig = join(folder.path, 'rc');
    writeFileSync(
      cliConfig,
      `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`,
    );
    const where = { ...alone(), environment: { TF_CLI_CONFIG_FILE: cliConfig } };
    await expect(findProvider(SOURCE, where)).rejects.toThrow(
      /It is packed there as .*\.zip.*driftmgr providers install/,
    );
    const ran = await providers(cliConfig, 'install', `hashicorp/aws@${AWS.version}`);
    expect(ran.err).toBe('');
    expect(await findProvider(SOURCE, where)).toMatchObject({ place: 'own', version: AWS.version });
  });

  it('what cannot be installed leaves nothing behind, and says why', async () => {
    const cliConfig = writeMirror(join(folder.path, 'mirror'), [{ provider: AWS }]);
    const ran = await providers(cliConfig, 'install', 'hashicorp/aws@4.0.0');
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/could not install hashicorp\/aws 4\.0\.0/);
    expect(existsSync(join(own(), AWS.address))).toBe(false);
    expect((await providers(cliConfig, 'install', 'hashicorp/aws')).err).toMatch(/which version/);
    expect((await providers(cliConfig, 'install', '../aws')).err).toMatch(/no source of a provider/);
  });
});

/** A zip archive of one executable file, not compressed (APPNOTE 4.3). */
function zipOf(name: string, content: Buffer): Buffer {
  const path = Buffer.from(name);
  const both = Buffer.alloc(26);
  both.writeUInt16LE(20, 0);
  both.writeUInt32LE(crc32(content), 10);
  both.writeUInt32LE(content.length, 14);
  both.writeUInt32LE(content.length, 18);
  both.writeUInt16LE(path.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), both, path, content]);
  const more = Buffer.alloc(14);
  more.writeUInt32LE((0o100755 << 16) >>> 0, 6);
  // Made by Unix, so that the mode counts.
  const central = Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), both, more, path]);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(1, 4);
  end.writeUInt16LE(1, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(local.length, 12);
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end]);
}
