// A real provider built from source (test/go-providers) behind the whole system: real terraform, the real http backend, files on
// this disk for a cloud. What Terraform itself says of each edit is asked beside us: we say the same, of the same instances.
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { builtProvider, mirrorOfBuilt } from './go-providers/build.ts';
import { everywhere } from './testing/everywhere.ts';
import { formsIn, formsOf } from './testing/leaks.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const provider = binary === null ? null : await builtProvider('local');
const GRACE_MS = 300;
const SECRET = 'pa55-planted-in-a-file-7731';

/** Paths are relative, as `path.module` makes them in a root module. `twin`: equal content gives this provider's ids equal. */
const ESTATE = `
  variable "password" {
    type      = string
    sensitive = true
    default   = "${SECRET}"
  }
  resource "local_file" "plain" {
    filename        = "\${path.module}/out/plain.txt"
    content         = "plain\\n"
    file_permission = "0644"
  }
  resource "local_file" "twin" {
    for_each = toset(["a", "b"])
    filename = "out/twin-\${each.key}.txt"
    content  = "the same in both"
  }
  resource "local_file" "numbered" {
    count    = 2
    filename = "out/numbered-\${count.index}.json"
    content  = jsonencode({ index = count.index, big = 9007199254740993 })
  }
  resource "local_file" "letters" {
    filename = "out/letters.txt"
    content  = "Grüße, 世界 🌍 \\"quoted\\" $\${not_a_template}\\ttab\\n"
  }
  resource "local_file" "encoded" {
    filename       = "out/bytes.bin"
    content_base64 = base64encode("binary, of sorts")
  }
  resource "local_file" "large" {
    filename = "out/large.txt"
    content  = format("%1048576s", "the end")
  }
  resource "local_file" "hidden" {
    filename          = "out/hidden.txt"
    sensitive_content = var.password
  }
  resource "local_file" "copy" {
    filename = "out/copy.txt"
    content  = "dsn=postgres://app:\${nonsensitive(var.password)}@db/"
  }
`;

/** The same content as prod's twins, in another place, by another team. */
const STAGING = `
  resource "local_file" "twin" {
    filename = "out/twin.txt"
    content  = "the same in both"
  }
`;

const FILES: Record<string, string> = {
  'local_file.plain': 'plain.txt',
  'local_file.twin["a"]': 'twin-a.txt',
  'local_file.twin["b"]': 'twin-b.txt',
  'local_file.numbered[0]': 'numbered-0.json',
  'local_file.numbered[1]': 'numbered-1.json',
  'local_file.letters': 'letters.txt',
  'local_file.encoded': 'bytes.bin',
  'local_file.large': 'large.txt',
  'local_file.hidden': 'hidden.txt',
  'local_file.copy': 'copy.txt',
};

describe.skipIf(!provider)(
  `the provider local built from source, under ${binary}`,
  { timeout: 400_000 },
  () => {
    let folder: ReturnType<typeof temporaryFolder>;
    let system: Started;
    let prod: Terraform;
    let staging: Terraform;
    const file = (name: string, workspace = 'prod'): string => join(folder.path, workspace, 'out', name);

    const drifts = async (): Promise<DriftJson[]> =>
      (
        await system.client.drifts.list({
          status: ['open', 'acknowledged', 'accepted', 'resolved'],
          ignored: true,
          limit: 500,
        })
      ).items;
    const told = ({ kind, confidence, status, workspace, address, resolution }: DriftJson): string =>
      `${kind} ${confidence} ${status} ${workspace} ${address}${resolution === null ? '' : ` ${resolution}`}`;
    const open = async (): Promise<string[]> =>
      (await drifts())
        .filter(({ status }) => status !== 'resolved')
        .map(told)
        .sort();

    async function sweep(scope = 'prod'): Promise<{ listed: number | null; published: number | null }> {
      const since = new Date().toISOString();
      expect((await system.client.snapshots.request({ provider: 'terraform', scope })).status).not.toBe(
        'refused',
      );
      const done = await until(
        `the sweep of ${scope} to complete`,
        async () =>
          (await system.client.snapshots.list({ provider: 'terraform' })).items.find(
            (one) =>
              one.scope === `terraform/${scope}` &&
              one.status === 'completed' &&
              one.startedAt !== null &&
              one.startedAt >= since,
          ),
        60_000,
      );
      await system.settled();
      await systemClock.sleep(3 * GRACE_MS);
      await system.settled();
      return done;
    }

    /** Addresses that Terraform's own refresh finds gone: this provider knows no other difference. */
    async function goneByTerraform(): Promise<string[]> {
      const output = await prod.run('plan', '-refresh-only', '-input=false', '-lock=false');
      return [...output.matchAll(/# (\S+) has been deleted/g)].map(([, address]) => address!).sort();
    }

    beforeAll(async () => {
      folder = temporaryFolder();
      const cliConfig = mirrorOfBuilt(join(folder.path, 'mirror'), [provider!]);
      const row = { provider: 'local', environment: { TF_CLI_CONFIG_FILE: cliConfig } };
      system = await startWhole(() => ({
        'detector.graceMs': GRACE_MS,
        'terraform.readsPerSecond': 500,
        'terraform.sweep.everyMs': 0,
        'terraform.sweep.percent': 50,
        'terraform.readers': [
          { ...row, workspace: 'prod', directory: join(folder.path, 'prod') },
          // Nothing says where its Terraform runs.
          { ...row, workspace: 'staging' },
        ],
      }));
      const workspace = (name: string, resources: string): Terraform => {
        const terraform = terraformIn(join(folder.path, name), {
          binary: binary!,
          address: `${system.url}/tfstate/${name}`,
          key: system.key,
          variables: {},
          cliConfig,
        });
        terraform.configure(resources);
        return terraform;
      };
      prod = workspace('prod', ESTATE);
      staging = workspace('staging', STAGING);
      for (const terraform of [prod, staging]) {
        await terraform.run('init', '-input=false');
        await terraform.run('apply', '-auto-approve', '-input=false');
      }
    }, 300_000);
    afterAll(async () => {
      prod?.kill();
      staging?.kill();
      await system?.stop();
      folder?.remove();
    });

    it('after a clean apply everything is read, and nothing has drifted, nor is it shared with another workspace', async () => {
      const instances = Object.keys(FILES).length;
      expect(await sweep()).toMatchObject({ listed: instances, published: instances });
      expect((await drifts()).map(told)).toEqual([]);
      const resources = (await system.client.resources.list({ limit: 500 })).items;
      expect(resources.filter(({ workspace }) => workspace === 'prod')).toHaveLength(instances);
      const coverage = (await system.client.coverage.list({ limit: 500 })).items;
      expect(coverage.filter((one) => one.provider === 'local' && one.observed < one.declared - 1)).toEqual(
        [],
      );
      expect(await sweep()).toMatchObject({ listed: instances, published: 0 });
    });

    it('each file that is edited is one confirmed drift of that instance, as Terraform itself says, and ends when it is as it was', async () => {
      const known = new Set<string>();
      for (const [address, name] of Object.entries(FILES)) {
        const before = readFileSync(file(name));
        writeFileSync(file(name), Buffer.concat([before, Buffer.from('edited')]));
        await sweep();
        expect(await open(), name).toEqual([`missing confirmed open prod ${address}`]);
        expect(await goneByTerraform()).toEqual([address]);
        writeFileSync(file(name), before);
        await sweep();
        const [drift, ...others] = (await drifts()).filter(({ id }) => !known.has(id));
        expect([told(drift!), ...others]).toEqual([`missing confirmed resolved prod ${address} reverted`]);
        known.add(drift!.id);
      }
      expect(known.size).toBe(Object.keys(FILES).length);
      process.stdout.write(`local: ${known.size} edits, 0 false alarms, 0 missed\n`);
    });

    it('what the provider does not look at is no drift here, nor to Terraform: the permissions of a file', async () => {
      await chmod(file('plain.txt'), 0o600);
      await sweep();
      expect(await open()).toEqual([]);
      expect(await goneByTerraform()).toEqual([]);
    });

    it('files that are deleted or moved are missing until an apply makes them anew', async () => {
      rmSync(file('twin-a.txt'));
      renameSync(file('letters.txt'), file('moved.txt'));
      await sweep();
      const expected = ['local_file.letters', 'local_file.twin["a"]'];
      expect(await open()).toEqual(expected.map((address) => `missing confirmed open prod ${address}`));
      expect(await goneByTerraform()).toEqual(expected);
      await prod.run('apply', '-auto-approve', '-input=false');
      await sweep();
      expect(await open()).toEqual([]);
      expect(existsSync(file('twin-a.txt'))).toBe(true);
    });

    it('where nothing says in which directory Terraform runs, a file that is not found proves nothing', async () => {
      await sweep('staging');
      expect(await open()).toEqual([]);
      const coverage = (await system.client.coverage.list({ limit: 500 })).items;
      expect(JSON.stringify(coverage)).toContain('it does not run where Terraform does');
    });

    it('nor does it where that directory was made anew under the running provider', async () => {
      const prodAt = join(folder.path, 'prod');
      renameSync(prodAt, `${prodAt}-away`);
      mkdirSync(prodAt);
      await sweep();
      expect(await open()).toEqual([]);
      rmdirSync(prodAt);
      renameSync(`${prodAt}-away`, prodAt);
      await sweep();
      expect(await open()).toEqual([]);
    });

    it('what a file hides is found nowhere', async () => {
      const forms = formsOf(SECRET);
      const leaks = new Set<string>();
      let pieces = 0;
      for await (const { kind, where, bytes } of everywhere(system, system.key)) {
        pieces++;
        if (formsIn(bytes, forms).length > 0) leaks.add(`${kind} ${where}`);
      }
      expect(pieces).toBeGreaterThan(100);
      expect([...leaks]).toEqual([]);
    });
  },
);
