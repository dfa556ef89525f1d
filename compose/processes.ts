// The processes of the system, as they tell of themselves: each says every second what it runs and how that stands, where
// all can read it, and is forgotten when it is silent.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessJson } from '../api/types.ts';
import type { Cache } from '../runtime/cache/cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/telemetry.ts';
import { createHeard } from './heard.ts';

const EVERY_MS = 1_000;
const FORGOTTEN_MS = 5_000;
const PREFIX = 'process/';
/** Base URL of the process that takes Terraform's states. */
const OWNER = 'terraform/owner';

export interface Processes {
  /** All that live, this one included; only this one while others cannot be heard of. */
  list(): Promise<ProcessJson[]>;
  /** Where Terraform's states are taken, as last heard; null when it was never heard. */
  backendOwner(): Promise<string | null>;
  stop(): Promise<void>;
}

export interface ProcessesOptions {
  cache: Cache;
  clock: Clock;
  logger: Logger;
  /** How this process stands now. */
  self(): Promise<ProcessJson>;
  /** Under which URL others reach it, when it takes Terraform's states; null when it does not. */
  owns(): string | null;
}

export function tellOfProcess(options: ProcessesOptions): Processes {
  const { cache, clock, logger, self } = options;
  const understood = createHeard(logger);
  const stop = new AbortController();
  let owner: string | null = null;
  /** Where this process has told of itself; null before it has. */
  let told: string | null = null;

  async function tell(): Promise<void> {
    const mine = await self();
    told = PREFIX + mine.id;
    await cache.put(told, JSON.stringify(mine), FORGOTTEN_MS);
    const url = options.owns();
    if (url !== null) await cache.put(OWNER, url, FORGOTTEN_MS);
  }

  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await tell();
      } catch (error) {
        // How it stands needs the log: while that is away the others hear nothing of this process, which is true.
        logger.debug({ err: error }, 'could not say how this process stands');
      }
      await sleep(EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    if (told !== null) await cache.remove(told);
  }

  const running = run();
  return {
    async list() {
      const [mine, heard] = await Promise.all([self(), cache.list(PREFIX)]);
      const others = understood.processes(heard ?? new Map()).filter(({ id }) => id !== mine.id);
      return [{ ...mine, seenAt: new Date(clock.now()).toISOString() }, ...others];
    },
    async backendOwner() {
      const found = await cache.get(OWNER);
      if (found.known) owner = found.value === null ? null : understood.url(OWNER, found.value);
      return owner;
    },
    async stop() {
      stop.abort();
      await running;
    },
  };
}
