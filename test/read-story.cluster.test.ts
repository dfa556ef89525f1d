// The whole of it, with real terraform, the real http backend and real plugin processes; only the cloud is pretend: what is
// edited behind Terraform's back is read anew and confirmed, attribute and actor, within two seconds; taken back, it is resolved.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import type { CloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import type { Shown } from '../producers/terraform/pretend/cloud/cloud.ts';
import { ACCOUNT, type KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import type { RunningCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { systemClock } from '../runtime/clock.ts';
import type { JsonObject } from '../schemas/index.ts';
import {
  awsReader,
  cloudTrailIn,
  ESTATE,
  type PretendSystem,
  startPretendSystem,
} from './testing/pretend-system.ts';
import { type Started, until } from './testing/running.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const binary = findTerraform();
const GRACE_MS = 300;
const WITHIN_MS = 2_000;

/** One edit of a person: type, the address that is edited, what is set, what is expected to differ, and what was there. */
const EDITS: [type: string, address: string, attributes: JsonObject, path: string][] = [
  ['aws_vpc', 'aws_vpc.main', { enable_dns_hostnames: false }, 'enable_dns_hostnames'],
  ['aws_security_group', 'aws_security_group.web', { ingress: [] }, 'ingress'],
  ['aws_dynamodb_table', 'aws_dynamodb_table.ledger', { ttl: [] }, 'ttl'],
  ['aws_db_instance', 'aws_db_instance.orders', { deletion_protection: false }, 'deletion_protection'],
  ['aws_sqs_queue', 'aws_sqs_queue.jobs', { visibility_timeout_seconds: 1 }, 'visibility_timeout_seconds'],
  ['aws_sns_topic', 'aws_sns_topic.news', { display_name: 'Old news' }, 'display_name'],
  [
    'aws_cloudwatch_log_group',
    'aws_cloudwatch_log_group.checkout',
    { retention_in_days: 1 },
    'retention_in_days',
  ],
  ['aws_lambda_function', 'aws_lambda_function.checkout', { memory_size: 4096 }, 'memory_size'],
];

describe.runIf(binary !== null)(
  `reading what a pretend cloud holds, under ${binary}`,
  { timeout: 300_000 },
  () => {
    let world: PretendSystem;
    let cloud: RunningCloud;
    let system: Started;
    let terraform: Terraform;
    const as = (who: keyof typeof KEYS): CloudClient => world.as(who);

    const drifts = async (): Promise<DriftJson[]> =>
      (await world.drifts()).filter(({ objectKey }) => !objectKey.includes('/mark-'));
    const told = (drift: DriftJson): string =>
      [
        `${drift.kind} ${drift.confidence} ${drift.status} ${drift.address}`,
        drift.actors.map(({ name, via }) => `${name} via ${via}`).join(),
        drift.differences.map(({ path }) => path).join(),
      ].join(' | ');
    const at = (address: string) => async (): Promise<DriftJson | undefined> =>
      (await drifts()).find((drift) => drift.address === address);

    async function settled(): Promise<void> {
      const { next } = await as('bob').calls();
      await as('bob').create('aws_sns_topic', { name: `mark-${next}` });
      await cloud.flush();
      await until(
        'the feed to be read',
        async () =>
          (await system.client.changes.list({ limit: 500 })).items.some((change) =>
            JSON.stringify(change).includes(`mark-${next}`),
          ),
        30_000,
      );
      await system.settled();
      await systemClock.sleep(3 * GRACE_MS);
      await system.settled();
    }

    beforeAll(async () => {
      world = await startPretendSystem(binary!, ESTATE, (places) => ({
        ...cloudTrailIn(places),
        'detector.graceMs': GRACE_MS,
        'terraform.readsPerSecond': 500,
        'terraform.readers': [awsReader(places)],
      }));
      ({ cloud, system, terraform } = world);
    }, 240_000);
    afterAll(() => world?.stop());

    it('a clean apply opens no drift of any confidence', async () => {
      await terraform.run('apply', '-auto-approve', '-input=false');
      await settled();
      expect((await drifts()).map(told)).toEqual([]);
    });

    it('each edit behind its back is one confirmed drift within two seconds: on that attribute, of the one who made it', async () => {
      const there = await as('bob').list();
      const before = new Map<string, JsonObject>();
      const delays: number[] = [];
      for (const [type, address, attributes] of EDITS) {
        const shown = there.find((each) => isAt(each, address))!;
        before.set(address, shown.attributes);
        await as('alice').update(type, shown.id, attributes);
        await cloud.flush();
        const fed = performance.now();
        await until(
          `a confirmed drift of ${address}`,
          async () => (await at(address)())?.confidence === 'confirmed',
          30_000,
        );
        delays.push(performance.now() - fed);
      }
      await settled();
      expect((await drifts()).map(told).sort()).toEqual(
        EDITS.map(
          ([, address, , path]) => `modified confirmed open ${address} | alice via console | ${path}`,
        ).sort(),
      );
      const [first, ...warm] = delays;
      process.stdout.write(
        `confirmed in the API after the feed had it: first ${Math.round(first!)} ms (the provider is started), then ${warm.map(Math.round).join(', ')} ms\n`,
      );
      for (const delay of warm) expect(delay).toBeLessThan(WITHIN_MS);

      for (const [type, address] of EDITS) {
        const { id } = there.find((each) => isAt(each, address))!;
        await as('alice').update(type, id, before.get(address)!);
      }
      await cloud.flush();
      for (const [, address] of EDITS)
        await until(
          `${address} to be resolved`,
          async () => (await at(address)())?.status === 'resolved',
          30_000,
        );
      await settled();
      expect(
        (await drifts()).map(({ status, resolution, address }) => [status, resolution, address]).sort(),
      ).toEqual(EDITS.map(([, address]) => ['resolved', 'reverted', address]).sort());
    });

    it('a change that leaves everything as it was is suspected, read, and dismissed', async () => {
      const { id, attributes } = (await as('bob').list()).find(({ type }) => type === 'aws_subnet')!;
      const known = (await drifts()).length;
      await as('script').update('aws_subnet', id, { tags: { team: 'mine' } });
      await as('script').update('aws_subnet', id, { tags: attributes.tags! });
      await settled();
      const [dismissed, ...others] = (await drifts()).filter(({ type }) => type === 'aws_subnet');
      expect([dismissed?.confidence, dismissed?.status, dismissed?.resolution]).toEqual([
        'suspected',
        'resolved',
        'dismissed',
      ]);
      expect(others).toEqual([]);
      expect((await drifts()).length).toBe(known + 1);
    });

    it('a deletion is confirmed as missing, by a read of a verified caller', async () => {
      const began = performance.now();
      await as('script').delete('aws_sns_topic', `arn:aws:sns:eu-central-1:${ACCOUNT}:news`);
      await cloud.flush();
      await until(
        'the topic to be missing',
        async () =>
          (await drifts()).some(
            ({ kind, confidence, status }) =>
              kind === 'missing' && confidence === 'confirmed' && status === 'open',
          ),
        30_000,
      );
      process.stdout.write(`a deletion was confirmed after ${Math.round(performance.now() - began)} ms\n`);
      const [missing] = (await drifts()).filter(({ kind }) => kind === 'missing');
      expect(told(missing!)).toBe('missing confirmed open aws_sns_topic.news | cron-host-3 via sdk | ');
    });
  },
);

/** There are several security groups in the estate; of the other types that are edited, one each. */
const isAt = ({ type, attributes }: Shown, address: string): boolean =>
  address.startsWith(`${type}.`) &&
  (type !== 'aws_security_group' || address.endsWith(`.${String(attributes.name)}`));
