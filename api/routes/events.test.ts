// The live stream over HTTP, with the client that the command line and the dashboard use.
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runStarted, snapshotCompleted, statePublished } from '../../runtime/testing/events.ts';
import type { Client } from '../client.ts';
import { ApiProblem, createClient } from '../client.ts';
import type { App } from '../dependencies.ts';
import type { Harness } from '../testing/harness.ts';
import { createHarness, driftEvents, driftOf } from '../testing/harness.ts';
import type { EventsQuery, LiveEvent } from '../types.ts';

let harness: Harness;
let app: App;
let url: string;
let key: string;
let stop = new AbortController();

beforeAll(async () => {
  harness = await createHarness();
  app = await harness.another({ limits: { heartbeatMs: 50, liveWaitingBytes: 1 << 16, liveStalledMs: 300 } });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
  key = await harness.keyWith(['read']);
});
afterEach(() => {
  stop.abort();
  stop = new AbortController();
});
afterAll(() => harness.close());

const clientWith = (of: string): Client => createClient({ url, key: () => of });

/** Reads on in the background; `ended` resolves when the server ends the stream. */
async function follow(query: EventsQuery = {}, options: { of?: string; lastEventId?: string } = {}) {
  const events: LiveEvent[] = [];
  const { lastEventId } = options;
  const stream = clientWith(options.of ?? key).events(query, {
    signal: stop.signal,
    ...(lastEventId === undefined ? {} : { lastEventId }),
  });
  events.push((await stream.next()).value as LiveEvent);
  const ended = (async () => {
    for await (const event of stream) events.push(event);
  })().catch(() => undefined);
  return { events, ended };
}

const told = (events: LiveEvent[]): string[] =>
  events.flatMap((event) => {
    if (event.kind === 'drift') return [event.data.drift.id];
    return event.kind === 'ready' ? [] : [event.kind];
  });
const opened = (id: string, fields: Parameters<typeof driftOf>[0] = {}) =>
  driftEvents('drift.opened', driftOf({ id, objectKey: `default/aws/-/-/s3-bucket/${id}`, ...fields }));

describe('GET /api/v1/events', () => {
  it('begins with ready, then tells what happens, filtered by the query', async () => {
    const all = await follow();
    const some = await follow({ kinds: ['drift'], severity: ['critical', 'high'], workspace: 'prod' });
    expect(all.events[0]!.kind).toBe('ready');
    await harness.append(
      ...opened('a'),
      ...opened('b', { severity: 'low' }),
      ...opened('c', { workspace: 'dev' }),
      runStarted(),
      statePublished(),
      snapshotCompleted(),
    );
    await expect.poll(() => told(all.events).sort()).toEqual(['a', 'b', 'c', 'run', 'snapshot', 'workspace']);
    expect(told(some.events)).toEqual(['a']);
  });

  it('resumes after the last event that was read', async () => {
    const first = await follow({ kinds: ['drift'] });
    await harness.append(...opened('d'), ...opened('e'));
    await expect.poll(() => told(first.events).length).toBe(2);
    const [, after] = first.events;
    const left = told(first.events).slice(1);
    stop.abort();
    stop = new AbortController();
    const second = await follow({ kinds: ['drift'] }, { lastEventId: after!.id });
    await expect.poll(() => told(second.events)).toEqual(left);
    const lost = await follow({}, { lastEventId: 'of-another-log' });
    await expect.poll(() => told(lost.events)).toEqual(['reset']);
  });

  it('tells a key that is limited to workspaces nothing of others, and nothing that belongs to none', async () => {
    const { events } = await follow({}, { of: await harness.keyWith(['read'], ['dev']) });
    await harness.append(
      ...opened('f'),
      ...opened('g', { workspace: null, kind: 'unmanaged' }),
      snapshotCompleted(),
      statePublished(),
      ...opened('h', { workspace: 'dev' }),
    );
    await expect.poll(() => told(events)).toEqual(['h']);
  });

  it('ends for a key that was revoked, within a heartbeat', async () => {
    const made = await harness.keys.create({
      name: 'x',
      scopes: ['read'],
      workspaces: null,
      expiresAt: null,
      createdBy: 't',
    });
    const { ended } = await follow({}, { of: made.key });
    await harness.keys.revoke(made.record.id);
    await ended;
  });

  it('answers mistakes as problems, before a stream begins', async () => {
    const problem = async (client: Client, query: object): Promise<number> => {
      try {
        for await (const _ of client.events(query)) return 200;
      } catch (error) {
        if (error instanceof ApiProblem) return error.status;
        throw error;
      }
      return 0;
    };
    expect(await problem(clientWith('none'), {})).toBe(401);
    expect(await problem(clientWith(await harness.keyWith(['metrics:read'])), {})).toBe(403);
    expect(await problem(clientWith(key), { kinds: ['everything'] })).toBe(400);
  });

  it('drops a reader that takes nothing, while another gets everything', async () => {
    const { hostname, port } = new URL(url);
    const slow = connect({ host: hostname, port: Number(port) });
    slow.on('error', () => undefined);
    slow.write(`GET /api/v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`);
    await new Promise((resolve) => slow.once('data', resolve));
    slow.pause();
    const closed = new Promise((resolve) => slow.once('close', resolve));
    const quick = await follow({ kinds: ['drift'] });
    const differences = [
      {
        path: 'x',
        op: 'changed',
        declared: JSON.stringify('y'.repeat(100_000)),
        observed: null,
        configured: null,
      } as const,
    ];
    const dropped = (): boolean => harness.logged.some((line) => line.includes('takes nothing'));
    let made = 0;
    while (!dropped() && made < 400) {
      await harness.append(...opened(`big${made++}`, { differences: [...differences] }));
      await expect.poll(() => told(quick.events).length).toBe(made);
    }
    expect(dropped()).toBe(true);
    slow.resume();
    await closed;
  });

  it('ends gently when the server stops', async () => {
    const last = await harness.another({});
    const address = await last.listen({ port: 0, host: '127.0.0.1' });
    const stream = createClient({ url: address, key: () => key }).events();
    expect(((await stream.next()).value as LiveEvent).kind).toBe('ready');
    const next = stream.next();
    await last.close();
    expect((await next).done).toBe(true);
  });
});
