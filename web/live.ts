// Staying current: listens to live events, counts what changed by kind, and loads again what shows it.
import { useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import type { LiveEvent } from '../api/types.ts';
import { client, session } from './session.ts';

export type Connection = 'connecting' | 'live' | 'lost';
type Kind = 'drift' | 'workspace' | 'run' | 'snapshot';
/** How often something of each kind changed; grows. */
export type Changes = Readonly<Record<Kind, number>>;

const NOTHING: Changes = { drift: 0, workspace: 0, run: 0, snapshot: 0 };
const KINDS = Object.keys(NOTHING) as Kind[];
const RETRY_MS = 2_000;
/** Bursts of events are told as one: soon at first, then this far apart. */
const SOON_MS = 150;
const APART_MS = 750;
/**
 * The stream tells what is in the log; what is asked for comes from projections that read it a moment later. So what an
 * event is about is told again so long after the last one: what was not there yet then is.
 */
const AGAIN_MS = [600, 2_000, 8_000];

/** Reconnects by itself and reads on where it stopped. `onEvents` gets what came, coalesced. */
export function useLive(onEvents: (events: LiveEvent[]) => void): {
  connection: Connection;
  changes: Changes;
} {
  const [connection, setConnection] = useState<Connection>('connecting');
  const [changes, setChanges] = useState(NOTHING);
  const callback = useRef(onEvents);
  callback.current = onEvents;

  useEffect(() => {
    const controller = new AbortController();
    let pending: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    let told = 0;
    const later = new Map<Kind, ReturnType<typeof setTimeout>[]>();
    const grow = (kinds: readonly Kind[]): void =>
      setChanges((before) => {
        const after = { ...before };
        for (const kind of kinds) after[kind]++;
        return after;
      });
    const flush = (): void => {
      timer = null;
      told = Date.now();
      const events = pending;
      pending = [];
      const kinds = kindsOf(events);
      grow(kinds);
      for (const kind of kinds) {
        later.get(kind)?.forEach(clearTimeout);
        later.set(
          kind,
          AGAIN_MS.map((ms) => setTimeout(() => grow([kind]), ms)),
        );
      }
      callback.current(events);
    };
    const listen = async (): Promise<void> => {
      let lastEventId: string | undefined;
      while (!controller.signal.aborted) {
        try {
          const stream = client.events(
            {},
            {
              signal: controller.signal,
              onOpen: () => setConnection('live'),
              ...(lastEventId ? { lastEventId } : {}),
            },
          );
          for await (const event of stream) {
            lastEventId = event.id;
            pending.push(event);
            timer ??= setTimeout(flush, Math.max(SOON_MS, told + APART_MS - Date.now()));
          }
        } catch (error) {
          if (controller.signal.aborted) return;
          if (error instanceof ApiProblem && error.status === 401) return session.signOut({ refused: true });
        }
        if (controller.signal.aborted) return;
        setConnection('lost');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    };
    void listen();
    return () => {
      controller.abort();
      if (timer) clearTimeout(timer);
      for (const timers of later.values()) timers.forEach(clearTimeout);
    };
  }, []);
  return { connection, changes };
}

/** What may have changed. The start of the stream and a gap in it say that anything may have, told by nothing else. */
function kindsOf(events: LiveEvent[]): readonly Kind[] {
  const told = new Set<string>(events.map((event) => event.kind));
  return told.has('ready') || told.has('reset') ? KINDS : KINDS.filter((kind) => told.has(kind));
}

/** Calls `reload` when something of these kinds changed; not at first, when the page loads anyway, and at most every `apartMs`. */
export function useReloadOn(changes: Changes, kinds: readonly Kind[], reload: () => void, apartMs = 0): void {
  const count = kinds.reduce((sum, kind) => sum + changes[kind], 0);
  const seen = useRef(count);
  const called = useRef(0);
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (count === seen.current) return;
    const timer = setTimeout(
      () => {
        seen.current = count;
        called.current = Date.now();
        latest.current();
      },
      Math.max(0, called.current + apartMs - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [count, apartMs]);
}
