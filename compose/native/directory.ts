// What a cluster's directory says of it: its shape, which process runs each server, and who works on it just now.
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftError } from '../../runtime/errors.ts';
import { newClusterId } from './kafka.ts';
import type { ServerName, Shape } from './layout.ts';
import { remembered, startOf } from './processes.ts';

/** Written once: brokers, ports and the cluster's id are part of the data. */
interface Kept {
  brokers: 1 | 3;
  portBase: number;
  only: readonly ServerName[] | null;
  elsewhere: boolean;
  clusterId: string;
}

export interface Wanted {
  brokers?: 1 | 3;
  portBase?: number;
  only?: readonly ServerName[] | null;
  clickHouse?: string | null;
}

export const PORT_BASE = 29_400;

export const pidFile = (directory: string, name: ServerName): string => join(directory, `${name}.pid`);
export const logFile = (directory: string, name: ServerName): string =>
  join(directory, 'logs', `${name}.log`);

export const invalid = (what: string, advice: string): DriftError =>
  new DriftError(what, { code: 'DM_CONFIG_INVALID', retriable: false, public: `${what}. ${advice}` });

export function prepared(path: string): string {
  const directory = resolve(path);
  mkdirSync(join(directory, 'logs'), { recursive: true });
  // The account of Postgres must pass.
  chmodSync(directory, statSync(directory).mode | 0o711);
  return directory;
}

/** The shape of the cluster in the directory; one is laid down there when `make` allows it. */
export function shapeIn(
  directory: string,
  wanted: Wanted,
  make: boolean,
): { shape: Shape; clusterId: string } {
  const file = join(directory, 'cluster.json');
  if (!existsSync(file)) {
    if (!make) throw invalid(`there is no cluster in ${directory}`, 'Start one: npm run cluster -- up');
    const kept: Kept = {
      brokers: wanted.brokers ?? 1,
      portBase: wanted.portBase ?? PORT_BASE,
      only: wanted.only ?? null,
      elsewhere: wanted.clickHouse != null,
      clusterId: newClusterId(),
    };
    writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  }
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Kept;
  for (const name of ['brokers', 'portBase'] as const) {
    if (wanted[name] !== undefined && wanted[name] !== kept[name])
      throw invalid(
        `the cluster in ${directory} was made with ${name} ${kept[name]}, not ${wanted[name]}`,
        'Take another directory, or end that cluster (npm run cluster -- down) and remove its directory.',
      );
  }
  if (kept.elsewhere && wanted.clickHouse == null)
    throw invalid(
      `the cluster in ${directory} was made for a ClickHouse server elsewhere`,
      'Give its address in CLICKHOUSE_URL.',
    );
  const { brokers, portBase, only, clusterId } = kept;
  const clickHouse = kept.elsewhere ? (wanted.clickHouse ?? null) : null;
  return { shape: { brokers, portBase, only, clickHouse }, clusterId };
}

/** Waits until nobody else brings up or ends servers here; the lock of a process that is gone counts for nothing. */
export async function exclusively<T>(directory: string, work: () => Promise<T>): Promise<T> {
  const file = join(directory, 'lock');
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    while (!linked(own, file)) {
      if (remembered(file) === null) rmSync(file, { force: true });
      else await sleep(200);
    }
    try {
      return await work();
    } finally {
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** A link is made whole or not at all: no one ever reads half a lock. */
function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
