// The demo's story with real terraform: what it promises of every step is seen in the API.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { REAL_STORY, type RealWorld } from '../compose/demo/real-story.ts';
import { type PretendWorld, pretendWorld } from '../compose/demo/real-world.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform } from './testing/terraform.ts';

const binary = findTerraform();
const GRACE_MS = 300;

const ALICE = 'alice via console';
const GROUP = `modified confirmed open aws_security_group.web ingress | ${ALICE}`;
const POLICY = 'missing confirmed open aws_s3_bucket_policy.this["acme-invoices"]  | cron-host-3 via sdk';
/** The call names the bucket too: it is read, and is as it was. */
const BUCKET =
  'modified suspected resolved aws_s3_bucket.this["acme-invoices"]  | cron-host-3 via sdk dismissed';
const ACCOUNT = `modified confirmed open azurerm_storage_account.shop min_tls_version | ${ALICE}`;
const BALANCER =
  'modified confirmed open digitalocean_loadbalancer.edge redirect_http_to_https | bob via unknown';
const FIREWALL = 'modified confirmed open google_compute_firewall.web disabled | bob via unknown';
const QUEUE = 'modified suspected resolved aws_sqs_queue.orders  | bob via cli dismissed';

/** What must be there after each step, and of it what a reader is shown as open and confirmed. */
const THEN: string[][] = [
  [],
  [],
  [GROUP],
  [GROUP, POLICY, BUCKET],
  [GROUP, POLICY, BUCKET, QUEUE],
  [GROUP, POLICY, BUCKET, QUEUE, ACCOUNT],
  [GROUP, POLICY, BUCKET, QUEUE, ACCOUNT, BALANCER, FIREWALL],
  [GROUP, POLICY, BUCKET, QUEUE, ACCOUNT, `${BALANCER} absorbed`, `${FIREWALL} absorbed`],
  [
    `${GROUP.replace(' open ', ' resolved ')} reverted`,
    POLICY,
    BUCKET,
    QUEUE,
    ACCOUNT,
    `${BALANCER} absorbed`,
    `${FIREWALL} absorbed`,
  ],
];

describe.runIf(binary !== null)(`the demo’s story, told with ${binary}`, { timeout: 240_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let pretend: PretendWorld;
  let system: Started;
  let world: RealWorld;
  const stop = new AbortController();

  const told = async (): Promise<string[]> =>
    (
      await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
        ignored: true,
        limit: 500,
      })
    ).items
      .map(
        ({ kind, confidence, status, address, differences, actors, absorbed, resolution }: DriftJson) =>
          `${kind} ${confidence} ${status} ${address} ${differences.map(({ path }) => path).join()} | ${actors
            .map(({ name, via }) => `${name} via ${via}`)
            .join()}${absorbed ? ' absorbed' : ''}${resolution ? ` ${resolution}` : ''}`,
      )
      .sort();

  beforeAll(async () => {
    folder = temporaryFolder();
    pretend = await pretendWorld(folder.path);
    system = await startWhole(() => ({
      ...pretend.settings,
      'aws.pollMs': 100,
      'reported.pollMs': 100,
      'detector.graceMs': GRACE_MS,
    }));
    const { url, key } = system;
    world = pretend.world({
      url,
      key,
      program: binary!,
      path: process.env.PATH ?? '',
      signal: stop.signal,
    });
  });
  afterAll(async () => {
    stop.abort();
    await system?.stop();
    await pretend?.close();
    folder?.remove();
  });

  it('names every step', () => {
    expect(THEN).toHaveLength(REAL_STORY.length);
  });

  it.each(REAL_STORY.map((step, index) => [step.title, step, index] as const))(
    '%s',
    async (_, step, index) => {
      await step.act(world);
      const expected = [...THEN[index]!].sort();
      await until(
        `what "${step.look}" says`,
        async () => JSON.stringify(await told()) === JSON.stringify(expected),
        30_000,
      ).catch(async () => expect(await told()).toEqual(expected));
      // And nothing more comes.
      await system.settled();
      await systemClock.sleep(3 * GRACE_MS);
      await system.settled();
      expect(await told()).toEqual(expected);
    },
  );

  it('terraform wrote the states: nothing of the estate lies elsewhere', async () => {
    const { items } = await system.client.workspaces.list();
    expect(items.map(({ name }) => name).sort()).toEqual(['data-prod', 'edge', 'network-prod', 'shop-prod']);
    expect(items.reduce((sum, { instances }) => sum + (instances ?? 0), 0)).toBe(43);
  });
});
