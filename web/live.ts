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
const RETRY_MS = 2_000;
/** Bursts of events are told as one: soon at first, then this far apart. */
const SOON_MS = 150;
const APART_MS = 1_500;

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
    const flush = (): void => {
      timer = null;
      told = Date.now();
      const events = pending;
      pending = [];
      setChanges((before) => grown(before, events));
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
    };
  }, []);
  return { connection, changes };
}

function grown(before: Changes, events: LiveEvent[]): Changes {
  const after = { ...before };
  for (const { kind } of events) {
    if (kind in after) after[kind as Kind]++;
    // What happened between the first load and the start of the stream, or in a gap, is told by nothing else.
    else for (const each of Object.keys(after) as Kind[]) after[each]++;
  }
  return after;
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
