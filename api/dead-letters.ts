// Gives dead letters another try: the original bytes are appended to their topic again, and every reader reads them anew.
import type { DeadLetterJson } from '../projections/postgres/coverage-queries.ts';
import { deadLettersPage } from '../projections/postgres/coverage-queries.ts';
import type { NewRecord } from '../runtime/log/log.ts';
import { TOPICS } from '../schemas/index.ts';
import type { Context } from './dependencies.ts';
import type { ReplayJson } from './types.ts';

/** `ids`: which; undefined: all that are kept. What cannot be replayed is named with the reason. */
export async function replayDeadLetters(context: Context, ids: string[] | undefined): Promise<ReplayJson> {
  const skipped: ReplayJson['skipped'] = [];
  let replayed = 0;
  for await (const letter of lettersOf(context, ids, skipped)) {
    const record = await recordOf(context, letter);
    if (typeof record === 'string') skipped.push({ id: letter.id, reason: record });
    else {
      await context.log.append([record]);
      replayed++;
    }
  }
  return { replayed, skipped };
}

async function* lettersOf(
  context: Context,
  ids: string[] | undefined,
  skipped: ReplayJson['skipped'],
): AsyncGenerator<DeadLetterJson> {
  const { org } = context;
  if (ids !== undefined) {
    for (const id of new Set(ids)) {
      const [letter] = (await deadLettersPage(context, { org, id, limit: 1 })).items;
      if (letter) yield letter;
      else skipped.push({ id, reason: 'there is no such dead letter' });
    }
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

/** The record as it was, or why there is none. */
async function recordOf(context: Context, letter: DeadLetterJson): Promise<NewRecord | string> {
  const topic = TOPICS.find(({ name }) => name === letter.topic)?.name;
  if (topic === undefined || letter.partition === null || letter.recordKey === null)
    return 'it did not come from a topic: its source reads it again';
  if (letter.partition >= context.log.partitions) return `there is no partition ${letter.partition}`;
  const value = letter.blob === null ? null : await context.blobs.get(letter.blob);
  if (value === null) return 'its original is not kept';
  return { topic, partition: letter.partition, key: letter.recordKey, value };
}
