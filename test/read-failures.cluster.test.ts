// What cannot be read is unknown with the reason, and never missing: one workspace for each way in which reading fails, in all of
// which the same happens, a deletion behind Terraform's back. Real provider processes; the cloud is pretend.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { TARGET } from '../producers/terraform/plugin/find/find.ts';
import { type PretendOptions, pretend } from '../producers/terraform/plugin/testing/pretend-options.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { stateOf } from './testing/states.ts';

/** Each workspace: how it is read, and what becomes of the deletion in it. */
interface Way {
  workspace: string;
  who?: keyof typeof KEYS;
  row?: JsonObject;
  configuration?: JsonObject;
  /** A provider that misbehaves stands in its mirror instead. */
  plugin?: Partial<PretendOptions>;
  schemaVersion?: number;
  /** In the drift's note; null: it is found missing. */
  reason: RegExp | null;
}
const WAYS: readonly Way[] = [
  { workspace: 'right', reason: null },
  { workspace: 'wrong-account', who: 'elsewhere', reason: /are for the account 210987654321/ },
  { workspace: 'wrong-region', row: { region: 'eu-west-1' }, reason: /no reader is configured/ },
  {
    workspace: 'other-region',
    configuration: { region: 'eu-west-1' },
    reason: /reads in eu-west-1, the resource is in eu-central-1/,
  },
  { workspace: 'expired', who: 'expired', reason: /check the credentials/ },
  {
    workspace: 'unset',
    row: { environment: { PRETEND_CLOUD_KEY: '$NOT_SET_HERE' } },
    reason: /NOT_SET_HERE/,
  },
  {
    workspace: 'not-there',
    row: { directory: '/nowhere' },
    plugin: undefined,
    reason: /not on this machine/,
  },
  {
    workspace: 'garbage',
    plugin: { mode: 'garbage' },
    reason: /no handshake|not a Terraform provider|handshake/,
  },
  { workspace: 'protocol', plugin: { mode: 'old-protocol' }, reason: /protocol/ },
  { workspace: 'silent', plugin: { mode: 'silent' }, reason: /no handshake within/ },
  { workspace: 'no-such-type', plugin: { mode: 'serve' }, reason: /has no resource type aws_sqs_queue/ },
  { workspace: 'older', schemaVersion: 7, reason: /schema version 7/ },
];

describe('what cannot be read', { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let system: Started;
  const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });
  const drifts = async (): Promise<DriftJson[]> => (await system.client.drifts.list({ limit: 500 })).items;
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

  /** A mirror in which the aws provider is one that misbehaves; it is only this workspace's. */
  function mirrorOf(name: string, options: Partial<PretendOptions>): string {
    const at = join(folder.path, `mirror-${name}`);
    const program = join(
      at,
      `registry.terraform.io/hashicorp/aws/5.100.0/${TARGET}/terraform-provider-aws_v5.100.0`,
    );
    mkdirSync(dirname(program), { recursive: true });
    const run = pretend(options);
    writeFileSync(program, `#!/bin/sh\nexec ${[run.program, ...run.args].map(quoted).join(' ')}\n`);
    chmodSync(program, 0o755);
    return rcOf(at);
  }
  function rcOf(mirror: string): string {
    const rc = `${mirror}.tfrc`;
    writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    return rc;
  }

  beforeAll(async () => {
    folder = temporaryFolder();
    for (const name of ['trail', 'states', 'empty']) mkdirSync(join(folder.path, name));
    cloud = await startCloud({ directory: folder.path, trail: join(folder.path, 'trail') });
    const right = writeMirror(join(folder.path, 'mirror'));
    system = await startWhole(() => ({
      'aws.cloudtrail': [join(folder.path, 'trail')],
      'aws.pollMs': 100,
      'terraform.states': [join(folder.path, 'states')],
      'terraform.pollMs': 100,
      'detector.graceMs': 300,
      'terraform.readers': WAYS.map(
        ({ workspace, who = 'reader', row = {}, configuration = {}, plugin }) => ({
          workspace,
          provider: 'aws',
          account: ACCOUNT,
          ...row,
          environment: {
            PRETEND_CLOUD_KEY: KEYS[who],
            ...(row.environment as JsonObject),
            TF_CLI_CONFIG_FILE:
              workspace === 'not-there'
                ? rcOf(join(folder.path, 'empty'))
                : plugin
                  ? mirrorOf(workspace, plugin)
                  : right,
          },
          configuration: plugin
            ? { token: 'a-token-of-the-plugin' }
            : { endpoint: cloud.url, region: 'eu-central-1', ...configuration },
        }),
      ),
    }));
    for (const { workspace, schemaVersion = 0 } of WAYS) {
      const { attributes } = await as('terraform').create('aws_sqs_queue', { name: workspace });
      const state = stateOf([{ type: 'aws_sqs_queue', attributes }]);
      const [resource] = state.resources as { instances: JsonObject[] }[];
      resource!.instances[0]!.schema_version = schemaVersion;
      writeFileSync(join(folder.path, 'states', `${workspace}.tfstate`), JSON.stringify(state));
    }
    await until(
      'all states to be read',
      async () => (await system.client.workspaces.list({ limit: 100 })).items.length === WAYS.length,
      60_000,
    );
    await system.settled();
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await cloud?.close();
    folder?.remove();
  });

  it('is unverified with the reason, whatever the reason is; only what a verified reader did not find is missing', async () => {
    for (const { id } of await as('bob').list('aws_sqs_queue')) await as('alice').delete('aws_sqs_queue', id);
    await cloud.flush();
    await until(
      'every deletion to be judged',
      async () =>
        (await drifts()).filter(({ confidence }) => confidence !== 'suspected').length === WAYS.length,
      120_000,
    );
    const found = new Map((await drifts()).map((drift) => [drift.workspace, drift]));
    const judged = WAYS.map(({ workspace, reason }) => {
      const { kind, confidence, actors } = found.get(workspace)!;
      expect(actors.map(({ name }) => name)).toEqual(['alice']);
      const note = JSON.stringify(found.get(workspace));
      if (reason) expect(note, workspace).toMatch(reason);
      return `${workspace}: ${kind} ${confidence}`;
    });
    expect(judged).toEqual(
      WAYS.map(({ workspace, reason }) => `${workspace}: missing ${reason ? 'unverified' : 'confirmed'}`),
    );
    process.stdout.write(
      `${WAYS.length} deletions: ${judged.filter((one) => one.endsWith('confirmed')).length} missing, ${judged.filter((one) => one.endsWith('unverified')).length} unverified with their reasons\n`,
    );
    expect((await drifts()).length).toBe(WAYS.length);
  });

  it('counts by code in the metrics', async () => {
    const metrics = await (
      await fetch(`${system.url}/metrics`, { headers: { authorization: `Bearer ${system.key}` } })
    ).text();
    for (const code of [
      'gone',
      'wrong-account',
      'wrong-region',
      'denied',
      'not-configurable',
      'not-found-provider',
      'not-a-plugin',
      'protocol',
      'hung',
      'unsupported',
      'too-old',
    ])
      expect(metrics).toMatch(
        new RegExp(`driftmgr_reads_total\\{outcome="${code}",priority="change"\\} [1-9]`),
      );
    expect(metrics).toMatch(/driftmgr_provider_processes \d/);
  });
});
