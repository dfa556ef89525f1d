// Reading in the cluster: real Terraform and real providers, two processes of each role that reads and decides, the states
// in S3. A clean apply shows nothing; each edit behind Terraform's back is one confirmed drift within seconds; what the
// cluster knows in the end is what an embedded system knows that was told the same.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../../api/types.ts';
import type { Shown } from '../../producers/terraform/pretend/cloud/cloud.ts';
import { ACCOUNT } from '../../producers/terraform/pretend/cloud/principals.ts';
import type { JsonObject } from '../../schemas/index.ts';
import { findTerraform } from '../testing/terraform.ts';
import { outcomeOf, TIMES, TIMES_IN_IDS } from './outcome.ts';
import { patiently } from './patience.ts';
import { drifts, type ReadingWorld, startReadingWorld, WORKSPACE } from './reading-world.ts';
import { serversOfEnvironment } from './servers.ts';

const addresses = serversOfEnvironment();
const binary = findTerraform();
const ESTATE = readFileSync(
  new URL('../../producers/terraform/pretend/fixtures/estate.tf', import.meta.url),
  'utf8',
);
/** Alone on the machine it is about one; five processes, their servers and a second system share two cores here. */
const WITHIN_MS = 10_000;

/** Ids of wishes to read hash when they were made. */
const WISHES: readonly string[] = ['correlationId'];

/** One edit of a person: type, the address that is edited, what is set, what is expected to differ. */
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

describe.runIf(addresses !== null && binary !== null)(
  `reading in the cluster, under ${binary}`,
  { timeout: 600_000 },
  () => {
    let world: ReadingWorld;
    const told = (drift: DriftJson): string =>
      [
        `${drift.kind} ${drift.confidence} ${drift.status} ${drift.address}`,
        drift.actors.map(({ name, via }) => `${name} via ${via}`).join(),
        drift.differences.map(({ path }) => path).join(),
      ].join(' | ');
    const everywhere = async <T>(ask: (found: DriftJson[]) => T): Promise<T[]> =>
      Promise.all(world.told.map(async ({ client }) => ask(await drifts(client))));
    const bothAre = <T>(value: T): T[] => [value, value];
    const standing = (address: string) => async (): Promise<(DriftJson | undefined)[]> =>
      everywhere((found) => found.find((drift) => drift.address === address));

    beforeAll(async () => {
      world = await startReadingWorld({
        addresses: addresses!,
        processes: [['producers'], ['producers'], ['processors'], ['processors'], ['projections', 'api']],
        embedded: true,
        binary,
      });
      world.terraform!.configure(ESTATE);
      await world.terraform!.run('init', '-input=false');
    }, 600_000);
    afterEach(({ task }) => {
      if (task.result?.state === 'fail') world?.cluster.tell();
    });
    afterAll(() => world?.stop(), 120_000);

    it('a clean apply, and a sweep of all of it, open no drift of any confidence', async () => {
      await world.terraform!.run('apply', '-auto-approve', '-input=false');
      await world.settled();
      expect(await everywhere((found) => found.map(told))).toEqual(bothAre([]));
      const [cluster, embedded] = await world.sweep();
      await world.settled();
      expect(await everywhere((found) => found.map(told))).toEqual(bothAre([]));
      expect(cluster!.listed).toBeGreaterThan(20);
      expect(cluster!.listed).toBe(embedded!.listed);
    });

    it('each edit is one confirmed drift within seconds, on that attribute, of the one who made it, and is resolved when taken back', async () => {
      const there = await world.as('bob').list();
      const before = new Map<string, JsonObject>();
      const delays: number[] = [];
      for (const [type, address, attributes] of EDITS) {
        const shown = there.find((each) => isAt(each, address))!;
        before.set(address, shown.attributes);
        await world.as('alice').update(type, shown.id, attributes);
        await world.cloud.flush();
        const fed = performance.now();
        await patiently(`a confirmed drift of ${address}`, 60_000, async () => {
          const [cluster] = await standing(address)();
          return cluster?.confidence === 'confirmed';
        });
        delays.push(performance.now() - fed);
        await patiently(`the same of the embedded one`, 60_000, async () => {
          const [, embedded] = await standing(address)();
          return embedded?.confidence === 'confirmed';
        });
      }
      await world.settled();
      const expected = EDITS.map(
        ([, address, , path]) => `modified confirmed open ${address} | alice via console | ${path}`,
      ).sort();
      expect(await everywhere((found) => found.map(told).sort())).toEqual(bothAre(expected));
      const [first, ...warm] = delays;
      process.stderr.write(
        `confirmed in the cluster's API after the feed had it: first ${Math.round(first!)} ms, then ${warm.map(Math.round).join(', ')} ms\n`,
      );
      for (const delay of warm) expect(delay).toBeLessThan(WITHIN_MS);

      for (const [type, address] of EDITS) {
        const { id } = there.find((each) => isAt(each, address))!;
        await world.as('alice').update(type, id, before.get(address)!);
      }
      await world.settled();
      expect(
        await everywhere((found) =>
          found.map(({ status, resolution, address }) => [status, resolution, address]).sort(),
        ),
      ).toEqual(bothAre(EDITS.map(([, address]) => ['resolved', 'reverted', address]).sort()));
    });

    it('a deletion is missing, by a read of a verified caller, until Terraform has made it again', async () => {
      const began = performance.now();
      await world.as('script').delete('aws_sns_topic', `arn:aws:sns:eu-central-1:${ACCOUNT}:news`);
      await world.cloud.flush();
      const missing = (found: DriftJson[]): string[] =>
        found.filter(({ kind, status }) => kind === 'missing' && status === 'open').map(told);
      await patiently(
        'the topic to be missing',
        60_000,
        async () => (await everywhere(missing))[0]!.length > 0,
      );
      process.stderr.write(
        `a deletion was confirmed in the cluster after ${Math.round(performance.now() - began)} ms\n`,
      );
      await world.settled();
      expect(await everywhere(missing)).toEqual(
        bothAre(['missing confirmed open aws_sns_topic.news | cron-host-3 via sdk | ']),
      );
      await world.terraform!.run('apply', '-auto-approve', '-input=false');
      await world.settled();
      expect(await everywhere((found) => found.filter(({ status }) => status === 'open').map(told))).toEqual(
        bothAre([]),
      );
    });

    it('what is told of the configuration at the API is known to the detectors, which are other processes', async () => {
      const ignored = 'aws_sqs_queue.jobs';
      for (const { client } of world.told)
        await client.workspaces.publishConfiguration(WORKSPACE, {
          revision: 'v1',
          blocks: [
            {
              address: ignored,
              sets: ['name', 'visibility_timeout_seconds'],
              ignores: ['visibility_timeout_seconds'],
              complete: true,
              provider: 'aws',
            },
          ],
          providers: [],
          moves: [],
          problems: [],
        });
      await world.settled();
      const queue = (await world.as('bob').list()).find((each) => isAt(each, ignored))!;
      await world.as('alice').update('aws_sqs_queue', queue.id, { visibility_timeout_seconds: 7 });
      await world.settled();
      const open = await everywhere((found) =>
        found
          .filter(({ address, status }) => address === ignored && status === 'open')
          .map(({ ignoredBy, differences }) => [ignoredBy, differences.map(({ path }) => path)]),
      );
      expect(open).toEqual(bothAre([['ignore_changes', ['visibility_timeout_seconds']]]));
    });

    it('the cluster knows in the end what the embedded one knows, each read once', async () => {
      const [cluster, embedded] = await Promise.all(
        world.told.map(({ client }) => outcomeOf(client, [...TIMES, ...TIMES_IN_IDS, ...WISHES])),
      );
      expect(embedded!.drifts.length).toBeGreaterThan(EDITS.length);
      for (const part of ['drifts', 'timelines', 'resources', 'coverage', 'changes', 'workspaces'] as const)
        expect(cluster![part], part).toEqual(embedded![part]);
      for (const { events, name } of world.told) {
        const settled = (await events('driftmgr.requests')).flatMap((event) =>
          event.type === 'request.settled' ? [event.body.requestId] : [],
        );
        expect(new Set(settled).size, name).toBe(settled.length);
      }
    });
  },
);

/** There are several security groups in the estate; of the other types that are edited, one each. */
const isAt = ({ type, attributes }: Shown, address: string): boolean =>
  address.startsWith(`${type}.`) &&
  (type !== 'aws_security_group' || address.endsWith(`.${String(attributes.name)}`));
