// Addresses of the pages: the path says which page, the query holds its filters, so that every view can be linked.
import type { MouseEvent, ReactNode } from 'react';
import { useEffect, useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
const notify = (): void => {
  for (const listener of listeners) listener();
};

/** Counts arrivals at a page, filters not included; the heading of the page arrived at takes the focus. */
let arrivals = 0;
let announced = 0;
let leftFrom: Element | null = null;

/** The page that comes next takes the focus. */
export function arrive(): void {
  arrivals++;
  leftFrom = document.activeElement;
}

window.addEventListener('popstate', () => {
  arrive();
  notify();
});

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function navigate(to: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', to);
  else {
    arrive();
    history.pushState(null, '', to);
    window.scrollTo(0, 0);
  }
  notify();
}

/** Path and query of the current address; renders again when they change. */
export function useAddress(): { path: string; query: URLSearchParams } {
  const href = useSyncExternalStore(subscribe, () => location.pathname + location.search);
  const [path = '/', search = ''] = href.split('?');
  return { path, query: new URLSearchParams(search) };
}

/** Sets or (with an empty value) removes filters of the current page. */
export function setFilters(changes: Record<string, string>): void {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(location.pathname + (text === '' ? '' : `?${text}`), { replace: true });
}

/**
 * Calls back once for each arrival at a page, also when its content came later, but never when the reader has meanwhile
 * gone on to something else on the page.
 */
export function useArrival(onArrival: () => void): void {
  const arrival = useSyncExternalStore(subscribe, () => arrivals);
  useEffect(() => {
    if (arrival <= announced) return;
    announced = arrival;
    const active = document.activeElement;
    if (active === null || active === document.body || active === leftFrom) onArrival();
  }, [arrival, onArrival]);
}

/** What took the focus goes away before it was read on from: whatever stands in its place takes it again. */
export function passOn(): void {
  announced = Math.min(announced, arrivals - 1);
  leftFrom = null;
}

interface LinkProps {
  to: string;
  className?: string;
  current?: boolean;
  children: ReactNode;
}

export function Link({ to, className, current, children }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} className={className} aria-current={current ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}

/** Where things are shown. */
export const addressOf = {
  drift: (id: string): string => `/drifts/${encodeURIComponent(id)}`,
  workspace: (name: string, at?: string): string =>
    `/workspaces/${encodeURIComponent(name)}${at ? `?at=${encodeURIComponent(at)}` : ''}`,
};
