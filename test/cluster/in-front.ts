// What stands in front of several processes in production: each request goes to the next of those that serve it, and to
// another only when that one cannot be reached. One that answers is believed: its 5xx is tried again with itself, so that a
// process which does not hand Terraform's states on to their owner shows. All that serve the API take states.
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
    const isState = pathname.startsWith('/tfstate/');
    const passed = stopwatch();
    for (let at = turn++; ; ) {
      const urls = isState ? [...options.producers(), ...options.api()] : options.api();
      const url = urls[at % urls.length];
      if (url === undefined) throw new Error(`no process is there to serve ${pathname}`);
      const limits = [AbortSignal.timeout(ANSWERS_WITHIN_MS), init?.signal].filter((each) => each != null);
      let failed: unknown;
      try {
        const answer = await fetch(url + pathname + search, { ...init, signal: AbortSignal.any(limits) });
        if (answer.status < 500) return answer;
        failed = new Error(
          `${init?.method ?? 'GET'} ${url}${pathname}: ${answer.status} ${await answer.text()}`,
        );
      } catch (error) {
        if (init?.signal?.aborted) throw error;
        failed = error;
        at++;
      }
      if (passed() > patienceMs) throw failed;
      await sleep(100);
    }
  };
}
