// Wishes of people as events: appends a request, and waits for the one `request.settled` that answers it.
import { randomUUID } from 'node:crypto';
import { type Clock, WOKEN } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { Codec, Event, EventOf, RequestSettled } from '../schemas/index.ts';
import { placement, recordKey, stableId, topicOf, Undecodable } from '../schemas/index.ts';

type Wish = EventOf<'drift.acknowledge-requested' | 'drift.accept-requested' | 'snapshot.requested'>;
export type WishBody = { [T in Wish['type']]: { type: T; body: EventOf<T>['body'] } }[Wish['type']];

export interface Asked {
  requestId: string;
  /** Null: no outcome came in time; it will come, and GET /api/v1/requests/{id} then has it. */
  settled: RequestSettled | null;
}

export interface Requests {
  /** Durable when it resolves, settled or not. */
  ask(wish: WishBody & { objectKey: string | null; correlationId: string }): Promise<Asked>;
  close(): void;
}

export interface RequestsOptions {
  log: Log;
  codec: Codec;
  org: string;
  clock: Clock;
  logger: Logger;
  /** How long an outcome is waited for, milliseconds. */
  waitMs: number;
}

const TOPIC = 'driftmgr.requests';
const LIMITS = { records: 500, bytes: 1 << 20 };

export function createRequests(options: RequestsOptions): Requests {
  const { log, codec, clock } = options;
  const waiting = new Map<string, (settled: RequestSettled) => void>();
  const positions: number[] = [];
  let unsubscribe: (() => void) | null = null;
  let starting: Promise<void> | null = null;
  let reading: Promise<void> = Promise.resolve();

  /** Reads from the present end on; whoever waits was registered before its request was appended. */
  async function follow(): Promise<void> {
    const ends = await Promise.all(Array.from({ length: log.partitions }, (_, p) => log.end(TOPIC, p)));
    positions.splice(0, positions.length, ...ends);
    unsubscribe = log.subscribe([TOPIC], () => {
      reading = reading.then(read).catch((error: unknown) => {
        options.logger.error({ err: error }, 'reading outcomes of requests failed');
      });
    });
  }

  async function read(): Promise<void> {
    for (let partition = 0; partition < positions.length; partition++) {
      for (;;) {
        const batch = await log.read(TOPIC, partition, positions[partition]!, LIMITS);
        if (batch.next === positions[partition]) break;
        positions[partition] = batch.next;
        for (const { value } of batch.records) if (value) settle(value);
      }
    }
  }

  function settle(value: Buffer): void {
    let event: Event;
    try {
      event = codec.decode(TOPIC, value);
    } catch (error) {
      // Not an outcome; the readers of the topic make a dead letter of it.
      if (error instanceof Undecodable) return;
      throw error;
    }
    if (event.type === 'request.settled') waiting.get(event.body.requestId)?.(event.body);
  }

  function leave(requestId: string): void {
    waiting.delete(requestId);
    if (waiting.size > 0) return;
    unsubscribe?.();
    unsubscribe = null;
    starting = null;
  }

  return {
    async ask(wish) {
      const now = clock.now();
      const event = {
        type: wish.type,
        body: wish.body,
        time: now,
        id: stableId('req', randomUUID()),
        recordedAt: now,
        source: 'api',
        org: options.org,
        objectKey: wish.objectKey,
        correlationId: wish.correlationId,
        clamped: false,
      } as Wish;
      const given = new AbortController();
      const outcome = new Promise<RequestSettled>((resolve) => waiting.set(event.id, resolve));
      try {
        starting ??= follow();
        await starting;
        const value = codec.encode(event);
        const key = recordKey(event);
        await log.append(
          placement(event, log.partitions).map((partition) => ({
            topic: topicOf(event.type),
            partition,
            key,
            value,
          })),
        );
        const late = clock.sleep(options.waitMs, given.signal).then(() => null);
        return { requestId: event.id, settled: await Promise.race([outcome, late]) };
      } finally {
        given.abort(WOKEN);
        leave(event.id);
      }
    },
    close() {
      unsubscribe?.();
      unsubscribe = null;
    },
  };
}
