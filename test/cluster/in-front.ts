// What stands in front of several processes in production: sends a request to one that can serve it, and to another when
// that one does not. States go to the processes that take them, everything else to the API.
import { setTimeout as sleep } from 'node:timers/promises';
import { stopwatch } from './patience.ts';

export interface InFrontOptions {
  api(): readonly string[];
  producers(): readonly string[];
  /** For how long one request is tried, milliseconds. */
  patienceMs?: number;
}

const PATIENCE_MS = 60_000;
const ANSWERS_WITHIN_MS = 15_000;

/** A fetch whose addresses' origin means nothing. What no process serves in time fails as the last try did. */
export function inFrontOf(options: InFrontOptions): typeof fetch {
  const { patienceMs = PATIENCE_MS } = options;
  let turn = 0;
  return async (input, init) => {
    const { pathname, search } = new URL(String(input));
    const passed = stopwatch();
    for (;;) {
      const urls = pathname.startsWith('/tfstate/') ? options.producers() : options.api();
      let failed: unknown = new Error('no process is there to serve it');
      for (const [index] of urls.entries()) {
        const url = urls[(turn + index) % urls.length]!;
        const limits = [AbortSignal.timeout(ANSWERS_WITHIN_MS), init?.signal].filter((each) => each != null);
        try {
          const answer = await fetch(url + pathname + search, { ...init, signal: AbortSignal.any(limits) });
          if (answer.status < 500) return answer;
          failed = new Error(`${init?.method ?? 'GET'} ${pathname}: ${answer.status} ${await answer.text()}`);
        } catch (error) {
          if (init?.signal?.aborted) throw error;
          failed = error;
        }
        turn++;
      }
      if (passed() > patienceMs) throw failed;
      await sleep(100);
    }
  };
}
