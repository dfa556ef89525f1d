// What the pretend cloud holds, in one JSON file that is there whole or not at all: resources, and the records of its feed
// that are not delivered yet, so that a change and its record are never apart.
import { readFileSync } from 'node:fs';
import { replaceFile } from '../../../../runtime/durable-file.ts';
import type { Json, JsonObject } from '../../../../schemas/index.ts';

export interface Resource {
  type: string;
  id: string;
  account: string;
  /** `-` where the id is unique without it. */
  region: string;
  attributes: JsonObject;
  /** What is read until it is consistent; null: nothing. Absent when it is. */
  before?: { until: number; attributes: JsonObject | null };
}

interface Kept {
  version: 1;
  resources: Resource[];
  undelivered: JsonObject[];
}

export type Change = readonly [key: string, resource: Resource | null];

export interface Store {
  get(key: string): Resource | undefined;
  all(): IterableIterator<[string, Resource]>;
  /** Puts resources, or takes them away (null), and adds records, all at once; resolves when the file says so. */
  change(changes: readonly Change[], records: readonly JsonObject[]): Promise<void>;
  undelivered(): readonly JsonObject[];
  /** Those records are delivered. */
  delivered(records: readonly Json[]): Promise<void>;
  /** Until all that was changed is in the file. */
  close(): Promise<void>;
}

const NEW: Kept = { version: 1, resources: [], undelivered: [] };

export const keyOf = ({ type, id, account, region }: Omit<Resource, 'attributes'>): string =>
  `${account}/${region}/${type}/${id}`;

export function openStore(path: string): Store {
  const kept = read(path);
  const resources = new Map(kept.resources.map((resource) => [keyOf(resource), resource]));
  let undelivered = kept.undelivered;
  // One write at a time; whoever changes something while one runs is in the next.
  let next: Promise<void> | null = null;
  let running: Promise<void> = Promise.resolve();

  function save(): Promise<void> {
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = null;
        running = replaceFile(
          path,
          JSON.stringify({ version: 1, resources: [...resources.values()], undelivered } satisfies Kept),
        );
        return running;
      });
    return next;
  }

  return {
    get: (key) => resources.get(key),
    all: () => resources.entries(),
    change(changes, records) {
      for (const [key, resource] of changes)
        if (resource) resources.set(key, resource);
        else resources.delete(key);
      undelivered.push(...records);
      return save();
    },
    undelivered: () => undelivered,
    delivered(records) {
      const done = new Set(records);
      undelivered = undelivered.filter((record) => !done.has(record));
      return save();
    },
    async close() {
      await next;
      await running;
    },
  };
}

function read(path: string): Kept {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return structuredClone(NEW);
    throw error;
  }
  const kept = JSON.parse(text) as Kept;
  if (kept.version !== 1 || !Array.isArray(kept.resources))
    throw new Error(`${path} is not the file of a pretend cloud; take another name, or remove it`);
  return kept;
}
