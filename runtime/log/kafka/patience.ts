// Requests that are tried again while brokers restart or leaders and coordinators move.
import { setTimeout as sleep } from 'node:timers/promises';
import type Cluster from 'kafkajs/src/cluster/index.js';
import { kafkaError } from './errors.ts';

const PATIENCE_MS = 15_000;
const FIRST_DELAY_MS = 10;
const LONGEST_DELAY_MS = 500;

/**
 * Calls until it succeeds, refreshing what is known of the cluster in between; throws what is for good at once, and
 * after `patienceMs`, or when `isOver`, what it failed with last. The call must be safe to repeat.
 */
export async function patiently<T>(
  what: string,
  cluster: Pick<Cluster, 'refreshMetadata'>,
  call: () => Promise<T>,
  { patienceMs = PATIENCE_MS, isOver = () => false }: { patienceMs?: number; isOver?: () => boolean } = {},
): Promise<T> {
  const began = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await call();
    } catch (cause) {
      const error = kafkaError(what, cause);
      const late = performance.now() - began > patienceMs;
      if (!error.retriable || error.code === 'DM_FENCED' || late || isOver()) throw error;
      await sleep(Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10)));
      await cluster.refreshMetadata().catch(() => undefined);
    }
  }
}
