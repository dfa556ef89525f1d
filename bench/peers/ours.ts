// Our detector in its cluster mode: the role's loop on the Kafka log, in a process of its own.
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestant.ts';
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
  work: string;
}

/** Null without a registry. */
export function ours(options: OursOptions): Contestant | null {
  const { brokers, registry, prefix, partitions, work } = options;
  if (registry === null) return null;
  return {
    name: OURS,
    group: `${prefix}driftmgr.drift`,
    drifts: `${prefix}driftmgr.drifts`,
    openDrifts: `${prefix}driftmgr.open-drifts`,
    start: async () =>
      startSpeaking(
        OURS,
        process.execPath,
        [...NODE, PROCESS, JSON.stringify({ brokers, registry, prefix, partitions, work })],
        `${work}/log`,
      ),
    forgetState: () => rm(`${work}/state`, { recursive: true, force: true }),
  };
}
