// Loading again when the live stream told of a change.
import { useEffect, useRef } from 'react';

/** Calls the reloads when `change` grows; not at first, when the page loads anyway. */
export function useReloadOn(change: number, ...reloads: (() => void)[]): void {
  const latest = useRef(reloads);
  latest.current = reloads;
  useEffect(() => {
    if (change > 0) for (const reload of latest.current) reload();
  }, [change]);
}
