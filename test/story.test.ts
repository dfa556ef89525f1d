// The demo's story on the running system: what it promises of every step is seen in the live stream and in the API.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson, LiveEvent } from '../api/types.ts';
import { play } from '../compose/demo/play.ts';
import { estateSettings } from '../compose/demo/settings.ts';
import { STORY } from '../compose/demo/story.ts';
import { type StandIn, sampleEstate, startStandIn } from '../producers/digitalocean/stand-in.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Started, startWhole, until } from './testing/running.ts';

const GRACE_MS = 300;

/** What the live stream must tell of each step: `type kind confidence address`, in any order. */
const TOLD: string[][] = [
  [],
  ['drift.opened modified suspected aws_security_group.web'],
  [
    'drift.opened modified suspected aws_s3_bucket.this["acme-invoices"]',
    'drift.opened missing suspected aws_s3_bucket_policy.this["acme-invoices"]',
  ],
  [
    'drift.opened modified suspected aws_autoscaling_group.web',
    'drift.opened modified suspected aws_lambda_function.checkout[7]',
  ],
  ['drift.opened modified confirmed digitalocean_firewall.this[0]'],
  ['drift.opened modified confirmed digitalocean_loadbalancer.this[0]'],
  ['drift.changed modified confirmed digitalocean_loadbalancer.this[0]'],
  ['drift.resolved modified confirmed digitalocean_firewall.this[0]'],
];

describe('the demo’s story', () => {
  let cloud: StandIn;
  let system: Started;
  const stop = new AbortController();
  /** What was told, and when each step was heard of after it was done, milliseconds. */
  const heard: string[][] = STORY.map(() => []);
  const delays: number[] = [];
  const after: DriftJson[][] = [];

  const everything = async (): Promise<DriftJson[]> =>
    (
      await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
        ignored: true,
        limit: 500,
      })
    ).items;

  beforeAll(async () => {
    cloud = await startStandIn(sampleEstate());
    cloud.limit = 5_000_000;
    system = await startWhole((directory) => {
      mkdirSync(join(directory, 'trail'));
      return {
        ...estateSettings(join(directory, 'trail'), cloud),
        'detector.graceMs': GRACE_MS,
      };
    });

    let step = -1;
    let acted = 0;
    const opened = Promise.withResolvers<void>();
    void listen(system, stop.signal, opened.resolve, ({ data }) => {
      heard[step]?.push(`${data.type} ${data.drift.kind} ${data.drift.confidence} ${data.drift.address}`);
      delays[step] = performance.now() - acted;
    });
    await opened.promise;

    const look = async (): Promise<void> => {
      const { status, reason } = await system.client.snapshots.request({ provider: 'digitalocean' });
      if (status !== 'done') throw new Error(`the listing is ${status}: ${reason}`);
    };
    /** Everything there is to see of a step has been seen: what it should tell, and whatever else comes of it. */
    const seen = async (): Promise<void> => {
      acted = performance.now();
      await look();
      await until(
        `the stream to tell of step ${step}`,
        async () => heard[step]!.length >= TOLD[step]!.length,
      );
      // What would have to wait has waited.
      if (step === 0) await systemClock.sleep(2 * GRACE_MS);
      await system.settled();
      after[step] = await everything();
    };
    // The story waits for what is seen of a step, not for the time it takes to look at it.
    const clock = { ...systemClock, sleep: async () => (step < 0 ? undefined : seen()) };
    await play(STORY, {
      url: system.url,
      key: system.key,
      cloud,
      trail: join(system.directory, 'trail'),
      clock,
      pace: 8,
      signal: stop.signal,
      onStep: (_, index) => {
        step = index;
      },
    });
    await seen();
    // Once more, when nothing is left to wait for: nothing that stands was a passing sight.
    await systemClock.sleep(2 * GRACE_MS);
    await look();
    await system.settled();
  });
  afterAll(async () => {
    stop.abort();
    await system?.stop();
    await cloud?.close();
  });

  it('begins with a clean apply of 500 resources in five workspaces: no drift of any confidence', async () => {
    const workspaces = (await system.client.workspaces.list()).items;
    expect(workspaces).toHaveLength(5);
    expect(workspaces.reduce((sum, each) => sum + each.instances, 0)).toBe(500);
    expect(after[0]).toEqual([]);
  });

  it.each(STORY.map((step, index) => [index, step.title] as const))('step %i is told live: %s', (index) => {
    expect(heard[index]!.sort()).toEqual(TOLD[index]!.toSorted());
  });

  it('ends with exactly the drifts it tells of', async () => {
    const drifts = await everything();
    process.stdout.write(
      `story: ${drifts.length} drifts, ${heard.flat().length} live events; heard after ${delays
        .filter((ms) => ms > 0)
        .map((ms) => Math.round(ms))
        .join(', ')} ms\n`,
    );
    const shown = drifts.map((drift) =>
      [
        `${drift.kind} ${drift.confidence} ${drift.status}${drift.absorbed ? ' absorbed' : ''}`,
        `${drift.workspace} ${drift.address}`,
        drift.differences
          .map(({ path, declared, observed }) =>
            typeof declared === 'boolean' ? `${path}: ${declared} → ${String(observed)}` : path,
          )
          .join(),
        drift.actors.map((actor) => `${actor.name} via ${actor.via}`).join() || 'unknown',
        drift.severity,
        drift.resolution ?? '',
      ].join(' | '),
    );
    expect(shown.sort()).toEqual(
      [
        'modified confirmed open absorbed | edge digitalocean_loadbalancer.this[0] | redirect_http_to_https: true → false | unknown | high | ',
        'modified confirmed resolved | edge digitalocean_firewall.this[0] | inbound_rule | unknown | critical | reverted',
        'modified suspected open | data-prod aws_s3_bucket.this["acme-invoices"] |  | cron-host-3 via sdk | medium | ',
        'missing suspected open | data-prod aws_s3_bucket_policy.this["acme-invoices"] |  | cron-host-3 via sdk | high | ',
        'modified suspected open | network-prod aws_security_group.web |  | alice via console | medium | ',
        'modified suspected open | shop-prod aws_autoscaling_group.web |  | autoscaling.amazonaws.com for AutoScaling via service | medium | ',
        'modified suspected open | shop-prod aws_lambda_function.checkout[7] |  | release-2210 via pipeline | medium | ',
      ].sort(),
    );
  });

  it('confirms nothing that autoscaling or the pipeline did, at any step', async () => {
    const theirs = after
      .flat()
      .filter((drift) => drift.actors.some(({ via }) => via === 'service' || via === 'pipeline'));
    expect(theirs.length).toBeGreaterThan(0);
    expect(theirs.filter((drift) => drift.confidence !== 'suspected')).toEqual([]);
    const timelines = await Promise.all(
      [...new Set(theirs.map((drift) => drift.id))].map((id) => system.client.drifts.timeline(id)),
    );
    expect(timelines.flatMap(({ items }) => items.map(({ type }) => type))).toEqual([
      'drift.opened',
      'drift.opened',
    ]);
  });

  it('names what no feed and no listing watches', async () => {
    const gaps = (await system.client.coverage.list({ status: ['uncovered'], limit: 500 })).items;
    expect(gaps.map((gap) => `${gap.type} ${gap.declared}`).sort()).toEqual([
      'google_pubsub_topic 40',
      'google_storage_bucket 40',
    ]);
  });

  it('tells owner, evidence and time of a drift that a person opened', async () => {
    const alice = (await everything()).find((drift) => drift.actors.some(({ name }) => name === 'alice'));
    expect(alice).toMatchObject({
      owner: 'team-net',
      actors: [
        { via: 'console', sourceIp: '198.51.100.7', certainty: 'high', eventIds: [expect.any(String)] },
      ],
    });
    const [change] = (await system.client.changes.list({ actor: 'alice' })).items;
    expect(change).toMatchObject({
      operation: 'AuthorizeSecurityGroupIngress',
      providerEventId: alice?.actors[0]?.eventIds[0],
    });
  });
});

async function listen(
  { client }: Started,
  signal: AbortSignal,
  onOpen: () => void,
  onDrift: (event: Extract<LiveEvent, { kind: 'drift' }>) => void,
): Promise<void> {
  try {
    for await (const event of client.events({ kinds: ['drift'] }, { signal, onOpen }))
      if (event.kind === 'drift') onDrift(event);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
