// A log whose readers meet no schema that the registry could have told them: what a newer process wrote is learnt before it
// is handed on, so that decoding stays synchronous.
import { schemaIdOf } from '../../schemas/index.ts';
import type { Log, LogRecord } from '../log/log.ts';
import type { Registry } from './registry.ts';

/** Only reading is another. It fails, retriably, while the registry is away. */
export function learningLog(log: Log, registry: Registry): Log {
  return {
    partitions: log.partitions,
    gatherMs: log.gatherMs,
    takeOver: (...given) => log.takeOver(...given),
    append: (...given) => log.append(...given),
    commit: (...given) => log.commit(...given),
    end: (...given) => log.end(...given),
    start: (...given) => log.start(...given),
    positions: (...given) => log.positions(...given),
    subscribe: (...given) => log.subscribe(...given),
    compact: () => log.compact(),
    close: () => log.close(),
    async read(topic, partition, from, limits) {
      const batch = await log.read(topic, partition, from, limits);
      const unknown = unknownIn(batch.records, registry);
      if (unknown !== null) await Promise.all([...unknown].map((id) => registry.learn(id)));
      return batch;
    },
  };
}

/** Ids of schemas that are not known; null, as nearly always, when all are. */
function unknownIn(records: readonly LogRecord[], registry: Registry): Set<number> | null {
  let unknown: Set<number> | null = null;
  let last: number | null = null;
  for (const { value } of records) {
    const id = value === null ? null : schemaIdOf(value);
    // Neighbours were mostly written by the same process.
    if (id === null || id === last) continue;
    last = id;
    if (registry.schemaOf(id) !== undefined) continue;
    unknown ??= new Set();
    unknown.add(id);
  }
  return unknown;
}
