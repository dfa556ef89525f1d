// Gives dead letters another try: the original bytes are appended to their topic again, and every reader reads them anew.
//
// Several readers may have refused one record. It is appended once, and with it, in one commit, that it was: then none of
// its letters counts any more. Whoever still cannot read it says so with a new letter.
import { randomUUID } from 'node:crypto';
import type { DeadLetterJson } from '../projections/postgres/coverage-queries.ts';
import { deadLettersPage } from '../projections/postgres/coverage-queries.ts';
import type { NewRecord } from '../runtime/log/log.ts';
import type { Event, TopicName } from '../schemas/index.ts';
import { partitionOf, placement, recordKey, stableId, TOPICS, topicOf } from '../schemas/index.ts';
import type { Context } from './dependencies.ts';
import type { ReplayJson } from './types.ts';

/** `ids`: which; undefined: all that wait. What cannot be replayed is named with the reason. */
export async function replayDeadLetters(context: Context, ids: string[] | undefined): Promise<ReplayJson> {
  const skipped: ReplayJson['skipped'] = [];
  const replayed = new Set<string>();
  for await (const letter of lettersOf(context, ids, skipped)) {
    const found = await originalOf(context, letter);
    if (typeof found === 'string') {
      skipped.push({ id: letter.id, reason: found });
      continue;
    }
    const place = `${letter.topic}/${letter.partition}/${letter.offset}`;
    if (replayed.has(place)) continue;
    await context.log.append([found.record, ...replayedRecords(context, found)]);
    replayed.add(place);
  }
  return { replayed: replayed.size, skipped };
}

async function* lettersOf(
  context: Context,
  ids: string[] | undefined,
  skipped: ReplayJson['skipped'],
): AsyncGenerator<DeadLetterJson> {
  const { org } = context;
  if (ids !== undefined) {
    // All of them first: what is replayed takes the other letters of its record away.
    const letters: DeadLetterJson[] = [];
    for (const id of new Set(ids)) {
      const [letter] = (await deadLettersPage(context, { org, id, limit: 1 })).items;
      if (letter) letters.push(letter);
      else skipped.push({ id, reason: 'there is no such dead letter' });
    }
    yield* letters;
    return;
  }
  let cursor: string | undefined;
  do {
    const page = await deadLettersPage(context, {
      org,
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.items;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

interface Original {
  record: NewRecord;
  objectKey: string | null;
  /** Where it was refused. */
  at: { topic: TopicName; partition: number; offset: number };
}

/** The record as it was, or why there is none. */
async function originalOf(context: Context, letter: DeadLetterJson): Promise<Original | string> {
  const topic = TOPICS.find(({ name }) => name === letter.topic)?.name;
  const { partition, offset, recordKey: key, objectKey } = letter;
  if (topic === undefined || partition === null || offset === null || key === null)
    return 'it did not come from a topic: its source reads it again';
  const { partitions } = context.log;
  if (partition >= partitions) return `there is no partition ${partition}`;
  const value = letter.blob === null ? null : await context.blobs.get(letter.blob);
  if (value === null) return 'its original is not kept';
  // A foreign producer has a partitioner of its own: what belongs to an object is read where that object is.
  const belongs = objectKey === null ? partition : partitionOf(objectKey, partitions);
  return {
    record: { topic, partition: belongs, key, value },
    objectKey,
    at: { topic, partition, offset },
  };
}

function replayedRecords({ codec, org, clock, log }: Context, { objectKey, at }: Original): NewRecord[] {
  const now = clock.now();
  const event: Event = {
    type: 'dead-letter.replayed',
    time: now,
    id: stableId('dlr', randomUUID()),
    recordedAt: now,
    source: 'api',
    org,
    objectKey,
    correlationId: null,
    clamped: false,
    body: at,
  };
  const [value, key] = [codec.encode(event), recordKey(event)];
  return placement(event, log.partitions).map((partition) => ({
    topic: topicOf(event.type),
    partition,
    key,
    value,
  }));
}
