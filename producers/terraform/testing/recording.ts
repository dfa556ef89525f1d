// A source's surroundings for tests: what it publishes is recorded, commit by commit, and survives a new run.
import type { Blobs } from '../../../runtime/blobs/blobs.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Progress, Publication, Source, SourceContext, SourceEvent } from '../../../runtime/source.ts';
import { packedRecord } from '../../../runtime/source-records.ts';
import { createLogger } from '../../../runtime/telemetry.ts';
import { testCodec, testEncoding } from '../../../runtime/testing/codec.ts';
import type { EventOf, EventType, Json } from '../../../schemas/index.ts';

export interface Recording {
  /** Every commit, in order. */
  commits: { events: Publication[]; progress: Progress[] }[];
  progress: Map<string, Json>;
  blobs: Blobs & { stored: Map<string, Buffer> };
  deadLetters: string[];
  events(): SourceEvent[];
  /** How many there are; decodes nothing. */
  count(): number;
  of<T extends EventType>(type: T): EventOf<T>['body'][];
  /** Called before each commit; throwing stands for a crash at that point. */
  beforeCommit: (commit: number) => void;
  /** Runs a source until `stop`; `done` settles as its run does. */
  start(source: Source): { done: Promise<void>; stop(): Promise<void> };
  forget(): void;
}

const quiet = createLogger({ level: 'silent' });

export function createRecording(): Recording {
  const stored = new Map<string, Buffer>();
  const blobs = {
    stored,
    put: async (reference: string, bytes: Buffer) => {
      stored.set(reference, Buffer.from(bytes));
    },
    get: async (reference: string) => {
      const bytes = stored.get(reference);
      return bytes ? Buffer.from(bytes) : null;
    },
    list: async (prefix: string) => [...stored.keys()].filter((key) => key.startsWith(prefix)).sort(),
    delete: async (reference: string) => {
      stored.delete(reference);
    },
  };
  const recording: Recording = {
    commits: [],
    progress: new Map(),
    blobs,
    deadLetters: [],
    events: () => recording.commits.flatMap((commit) => commit.events.flatMap(eventsIn)),
    count: () =>
      recording.commits
        .flatMap((commit) => commit.events)
        .reduce((sum, each) => sum + ('encoded' in each ? each.encoded.keys.length : 1), 0),
    of: <T extends EventType>(type: T) =>
      recording
        .events()
        .filter((event) => event.type === type)
        .map((event) => event.body as EventOf<T>['body']),
    beforeCommit: () => {},
    start(source) {
      const end = new AbortController();
      const done = source.run(contextOf(recording, source.name, end.signal));
      return {
        done,
        async stop() {
          end.abort();
          await done;
        },
      };
    },
    forget() {
      recording.commits = [];
    },
  };
  return recording;
}

/** Events that were encoded, as they were handed over. */
function eventsIn(publication: Publication): SourceEvent[] {
  if (!('encoded' in publication)) return [publication];
  const { encoded } = publication;
  return encoded.keys.map((_, i) => {
    const { topic, value } = packedRecord(encoded, i);
    const { type, body, time, id, objectKey } = testCodec().decode(topic, value!);
    return { type, body, time, id, objectKey } as SourceEvent;
  });
}

function contextOf(recording: Recording, source: string, signal: AbortSignal): SourceContext {
  return {
    org: 'default',
    clock: systemClock,
    log: quiet,
    signal,
    encoding: testEncoding(source),
    async publish(events, progress = []) {
      // As a log does: later, whole, and of nothing that may still change.
      await new Promise((resolve) => setImmediate(resolve));
      recording.beforeCommit(recording.commits.length);
      recording.commits.push({ events: [...events], progress });
      for (const { item, progress: value } of progress) {
        if (value === null) recording.progress.delete(item);
        else recording.progress.set(item, structuredClone(value));
      }
    },
    progress: (item) => recording.progress.get(item),
    progressItems: () => recording.progress.entries(),
    deadLetter: async ({ reason }) => {
      recording.deadLetters.push(reason);
    },
    ignored: () => {},
  };
}
