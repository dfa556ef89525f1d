// Our detector in its cluster mode: the role's loop on the Kafka log, in a process of its own.
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contestant, Running } from './contestant.ts';
import { OURS } from './report.ts';
import { startSpeaking } from './speaking.ts';

const PROCESS = fileURLToPath(new URL('./ours-process.ts', import.meta.url));

/** As compose/docker-compose.yml runs roles: what is young is collected sooner, which takes a quarter off the memory. */
const NODE = (process.env.PEERS_NODE ?? '--max-semi-space-size=4').split(' ');

export interface OursOptions {
  brokers: string[];
  /** Null: it cannot run, because the log needs the schemas' ids to be those of the input. */
  registry: string | null;
  prefix: string;
  partitions: number;
  /** Of what nobody waits for; Kafka Streams has the same. */
  commitMs: number;
  work: string;
}

interface Processes {
  processes: number;
}

/** Null without a registry. */
export function ours(options: OursOptions & Processes): Contestant | null {
  const { brokers, registry, prefix, partitions, commitMs, work, processes } = options;
  const places = Array.from({ length: processes }, (_, number) => join(work, String(number)));
  if (registry === null) return null;
  return {
    name: OURS,
    group: `${prefix}driftmgr.drift`,
    drifts: `${prefix}driftmgr.drifts`,
    openDrifts: `${prefix}driftmgr.open-drifts`,
    start: async () =>
      together(
        places.map((place) => {
          mkdirSync(place, { recursive: true });
          const given: OursOptions = { brokers, registry, prefix, partitions, commitMs, work: place };
          return startSpeaking(
            OURS,
            process.execPath,
            [...NODE, PROCESS, JSON.stringify(given)],
            `${place}/log`,
            // As the command line does: TypeScript is stripped and compiled at the first start alone.
            { NODE_COMPILE_CACHE: join(work, 'compiled') },
          );
        }),
      ),
    forgetState: async () => {
      for (const place of places) await rm(join(place, 'state'), { recursive: true, force: true });
    },
  };
}

/** Processes that share the work, as one. */
const together = (all: readonly Running[]): Running => ({
  pids: all.flatMap(({ pids }) => pids),
  first: Promise.race(all.map(({ first }) => first)),
  failed: Promise.race(all.map(({ failed }) => failed)),
  stop: async () => {
    await Promise.all(all.map((one) => one.stop()));
  },
});
