// Asking the API: one answer, or pages of a list. What was shown stays until newer is there.
import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/client.ts';
import type { Page } from '../api/types.ts';
import { session } from './session.ts';

interface Answer {
  key: string;
  value: unknown;
}

/** Newest answers by key, so that going back shows at once what was there, at the place it was scrolled to. */
const newest = new Map<string, unknown>();
const NEWEST_KEPT = 40;
session.subscribe(() => newest.clear());

function keep(key: string, value: unknown): void {
  newest.delete(key);
  newest.set(key, value);
  const [oldest] = newest.keys();
  if (newest.size > NEWEST_KEPT && oldest !== undefined) newest.delete(oldest);
}

export interface Loaded<T> {
  /** The newest answer; while the key has changed and its answer is on its way, that of the key before (`stale`). */
  value: T | null;
  stale: boolean;
  error: Error | null;
  reload(): void;
}

/**
 * Asks when `key` changes and on reload. A reload while an answer is on its way asks once more after it, and never
 * instead of it: however fast changes come, answers are shown.
 */
export function useLoad<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [answer, setAnswer] = useState<Answer>(() => ({ key, value: newest.get(key) ?? null }));
  const [error, setError] = useState<Error | null>(null);
  const asking = useRef(ask);
  asking.current = ask;
  const again = useRef<() => void>(() => undefined);

  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    let busy = false;
    let wanted = false;
    const run = async (): Promise<void> => {
      wanted = true;
      if (busy) return;
      busy = true;
      while (wanted && !signal.aborted) {
        wanted = false;
        try {
          const value = await asking.current(signal);
          if (signal.aborted) return;
          keep(key, value);
          setAnswer({ key, value });
          setError(null);
        } catch (failure) {
          if (signal.aborted) return;
          if (failure instanceof ApiProblem && failure.status === 401) session.signOut({ refused: true });
          setError(failure as Error);
        }
      }
      busy = false;
    };
    again.current = () => void run();
    void run();
    return () => controller.abort();
  }, [key]);

  const reload = useCallback(() => again.current(), []);
  const stale = answer.key !== key;
  // After a failure, what stands there would belong to another question.
  const value = stale && error !== null ? null : (answer.value as T | null);
  return { value, stale, error, reload };
}

export interface Pages<T> extends Loaded<T[]> {
  /** More are there than were loaded. */
  more: boolean;
  loadMore(): void;
}

/** Reads so many pages, one after the other. What moved between two pages while they were read is kept once. */
export async function readPages<T>(
  pages: number,
  idOf: (item: T) => string,
  ask: (cursor: string | undefined) => Promise<Page<T>>,
): Promise<Page<T>> {
  const byId = new Map<string, T>();
  let cursor: string | undefined;
  for (let page = 0; page < pages; page++) {
    const { items, next } = await ask(cursor);
    for (const item of items) byId.set(idOf(item), item);
    if (next === null) return { items: [...byId.values()], next };
    cursor = next;
  }
  return { items: [...byId.values()], next: cursor ?? null };
}

/** A list by pages: the first, and as many more as were asked for. A reload asks for all of them anew and shows them at once. */
export function usePages<T>(
  key: string,
  idOf: (item: T) => string,
  ask: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>,
): Pages<T> {
  const [wish, setWish] = useState({ key, pages: 1 });
  const pages = wish.key === key ? wish.pages : 1;
  const { value, reload, ...rest } = useLoad<Page<T>>(key, (signal) =>
    readPages(pages, idOf, (cursor) => ask(cursor, signal)),
  );
  useEffect(() => {
    if (pages > 1) reload();
  }, [pages, reload]);
  const loadMore = useCallback(
    () => setWish((before) => ({ key, pages: (before.key === key ? before.pages : 1) + 1 })),
    [key],
  );
  return {
    ...rest,
    value: value?.items ?? null,
    more: value !== null && value.next !== null,
    reload,
    loadMore,
  };
}
