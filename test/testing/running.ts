// The whole embedded system inside the test process, on a directory of its own, as `driftmgr up` puts it together.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readAdminKey } from '../../api/admin-key.ts';
import type { Client } from '../../api/client.ts';
import { createClient } from '../../api/client.ts';
import type { Running } from '../../compose/run-system.ts';
import { runEmbedded } from '../../compose/run-system.ts';
import { topology } from '../../compose/topology.ts';
import { systemClock } from '../../runtime/clock.ts';
import { loadConfiguration } from '../../runtime/config.ts';
import { createLogger } from '../../runtime/telemetry.ts';
import { placeDatabase } from '../../runtime/testing/made-database.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';

export interface Started {
  url: string;
  /** The first admin key. */
  key: string;
  client: Client;
  /** Holds `data` and whatever a test puts beside it. */
  directory: string;
  data: string;
  running: Running;
  /** Everything that was logged, JSON lines. */
  logged: string[];
  /** Until all readers have read what is in the log now, and what they say to it; others may go on writing. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * `configure`: settings by path, given the directory. `kept`: a directory to start in, which stays when it stops; else a
 * new one that goes away. `environment`: of the process, besides its key. Logs everything, so that tests see what a careless level would show.
 */
export async function startWhole(
  configure: (directory: string) => Record<string, unknown> = () => ({}),
  kept?: string,
  environment: Record<string, string> = {},
): Promise<Started> {
  const folder = kept === undefined ? temporaryFolder() : { path: kept, remove: () => undefined };
  const logged: string[] = [];
  try {
    const data = join(folder.path, 'data');
    mkdirSync(data, { recursive: true });
    if (!existsSync(join(data, 'postgres'))) await placeDatabase(join(data, 'postgres'));
    const running = await runEmbedded({
      configuration: loadConfiguration({
        environment: {},
        overrides: { data, port: 0, partitions: 2, ...configure(folder.path) },
      }),
      environment: { DRIFTMGR_KEY: '5a'.repeat(32), ...environment },
      logger: createLogger({ level: 'trace', destination: { write: (line) => void logged.push(line) } }),
      once: false,
    });
    const key = readAdminKey(data);
    if (running.url === null || key === null) throw new Error('it started without an API');
    return {
      url: running.url,
      key,
      client: createClient({ url: running.url, key: () => key }),
      directory: folder.path,
      data,
      running,
      logged,
      async settled() {
        // What sources said, then what processors said to it.
        for (let round = 0; round < 2; round++) await readUpTo(running, await endsOf(running));
      },
      async stop() {
        await running.stop();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}

const READERS = [...topology.processors, ...topology.reactors, ...topology.projections];

/** How many records there are ever for each reader to read. */
async function endsOf({ adapters: { log } }: Running): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const { name, reads } of READERS)
    for (const topic of reads)
      for (let partition = 0; partition < log.partitions; partition++)
        ends.set(name, (ends.get(name) ?? 0) + (await log.end(topic, partition)));
  return ends;
}

const readUpTo = (running: Running, wanted: Map<string, number>): Promise<boolean> =>
  until('readers to come this far', async () => {
    // Ends first: what was written meanwhile then counts as not read.
    const ends = await endsOf(running);
    const readers = await running.readers();
    return readers.every(({ name, lag }) => ends.get(name)! - lag >= wanted.get(name)!);
  });

/** Asks again and again until the answer is one; fails with `what` after `withinMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  withinMs = 30_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
    await systemClock.sleep(20);
  }
}
