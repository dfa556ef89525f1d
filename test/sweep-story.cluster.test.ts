// A sweep of the whole system, with real terraform, the real http backend and real plugin processes, and no feed at all:
// what was edited behind Terraform's back is found by reading everything anew, and nothing else is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const ESTATE = readFileSync(
  new URL('../producers/terraform/pretend/fixtures/estate.tf', import.meta.url),
  'utf8',
);
const GRACE_MS = 300;

describe.runIf(binary !== null)(`sweeping a pretend cloud, under ${binary}`, { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let system: Started;
  let terraform: Terraform;
  const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

  const drifts = async (): Promise<DriftJson[]> =>
    (
      await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
        ignored: true,
        limit: 500,
      })
    ).items;
  const told = ({ kind, confidence, status, address, differences }: DriftJson): string =>
    `${kind} ${confidence} ${status} ${address} | ${differences.map(({ path }) => path).join()}`;

  /** Asks for a sweep and waits until everything it found was decided on. */
  async function sweep(): Promise<{ listed: number | null; published: number | null }> {
    const since = new Date().toISOString();
    const request = await system.client.snapshots.request({ provider: 'terraform', scope: 'prod' });
    expect(request.status).not.toBe('refused');
    const done = await until(
      'the sweep to complete',
      async () =>
        (await system.client.snapshots.list({ provider: 'terraform' })).items.find(
          ({ scope, status, startedAt }) =>
            scope === 'terraform/prod' && status === 'completed' && startedAt !== null && startedAt >= since,
        ),
      60_000,
    );
    await system.settled();
    await systemClock.sleep(3 * GRACE_MS);
    await system.settled();
    return done;
  }

  beforeAll(async () => {
    folder = temporaryFolder();
    cloud = await startCloud({ directory: folder.path });
    const cliConfig = writeMirror(join(folder.path, 'mirror'));
    const environment = {
      PRETEND_CLOUD_KEY: KEYS.reader,
      PRETEND_CLOUD_URL: cloud.url,
      TF_CLI_CONFIG_FILE: cliConfig,
    };
    system = await startWhole(() => ({
      'detector.graceMs': GRACE_MS,
      'terraform.readsPerSecond': 500,
      'terraform.sweep.everyMs': 0,
      'terraform.sweep.percent': 50,
      'terraform.readers': [
        {
          provider: 'aws',
          account: ACCOUNT,
          region: 'eu-central-1',
          environment,
          configuration: { region: 'eu-central-1' },
          directory: join(folder.path, 'prod'),
        },
      ],
    }));
    terraform = terraformIn(join(folder.path, 'prod'), {
      binary: binary!,
      address: `${system.url}/tfstate/prod`,
      key: system.key,
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
    });
    terraform.configure(ESTATE);
    await terraform.run('init', '-input=false');
    await terraform.run('apply', '-auto-approve', '-input=false');
  }, 240_000);
  afterAll(async () => {
    terraform?.kill();
    await system?.stop();
    await cloud?.close();
    folder?.remove();
  });

  it('after a clean apply reads everything, and finds no drift of any confidence', async () => {
    const first = await sweep();
    expect((await drifts()).map(told)).toEqual([]);
    const declared = (await system.client.resources.list({ limit: 500 })).items.filter(
      ({ provider }) => provider === 'aws',
    );
    expect(first).toMatchObject({ listed: declared.length, published: declared.length });
    const coverage = (await system.client.coverage.list({ limit: 500 })).items;
    expect(coverage.filter(({ type }) => type === '')).toEqual([]);
    expect(
      coverage.filter(({ provider, observed, declared: of }) => provider === 'aws' && observed < of),
    ).toEqual([]);
    expect(await sweep()).toMatchObject({ listed: declared.length, published: 0 });
    const lines = system.logged.filter((line) => line.includes('a sweep begins'));
    expect(lines[0]).toContain(`aws/${ACCOUNT}: ${declared.length} reads`);
  });

  it('finds what was edited, no more, and that it was taken back', async () => {
    const there = await as('bob').list();
    const vpc = there.find(({ type }) => type === 'aws_vpc')!;
    const queue = there.find(({ type }) => type === 'aws_sqs_queue')!;
    await as('alice').update('aws_vpc', vpc.id, { enable_dns_hostnames: false });
    await as('alice').update('aws_sqs_queue', queue.id, { visibility_timeout_seconds: 1 });
    expect(await sweep()).toMatchObject({ published: 2 });
    expect((await drifts()).map(told).sort()).toEqual([
      'modified confirmed open aws_sqs_queue.jobs | visibility_timeout_seconds',
      'modified confirmed open aws_vpc.main | enable_dns_hostnames',
    ]);
    expect(await sweep()).toMatchObject({ published: 0 });
    await as('alice').update('aws_vpc', vpc.id, { enable_dns_hostnames: true });
    await as('alice').update('aws_sqs_queue', queue.id, {
      visibility_timeout_seconds: queue.attributes.visibility_timeout_seconds!,
    });
    expect(await sweep()).toMatchObject({ published: 2 });
    expect((await drifts()).map(({ status, resolution }) => [status, resolution])).toEqual([
      ['resolved', 'reverted'],
      ['resolved', 'reverted'],
    ]);
  });

  it('finds what is gone', async () => {
    await as('script').delete('aws_sns_topic', `arn:aws:sns:eu-central-1:${ACCOUNT}:news`);
    await sweep();
    const open = (await drifts()).filter(({ status }) => status !== 'resolved');
    expect(open.map(told)).toEqual(['missing confirmed open aws_sns_topic.news | ']);
  });
});
