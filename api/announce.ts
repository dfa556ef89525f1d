// A fact that someone tells the API, as an event. It is decided on by nobody: what the route took is what stands.
import { randomUUID } from 'node:crypto';
import type { EventOf } from '../schemas/index.ts';
import { placement, recordKey, stableId, topicOf } from '../schemas/index.ts';
import type { Context } from './dependencies.ts';

type Fact = EventOf<'configuration.published'>;

/** Durable when it resolves. */
export async function announce(
  context: Pick<Context, 'log' | 'codec' | 'clock' | 'org'>,
  fact: Pick<Fact, 'type' | 'body' | 'correlationId'>,
): Promise<Fact> {
  const { log, codec, clock, org } = context;
  const now = clock.now();
  const event: Fact = {
    ...fact,
    time: now,
    id: stableId('cfg', randomUUID()),
    recordedAt: now,
    source: 'api',
    org,
    objectKey: null,
    clamped: false,
  };
  const value = codec.encode(event);
  const key = recordKey(event);
  const topic = topicOf(event.type);
  await log.append(placement(event, log.partitions).map((partition) => ({ topic, partition, key, value })));
  return event;
}
