// Keyed state in memory: for tests and one-shot runs. A store lives as long as the stores object that opened it.
import type { Json } from '../../schemas/index.ts';
import type { Position } from '../log/log.ts';
import { compareText, firstNotBefore } from './order.ts';
import type { StateStore, StateStores } from './state.ts';

/** Rows of one object key. `order` is the sorted parts, made at the first list and kept up from then on. */
interface Rows {
  values: Map<string, Json>;
  order: string[] | null;
}

export function createMemoryStates(): StateStores {
  const stores = new Map<string, { version: number; store: StateStore }>();
  return {
    open(processor, partition, version) {
      const name = `${processor}/${partition}`;
      const known = stores.get(name);
      if (known?.version === version) return known.store;
      const store = createMemoryStore();
      stores.set(name, { version, store });
      return store;
    },
    async close() {
      stores.clear();
    },
  };
}

/** Values are kept by reference: neither side may change them. */
function createMemoryStore(): StateStore {
  const keys = new Map<string, Rows>();
  let positions: Position[] = [];

  return {
    get: (objectKey, part) => keys.get(objectKey)?.values.get(part),
    has: (objectKey, part) => keys.get(objectKey)?.values.has(part) ?? false,
    parts,
    *list(objectKey, prefix) {
      const rows = keys.get(objectKey);
      // A copy: the rows as they were when asked, whatever is written before the caller has taken them all.
      for (const [part, value] of parts(objectKey, prefix, Number.POSITIVE_INFINITY).map(
        (part) => [part, rows!.values.get(part)!] as const,
      ))
        yield [part, value];
    },
    *entries() {
      for (const objectKey of [...keys.keys()].sort(compareText)) {
        const rows = keys.get(objectKey)!;
        for (const part of inOrder(rows)) yield [objectKey, part, rows.values.get(part)!];
      }
    },
    positions: () => positions,
    write(rows, upTo) {
      for (const { objectKey, part, value } of rows) set(objectKey, part, value);
      positions = merge(positions, upTo);
    },
    clear() {
      keys.clear();
      positions = [];
    },
  };

  function parts(objectKey: string, prefix: string, limit: number): string[] {
    const rows = keys.get(objectKey);
    if (!rows) return [];
    const order = inOrder(rows);
    const from = firstNotBefore(order, prefix);
    let to = from;
    while (to < order.length && to - from < limit && order[to]!.startsWith(prefix)) to++;
    return order.slice(from, to);
  }

  function set(objectKey: string, part: string, value: Json | undefined): void {
    const rows = keys.get(objectKey);
    if (value === undefined) {
      if (!rows?.values.delete(part)) return;
      if (rows.values.size === 0) keys.delete(objectKey);
      else rows.order?.splice(firstNotBefore(rows.order, part), 1);
    } else if (!rows) keys.set(objectKey, { values: new Map([[part, value]]), order: null });
    else {
      if (!rows.values.has(part)) rows.order?.splice(firstNotBefore(rows.order, part), 0, part);
      rows.values.set(part, value);
    }
  }
}

function inOrder(rows: Rows): string[] {
  rows.order ??= [...rows.values.keys()].sort(compareText);
  return rows.order;
}

function merge(before: readonly Position[], after: readonly Position[]): Position[] {
  const merged = new Map(before.map((position) => [`${position.topic}/${position.partition}`, position]));
  for (const position of after) merged.set(`${position.topic}/${position.partition}`, { ...position });
  return [...merged.values()];
}
