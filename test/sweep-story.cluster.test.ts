// A sweep of the whole system, with real terraform, the real http backend and real plugin processes, and no feed at all:
// what was edited behind Terraform's back is found by reading everything anew, and nothing else is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import type { CloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, type KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { systemClock } from '../runtime/clock.ts';
import { awsReader, ESTATE, type PretendSystem, startPretendSystem } from './testing/pretend-system.ts';
import { type Started, until } from './testing/running.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const binary = findTerraform();
const GRACE_MS = 300;

describe.runIf(binary !== null)(`sweeping a pretend cloud, under ${binary}`, { timeout: 300_000 }, () => {
  let world: PretendSystem;
  let system: Started;
  let terraform: Terraform;
  const as = (who: keyof typeof KEYS): CloudClient => world.as(who);

  const drifts = (): Promise<DriftJson[]> => world.drifts();
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
    world = await startPretendSystem(binary!, ESTATE, (places) => ({
      'detector.graceMs': GRACE_MS,
      'terraform.readsPerSecond': 500,
      'terraform.sweep.everyMs': 0,
      'terraform.sweep.percent': 50,
      'terraform.readers': [awsReader(places)],
    }));
    ({ system, terraform } = world);
    await terraform.run('apply', '-auto-approve', '-input=false');
  }, 240_000);
  afterAll(() => world?.stop());

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
