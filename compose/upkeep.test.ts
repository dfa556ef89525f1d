import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { snapshotRefusals } from './snapshot-refusals.ts';
import { keepCompact } from './upkeep.ts';

describe('upkeep', () => {
  it('compacts again after a failure, and ends with the signal', async () => {
    const stop = new AbortController();
    let calls = 0;
    const log = {
      async compact() {
        calls++;
        if (calls === 1) throw new Error('disk full');
        stop.abort();
      },
    };
    await keepCompact({
      log,
      clock: systemClock,
      logger: pino({ level: 'silent' }),
      signal: stop.signal,
      everyMs: 1,
    });
    expect(calls).toBe(2);
  });
});

describe('a wish for a snapshot', () => {
  const wish = (provider: string) =>
    ({
      type: 'snapshot.requested',
      id: 'req_1',
      time: 1,
      recordedAt: 1,
      source: 'api',
      org: 'default',
      objectKey: null,
      correlationId: 'c',
      clamped: false,
      body: { provider, scope: null, by: 'alice' },
    }) as const;

  it('of a provider without a source is refused, with what to do', async () => {
    const reactor = snapshotRefusals(['digitalocean']);
    expect(reactor.wants(wish('aws'))).toBe(true);
    const [settled] = await reactor.perform(wish('aws'), new AbortController().signal);
    expect(settled).toMatchObject({
      type: 'request.settled',
      correlationId: 'c',
      body: { requestId: 'req_1', outcome: 'refused', reason: expect.stringContaining('digitalocean') },
    });
  });

  it('of a provider with one is left to it', () => {
    expect(snapshotRefusals(['digitalocean']).wants(wish('digitalocean'))).toBe(false);
  });
});
