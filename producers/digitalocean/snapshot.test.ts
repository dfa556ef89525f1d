import pino from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../runtime/clock.ts';
import { DriftError } from '../../runtime/errors.ts';
import type { Progress, SourceContext, SourceEvent } from '../../runtime/source.ts';
import { testEncoding } from '../../runtime/testing/codec.ts';
import { pausesIn } from '../../runtime/testing/pauses.ts';
import type { Bodies, EventOf, Json, JsonObject } from '../../schemas/index.ts';
import { LISTED_TYPES } from './resources.ts';
import { digitaloceanSnapshots, type SnapshotOptions } from './snapshot.ts';
import { type StandIn, sampleEstate, startStandIn, TOKEN } from './stand-in.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn(sampleEstate());
});
afterAll(() => standIn.close());
beforeEach(() => {
  standIn.estate = sampleEstate();
  standIn.fault = null;
  standIn.pageSize = 200;
  standIn.limit = 5000;
  standIn.requests = [];
});

const hmac = (value: string): string => `keyed-${value.length}-${value.charCodeAt(0)}`;

/** Time that passes only by sleeping. */
function steppingClock(): Clock & { slept: number[] } {
  let now = Date.now();
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      if (signal?.aborted) return;
      slept.push(Math.round(ms));
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** A runtime that keeps what is published, and the progress between runs, as the log would. */
class Kept {
  readonly clock = steppingClock();
  readonly items = new Map<string, Json>();
  readonly logged: string[] = [];
  readonly abort = new AbortController();
  events: SourceEvent[] = [];
  failPublish: ((events: SourceEvent[]) => boolean) | null = null;
  context(): SourceContext {
    return {
      org: 'default',
      clock: this.clock,
      log: pino({ level: 'trace' }, { write: (line: string) => void this.logged.push(line) }),
      signal: this.abort.signal,
      encoding: testEncoding('digitalocean-snapshot'),
      publish: async (events: SourceEvent[], progress: Progress[] = []) => {
        if (this.failPublish?.(events))
          throw new DriftError('the log is closed', { code: 'DM_LOG_CLOSED', retriable: true });
        this.events.push(...events);
        for (const { item, progress: value } of progress) {
          if (value === null) this.items.delete(item);
          else this.items.set(item, value);
        }
      },
      progress: (item) => this.items.get(item),
      progressItems: () => this.items.entries(),
      deadLetter: async () => {},
      ignored: () => {},
    };
  }
  of<T extends SourceEvent['type']>(type: T): Bodies[T][] {
    return this.events.flatMap((event) => (event.type === type ? [event.body as Bodies[T]] : []));
  }
  async sweep(options: Partial<SnapshotOptions> = {}): Promise<void> {
    this.events = [];
    await digitaloceanSnapshots({
      url: standIn.url,
      token: TOKEN,
      account: null,
      everyMs: null,
      hmac,
      ...options,
    }).source.run(this.context());
  }
}

const scopeOf = (type: string): string => `digitalocean/-/-/${type}`;
const failedScopes = (kept: Kept): string[] => kept.of('snapshot.failed').map(({ scope }) => scope);

describe('digitalocean-snapshot', () => {
  it('observes every resource once, in time, and completes every type after its observations', async () => {
    const kept = new Kept();
    await kept.sweep();
    expect(
      kept
        .of('snapshot.completed')
        .map(({ scope }) => scope)
        .sort(),
    ).toEqual(LISTED_TYPES.map(scopeOf).sort());
    const seen = new Set<string>();
    for (const event of kept.events) {
      if (event.type === 'resource.observed') {
        expect(seen.has(scopeOf(event.body.type))).toBe(false);
        expect(event.objectKey).toMatch(/^default\/digitalocean\/-\/-\//);
        expect(event.fingerprint).toHaveLength(16);
      } else if (event.type === 'snapshot.completed') seen.add(event.body.scope);
    }
    const droplets = kept
      .of('snapshot.completed')
      .find(({ scope }) => scope === scopeOf('digitalocean_droplet'))!;
    expect(droplets).toMatchObject({ listed: 3, published: 3 });
    for (const { type, attributes } of kept.of('resource.observed')) {
      const compared = kept.of('snapshot.completed').find(({ scope }) => scope === scopeOf(type))!.attributes;
      expect(compared).toEqual(expect.arrayContaining(Object.keys(JSON.parse(attributes) as JsonObject)));
    }
  });

  it('an unchanged second snapshot adds only the completions', async () => {
    const kept = new Kept();
    await kept.sweep();
    const items = new Map(kept.items);
    await kept.sweep();
    expect(new Set(kept.events.map(({ type }) => type))).toEqual(new Set(['snapshot.completed']));
    expect(kept.events).toHaveLength(LISTED_TYPES.length);
    expect(kept.items).toEqual(items);
  });

  it('what changes by itself is no new observation', async () => {
    const kept = new Kept();
    await kept.sweep();
    const droplet = standIn.estate['/v2/droplets']![0]!;
    droplet.status = 'off';
    droplet.locked = true;
    standIn.estate['/v2/kubernetes/clusters']![0]!.updated_at = '2027-01-01T00:00:00Z';
    await kept.sweep();
    expect(kept.of('resource.observed')).toEqual([]);
  });

  it('publishes exactly what differs and what is gone, and a resource that returns', async () => {
    const kept = new Kept();
    await kept.sweep();
    const before = structuredClone(standIn.estate['/v2/droplets']!);
    standIn.estate['/v2/droplets'] = [{ ...before[0]!, name: 'renamed' }, before[2]!];
    await kept.sweep();
    expect(kept.of('resource.observed')).toMatchObject([
      { type: 'digitalocean_droplet', resourceId: '3164444' },
    ]);
    expect(kept.of('resource.vanished')).toEqual([
      {
        provider: 'digitalocean',
        account: null,
        region: null,
        type: 'digitalocean_droplet',
        resourceId: '3164445',
        proof: 'listing',
      },
    ]);
    standIn.estate['/v2/droplets'] = before;
    await kept.sweep();
    expect(kept.of('resource.observed').map(({ resourceId }) => resourceId)).toEqual(['3164444', '3164445']);
    expect(kept.of('resource.vanished')).toEqual([]);
  });

  it('a 500 on one page fails that type alone: nothing of it is published, nothing vanishes', async () => {
    const kept = new Kept();
    await kept.sweep();
    standIn.pageSize = 2;
    standIn.estate['/v2/droplets']![0]!.name = 'renamed';
    standIn.fault = (path, page) => (path === '/v2/droplets' && page === 2 ? { status: 500 } : null);
    await kept.sweep();
    expect(failedScopes(kept)).toEqual([scopeOf('digitalocean_droplet')]);
    expect(kept.of('snapshot.failed')[0]!.reason).toContain('500');
    expect([...kept.of('resource.observed'), ...kept.of('resource.vanished')]).toEqual([]);
    expect(kept.of('snapshot.completed')).toHaveLength(LISTED_TYPES.length - 1);
  });

  it('lists what the plain list leaves out, or nothing is complete', async () => {
    const kept = new Kept();
    standIn.estate['/v2/droplets?type=gpus'] = [
      { ...standIn.estate['/v2/droplets']![0]!, id: 77, size_slug: 'gpu-h100x1-80gb' },
    ];
    await kept.sweep();
    expect(kept.of('resource.observed').map(({ resourceId }) => resourceId)).toContain('77');
    standIn.fault = (path) =>
      path === '/v2/droplets' && standIn.requests.at(-1)!.includes('type=gpus') ? { status: 500 } : null;
    await kept.sweep();
    expect(failedScopes(kept)).toEqual([scopeOf('digitalocean_droplet')]);
    expect(kept.of('resource.vanished')).toEqual([]);
  });

  it('a 500 that passes is tried again', async () => {
    const kept = new Kept();
    let failures = 2;
    standIn.fault = (path) => (path === '/v2/droplets' && failures-- > 0 ? { status: 503 } : null);
    await kept.sweep();
    expect(failedScopes(kept)).toEqual([]);
    expect(kept.clock.slept).toHaveLength(2);
  });

  it('a failed list fails the types that rest on it, and no others', async () => {
    const kept = new Kept();
    standIn.fault = (path) => (path === '/v2/databases' ? { status: 500 } : null);
    await kept.sweep();
    expect(failedScopes(kept).sort()).toEqual(
      LISTED_TYPES.filter((type) => type.includes('database'))
        .map(scopeOf)
        .sort(),
    );
  });

  it('a throttled request waits as long as retry-after says', async () => {
    const kept = new Kept();
    let once = true;
    standIn.fault = (path) => {
      if (path !== '/v2/firewalls' || !once) return null;
      once = false;
      return { status: 429, headers: { 'retry-after': '17' } };
    };
    await kept.sweep();
    expect(failedScopes(kept)).toEqual([]);
    expect(kept.clock.slept).toEqual([17_000]);
  });

  it('a long throttling ends the sweep: the rest is unknown until then, and nothing more is asked', async () => {
    const kept = new Kept();
    standIn.fault = (path) =>
      path === '/v2/firewalls' ? { status: 429, headers: { 'retry-after': '900' } } : null;
    await kept.sweep();
    const asked = standIn.requests.filter((path) => path.startsWith('/v2/firewalls'));
    expect(asked).toHaveLength(1);
    expect(standIn.requests.at(-1)).toBe(asked[0]);
    expect(kept.of('snapshot.completed').map(({ scope }) => scope)).toEqual(
      ['digitalocean_certificate'].map(scopeOf),
    );
    for (const failure of kept.of('snapshot.failed'))
      expect(failure).toMatchObject({
        retryAt: kept.clock.now() + 900_000,
        reason: expect.stringContaining('throttled'),
      });
  });

  it('stops when the quota is used up, as the headers say', async () => {
    const kept = new Kept();
    standIn.limit = 3;
    await kept.sweep({ share: 100 });
    expect(standIn.requests).toHaveLength(3);
    expect(kept.of('snapshot.failed').length).toBeGreaterThan(0);
    expect(kept.of('snapshot.failed')[0]!.retryAt).toBeGreaterThan(kept.clock.now());
  });

  it('spends no more than its share of an hour', async () => {
    const kept = new Kept();
    standIn.limit = 100;
    await kept.sweep({ share: 0.1 });
    expect(failedScopes(kept)).toEqual([]);
    // Ten an hour: every request beyond waits until the tenth before it is an hour old.
    expect(kept.clock.slept.length).toBe(Math.ceil(standIn.requests.length / 10) - 1);
    expect(kept.clock.slept[0]).toBeGreaterThan(3_500_000);
  });

  const REFUSED: [
    what: string,
    fault: { status: number; headers?: Record<string, string>; body?: string },
    reason: RegExp,
  ][] = [
    ['garbage', { status: 200, body: '<html>' }, /not JSON/],
    ['an array', { status: 200, body: '[]' }, /not a JSON object/],
    ['another shape', { status: 200, body: '{"droplets":{"a":1}}' }, /without the list/],
    ['a list of other things', { status: 200, body: '{"droplets":[1]}' }, /other things than objects/],
    ['an item without an id', { status: 200, body: '{"droplets":[{"name":"x"}]}' }, /without an id/],
    [
      'a redirect to another host',
      { status: 302, headers: { location: 'http://203.0.113.1/v2/droplets' } },
      /redirect/,
    ],
    [
      'a next page on another host',
      {
        status: 200,
        body: '{"droplets":[],"links":{"pages":{"next":"http://203.0.113.1/v2/droplets?page=2"}}}',
      },
      /another host/,
    ],
    [
      'a huge body',
      { status: 200, body: `{"droplets":[],"x":"${'x'.repeat(9 * 1024 * 1024)}"}` },
      /more than/,
    ],
    [
      'fewer items than it counts',
      { status: 200, body: '{"droplets":[],"meta":{"total":3}}' },
      /does not hold what it counts/,
    ],
    ['a token without this scope', { status: 403 }, /may not read/],
  ];
  for (const [what, fault, reason] of REFUSED)
    it(`refuses ${what}: the type is failed, the others complete, the process lives`, async () => {
      const kept = new Kept();
      await kept.sweep();
      standIn.fault = (path) => (path === '/v2/droplets' ? fault : null);
      await kept.sweep();
      expect(kept.of('snapshot.failed')).toMatchObject([
        { scope: scopeOf('digitalocean_droplet'), reason: expect.stringMatching(reason) },
      ]);
      expect(kept.of('resource.vanished')).toEqual([]);
      expect(kept.of('snapshot.completed')).toHaveLength(LISTED_TYPES.length - 1);
    });

  it('a wrong token is one clear failure, asked once', async () => {
    const kept = new Kept();
    await kept.sweep({ token: 'dop_v1_wrong' });
    expect(standIn.requests).toHaveLength(1);
    expect(failedScopes(kept)).toHaveLength(LISTED_TYPES.length);
    expect(kept.of('snapshot.failed')[0]!.reason).toContain('digitalocean.token');
  });

  it('a host that cannot be reached fails every type and ends', async () => {
    const kept = new Kept();
    await kept.sweep({ url: 'http://127.0.0.1:9' });
    expect(failedScopes(kept)).toHaveLength(LISTED_TYPES.length);
  });

  it('a list that changes between two pages is read again, so that nothing slips through unseen', async () => {
    const kept = new Kept();
    await kept.sweep();
    standIn.pageSize = 1;
    let removed = false;
    standIn.fault = (path, page) => {
      if (path === '/v2/reserved_ips' && page === 2 && !removed) {
        removed = true;
        standIn.estate['/v2/reserved_ips']!.unshift({
          ip: '45.55.96.46',
          droplet: null,
          region: { slug: 'nyc3' },
        });
      }
      return null;
    };
    await kept.sweep();
    expect(failedScopes(kept)).toEqual([]);
    expect(kept.of('resource.vanished')).toEqual([]);
    expect(kept.of('resource.observed').map(({ resourceId }) => resourceId)).toEqual(['45.55.96.46']);
  });

  it('no secret and no token leaves: not in events, progress or logs', async () => {
    const kept = new Kept();
    standIn.fault = (path) => (path === '/v2/vpcs' ? { status: 500 } : null);
    await kept.sweep();
    const all = [JSON.stringify(kept.events), JSON.stringify([...kept.items]), ...kept.logged].join('\n');
    for (const secret of ['wv78n3zpz42xezdk', 'k2zpz42xezdkwv78', 'jge5lfxtzhx42iff', TOKEN])
      expect(all).not.toContain(secret);
    const user = kept.of('resource.observed').find(({ resourceId }) => resourceId.endsWith('/user/app-01'))!;
    expect(JSON.parse(user.attributes)).toMatchObject({ password: { $secret: hmac('jge5lfxtzhx42iff') } });
    standIn.estate['/v2/databases/9cc10173-e9ea-4176-9dbc-a4cee4c4ff30/users']![1]!.password =
      'Xrotated-by-someone';
    await kept.sweep();
    expect(kept.of('resource.observed').map(({ resourceId }) => resourceId)).toEqual([user.resourceId]);
  });

  it('a crash before the commit loses nothing: the next sweep publishes it', async () => {
    const kept = new Kept();
    await kept.sweep();
    standIn.estate['/v2/droplets']![0]!.name = 'renamed';
    kept.failPublish = (events) => events.some(({ type }) => type === 'resource.observed');
    await expect(kept.sweep()).rejects.toThrow('the log is closed');
    expect(kept.of('resource.observed')).toEqual([]);
    kept.failPublish = null;
    await kept.sweep();
    expect(kept.of('resource.observed')).toMatchObject([{ resourceId: '3164444' }]);
  });

  it('children of clusters and what the account starts with carry their owner', async () => {
    const kept = new Kept();
    await kept.sweep();
    const owners = Object.fromEntries(
      kept
        .of('resource.observed')
        .flatMap(({ resourceId, ownedBy }) => (ownedBy ? [[resourceId, ownedBy]] : [])),
    );
    expect(owners).toEqual({
      '3164446': 'Kubernetes cluster 11111111-2222-4333-8444-555555555555',
      '28448429': 'domain',
      'cdda885e-7663-40c8-bc74-3a036c66545d': 'Kubernetes cluster 11111111-2222-4333-8444-555555555555',
      'b2f1a1c0-0f4e-4a53-a5c7-9c2b7b5a3c11': 'database cluster',
      '9cc10173-e9ea-4176-9dbc-a4cee4c4ff30/database/defaultdb': 'database cluster',
      '9cc10173-e9ea-4176-9dbc-a4cee4c4ff30/user/doadmin': 'database cluster',
      'e0fe0f4d-596a-465e-a902-571ce57b79fa': 'account default',
    });
  });

  it('the account, where configured, is part of scopes and of the keys of what is unique per account only', async () => {
    const kept = new Kept();
    await kept.sweep({ account: 'acc-1' });
    expect(
      kept.of('snapshot.completed').every(({ scope }) => scope.startsWith('digitalocean/acc-1/-/')),
    ).toBe(true);
    const keys = kept.events.map(({ objectKey }) => objectKey);
    expect(keys).toContain('default/digitalocean/acc-1/-/tag/web');
    expect(keys).toContain('default/digitalocean/-/-/droplet/3164444');
  });

  it('sweeps again when due, and at once when asked, for the scope that was asked for', async () => {
    const kept = new Kept();
    const { source, reactor } = digitaloceanSnapshots({
      url: standIn.url,
      token: TOKEN,
      account: null,
      everyMs: 300_000,
      hmac,
    });
    // Time stands still between sweeps, until someone asks.
    const sleep = kept.clock.sleep;
    kept.clock.sleep = (ms, signal) =>
      ms >= 300_000
        ? new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }))
        : sleep(ms, signal);
    const running = source.run(kept.context());
    const ask = (scope: string | null, id: string): EventOf<'snapshot.requested'> => ({
      type: 'snapshot.requested',
      body: { provider: 'digitalocean', scope, by: 'someone' },
      time: 1,
      id,
      recordedAt: 1,
      source: 'api',
      org: 'default',
      objectKey: null,
      correlationId: 'c',
      clamped: false,
    });
    const first = ask(null, 'req_1');
    expect(reactor.wants(first)).toBe(true);
    expect(reactor.wants({ ...first, body: { ...first.body, provider: 'aws' } })).toBe(false);
    expect(await reactor.perform(first, kept.abort.signal)).toMatchObject([
      {
        type: 'request.settled',
        correlationId: 'c',
        body: { requestId: 'req_1', outcome: 'done', reason: null },
      },
    ]);
    standIn.requests = [];
    kept.events = [];
    await reactor.perform(ask(scopeOf('digitalocean_vpc'), 'req_2'), kept.abort.signal);
    expect(standIn.requests).toEqual(['/v2/vpcs?page=1&per_page=200']);
    expect(kept.of('snapshot.completed').map(({ scope }) => scope)).toEqual([scopeOf('digitalocean_vpc')]);
    standIn.fault = (path) => (path === '/v2/vpcs' ? { status: 403 } : null);
    expect(await reactor.perform(ask(scopeOf('digitalocean_vpc'), 'req_3'), kept.abort.signal)).toMatchObject(
      [{ body: { outcome: 'refused', reason: expect.stringContaining('digitalocean_vpc') } }],
    );
    expect(await reactor.perform(ask('digitalocean/-/-/nothing', 'req_4'), kept.abort.signal)).toMatchObject([
      { body: { outcome: 'refused', reason: expect.stringContaining('no such scope') } },
    ]);
    kept.abort.abort(new DriftError('stopping', { code: 'DM_INTERNAL', retriable: true }));
    await expect(running).rejects.toThrow('stopping');
  });

  it('a request outlives a run that failed: the next run answers it', async () => {
    const kept = new Kept();
    const { source, reactor } = digitaloceanSnapshots({
      url: standIn.url,
      token: TOKEN,
      account: null,
      everyMs: null,
      hmac,
    });
    kept.failPublish = () => true;
    const asked = reactor.perform(
      {
        type: 'snapshot.requested',
        body: { provider: 'digitalocean', scope: null, by: 'someone' },
        time: 1,
        id: 'req_1',
        recordedAt: 1,
        source: 'api',
        org: 'default',
        objectKey: null,
        correlationId: null,
        clamped: false,
      },
      kept.abort.signal,
    );
    await expect(source.run(kept.context())).rejects.toThrow('the log is closed');
    kept.failPublish = null;
    await source.run(kept.context());
    expect(await asked).toMatchObject([{ body: { requestId: 'req_1', outcome: 'done' } }]);
  });

  it('a large estate is published in batches, and never blocks the loop for long', async () => {
    const kept = new Kept();
    const droplet = standIn.estate['/v2/droplets']![0]!;
    standIn.estate['/v2/droplets'] = Array.from({ length: 5000 }, (_, i) => ({
      ...droplet,
      id: i + 1,
      name: `d${i}`,
    }));
    const { longest } = await pausesIn(() => kept.sweep());
    expect(kept.of('resource.observed').filter(({ type }) => type === 'digitalocean_droplet')).toHaveLength(
      5000,
    );
    expect(
      kept.of('snapshot.completed').find(({ scope }) => scope === scopeOf('digitalocean_droplet')),
    ).toMatchObject({ listed: 5000, published: 5000 });
    expect(longest).toBeLessThan(150);
  });
});
