// The queue of a connection to a broker sets timers for requests that wait, and none else.
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { afterEach, expect, it, vi } from 'vitest';
import { silent } from '../../testing/loop.ts';
import { createCluster } from './connection.ts';

// What makes connections has mended it.
createCluster({ brokers: ['127.0.0.1:1'], clientId: 'test', tls: false, credentials: null }, silent);

afterEach(() => vi.restoreAllMocks());

function setUp(maxInFlightRequests: number | null) {
  const queue = new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 1_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'test',
    logger: { debug: () => undefined, warn: () => undefined },
  });
  const sent: number[] = [];
  const push = (correlationId: number): Promise<void> =>
    new Promise((resolve, reject) =>
      queue.push({
        entry: {
          correlationId,
          apiKey: 3,
          apiName: 'Metadata',
          apiVersion: 5,
          resolve: () => resolve(),
          reject,
        },
        expectResponse: true,
        sendRequest: () => void sent.push(correlationId),
      }),
    );
  const answer = (correlationId: number): void =>
    queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 });
  return { queue, sent, push, answer };
}

it('sets no timer, and so none in the past, when an answer comes and nothing waits', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const { push, answer } = setUp(null);
  const done = push(1);
  answer(1);
  await done;
  expect(timers).not.toHaveBeenCalled();
});

it('still sends what had to wait for an answer', async () => {
  const { sent, push, answer, queue } = setUp(1);
  const done = [push(1), push(2)];
  expect(sent).toEqual([1]);
  answer(1);
  expect(sent).toEqual([1, 2]);
  answer(2);
  await Promise.all(done);
  queue.destroy();
});

it('still sends what the broker had held back, when that time is over', async () => {
  const { sent, push, answer, queue } = setUp(null);
  queue.maybeThrottle(60);
  const done = push(1);
  expect(sent).toEqual([]);
  await expect.poll(() => sent).toEqual([1]);
  answer(1);
  await done;
  queue.destroy();
});
