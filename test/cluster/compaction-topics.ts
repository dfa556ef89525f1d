// Topics that the brokers compact as far and as soon as they can, and waiting until they have.
import type { Log } from '../../runtime/log/log.ts';
import { readAll } from '../../runtime/testing/loop.ts';
import { TOPICS } from '../../schemas/index.ts';
import { until } from '../testing/running.ts';

export const AS_FAR_AS_IT_GOES: Record<string, string> = {
  'segment.ms': '200',
  'segment.bytes': String(1 << 20),
  'min.cleanable.dirty.ratio': '0.001',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '500',
  'delete.retention.ms': '0',
};

const COMPACTED = TOPICS.filter(({ cleanup }) => cleanup === 'compact').map(({ name }) => name);
/** Of no object: its tombstones are there to begin a new segment, since the one that is written to is never cleaned. */
const TICK = 'default/tick';

/**
 * Until each key has one record at most in every compacted topic. Resolves with how many records the brokers removed.
 * `open`: anew for every look, since a log keeps in memory what it has read.
 */
export async function compacted(open: () => Promise<Log>): Promise<number> {
  return until(
    'the brokers to compact everything',
    async () => {
      const log = await open();
      try {
        return await removedFrom(log);
      } finally {
        await log.close();
      }
    },
    150_000,
  );
}

/** How many records are no longer there; null when there are some that need not be. */
async function removedFrom(log: Log): Promise<number | null> {
  const places = COMPACTED.flatMap((topic) =>
    Array.from({ length: log.partitions }, (_, partition) => ({ topic, partition })),
  );
  await log.append(places.map((place) => ({ ...place, key: TICK, value: null })));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  let removed = 0;
  for (const { topic, partition } of places) {
    const keys = new Set<string>();
    const records = (await readAll(log, topic, partition)).filter(({ key }) => key !== TICK);
    for (const { key, value } of records) {
      if (keys.has(key) || value === null) return null;
      keys.add(key);
    }
    const last = records.at(-1)?.offset ?? 0;
    removed += Math.max(0, last + 1 - records.length);
  }
  return removed > 0 ? removed : null;
}
