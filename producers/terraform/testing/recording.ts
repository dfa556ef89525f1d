// A source's surroundings for tests: what it publishes is recorded, commit by commit, and survives a new run.
import type { Blobs } from '../../../runtime/blobs/blobs.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { Progress, Source, SourceContext, SourceEvent } from '../../../runtime/source.ts';
import { createLogger } from '../../../runtime/telemetry.ts';
import type { EventOf, EventType, Json } from '../../../schemas/index.ts';

export interface Recording {
  /** Every commit, in order. */
  commits: { events: SourceEvent[]; progress: Progress[] }[];
  progress: Map<string, Json>;
  blobs: Blobs & { stored: Map<string, Buffer> };
  deadLetters: string[];
  events(): SourceEvent[];
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
    events: () => recording.commits.flatMap((commit) => commit.events),
    of: <T extends EventType>(type: T) =>
      recording
        .events()
        .filter((event) => event.type === type)
        .map((event) => event.body as EventOf<T>['body']),
    beforeCommit: () => {},
    start(source) {
      const end = new AbortController();
      const done = source.run(contextOf(recording, end.signal));
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

function contextOf(recording: Recording, signal: AbortSignal): SourceContext {
  return {
    org: 'default',
    clock: systemClock,
    log: quiet,
    signal,
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
