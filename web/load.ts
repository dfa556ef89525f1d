// Loading and staying current: a hook that asks the API, and one that listens to live events.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import type { LiveEvent } from '../api/types.ts';
import { client, session } from './session.ts';

interface Answer<T> {
  key: string;
  round: number;
  value: T | null;
  error: Error | null;
}

export interface Loaded<T> {
  value: T | null;
  error: Error | null;
  loading: boolean;
  reload(): void;
}

/** Asks when `key` changes and on reload. What was shown stays while newer is on its way. */
export function useLoad<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Answer<T>>({ key, round: 0, value: null, error: null });
  const [round, setRound] = useState(0);
  const [loading, setLoading] = useState(true);
  const asking = useRef(ask);
  asking.current = ask;

  useEffect(() => {
    const controller = new AbortController();
    setLoading(true);
    asking.current(controller.signal).then(
      (value) => {
        if (controller.signal.aborted) return;
        setState({ key, round, value, error: null });
        setLoading(false);
      },
      (error: Error) => {
        if (controller.signal.aborted) return;
        if (error instanceof ApiProblem && error.status === 401) session.signOut();
        setState((before) => ({ key, round, value: before.key === key ? before.value : null, error }));
        setLoading(false);
      },
    );
    return () => controller.abort();
  }, [key, round]);

  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { value: state.key === key ? state.value : null, error: state.error, loading, reload };
}

export type Connection = 'connecting' | 'live' | 'lost';

const RETRY_MS = 2_000;
/** Bursts of events cause one reload. */
const SETTLE_MS = 150;

/** Calls back, soon after and coalesced, when live events came. Reconnects by itself and reads on where it stopped. */
export function useLive(onEvents: (events: LiveEvent[]) => void): Connection {
  const [connection, setConnection] = useState<Connection>('connecting');
  const callback = useRef(onEvents);
  callback.current = onEvents;

  useEffect(() => {
    const controller = new AbortController();
    let pending: LiveEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const flush = (): void => {
      timer = null;
      const events = pending;
      pending = [];
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
            timer ??= setTimeout(flush, SETTLE_MS);
          }
        } catch (error) {
          if (controller.signal.aborted) return;
          if (error instanceof ApiProblem && error.status === 401) return session.signOut();
        }
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
  return connection;
}
