// Kafka Streams: builds the application in streams/ with Maven and runs it.
import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Contestant } from './contestant.ts';
import type { Options } from './options.ts';
import { STREAMS } from './report.ts';
import { startSpeaking } from './speaking.ts';

const PROJECT = fileURLToPath(new URL('./streams', import.meta.url));
const SCHEMAS = fileURLToPath(new URL('../../schemas', import.meta.url));
const MAIN = 'io.driftmgr.peers.Main';

export function buildStreams(): void {
  const built = spawnSync('mvn', ['-q', '-B', 'package'], { cwd: PROJECT, encoding: 'utf8' });
  if (built.error) throw new Error('mvn was not found: install Maven and a JDK 17', { cause: built.error });
  if (built.status !== 0)
    throw new Error(`mvn package failed in bench/peers/streams:\n${built.stdout}${built.stderr}`);
}

export interface StreamsOptions
  extends Pick<Options, 'brokers' | 'commitMs' | 'threads' | 'java' | 'partitions'> {
  /** Prefix of the topics of the input; those it writes, and its internal ones, have `streams.` besides. */
  prefix: string;
  schemaIds: string;
  /** A directory of its own. */
  work: string;
}

export function streams(options: StreamsOptions): Contestant {
  const own = `${options.prefix}streams`;
  const state = `${options.work}/state`;
  const settings = {
    brokers: options.brokers.join(','),
    application: own,
    'input-prefix': options.prefix,
    'output-prefix': `${own}.`,
    state,
    schemas: SCHEMAS,
    'schema-ids': options.schemaIds,
    'commit-ms': options.commitMs,
    threads: options.threads,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return {
    name: STREAMS,
    group: own,
    drifts: `${own}.driftmgr.drifts`,
    openDrifts: `${own}.driftmgr.open-drifts`,
    start: async () =>
      startSpeaking(
        STREAMS,
        'java',
        [
          ...options.java,
          '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
          '-cp',
          `${PROJECT}/target/peers-streams.jar:${PROJECT}/target/lib/*`,
          MAIN,
          ...args,
        ],
        `${options.work}/log`,
      ),
    forgetState: () => rm(state, { recursive: true, force: true }),
  };
}
