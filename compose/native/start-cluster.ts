// The native cluster as a value: brings its servers up in parallel, and kills, pauses and starts single ones.
//
// All that is known of a cluster is in its directory: its shape, and for each server the process that runs it. So the
// command line and several tests can work on the same one, one after another.
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftError } from '../../runtime/errors.ts';
import { clickHouse } from './clickhouse.ts';
import { debianPackages, kafkaJars, pythonEnvironment, registryFiles, type Say } from './downloads.ts';
import { broker, newClusterId } from './kafka.ts';
import { environmentOf, ownClickHouse, type ServerName, type Shape, serversOf } from './layout.ts';
import { postgres, postgresPackage } from './postgres.ts';
import { ended, endProcess, forget, launch, remember, remembered, send, startOf } from './processes.ts';
import { redis, redisPackage } from './redis.ts';
import { javaFor, registry } from './registry.ts';
import { s3 } from './s3.ts';
import type { Server } from './server.ts';

export interface ClusterOptions {
  /** Default: what the directory's cluster has, else 1. */
  brokers?: 1 | 3;
  directory: string;
  portBase?: number;
  say?: Say;
  environment?: NodeJS.ProcessEnv;
}

export interface Cluster {
  shape: Shape;
  servers: ServerName[];
  /** KAFKA_BROKERS, REGISTRY_URL, … */
  env: Record<string, string>;
  /** kill -9; returns when the process is gone. */
  kill(name: ServerName): Promise<void>;
  /** SIGSTOP; `start` lets it go on. */
  pause(name: ServerName): Promise<void>;
  /** Starts it, or lets it go on; returns when it serves. */
  start(name: ServerName): Promise<void>;
  /** Ends what this call and its `start` brought up, and leaves alone what ran before. */
  stop(): Promise<void>;
}

export const PORT_BASE = 29_400;
const HEALTHY_WITHIN_MS = 180_000;
const SAY_AGAIN_MS = 10_000;
const PATIENCE_MS = 15_000;

interface Kept {
  brokers: 1 | 3;
  portBase: number;
  clusterId: string;
  ownClickHouse: boolean;
}

/** Brings up what is not up yet. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const say = options.say ?? (() => undefined);
  const directory = resolve(options.directory);
  mkdirSync(join(directory, 'logs'), { recursive: true });
  // The account of Postgres must pass.
  chmodSync(directory, statSync(directory).mode | 0o711);
  const release = await exclusively(directory);
  const started = new Set<ServerName>();
  const cluster = await open(directory, options, say, started);
  try {
    const begun = await Promise.allSettled(
      cluster.servers.map(async (name) => {
        if (await cluster.bringUp(name)) started.add(name);
      }),
    );
    const failed = begun.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (failed.length > 0) {
      await cluster.stop();
      if (failed.length === 1) throw failed[0];
      throw new AggregateError(
        failed,
        failed.map((error) => (error instanceof Error ? error.message : String(error))).join('\n'),
      );
    }
  } finally {
    release();
  }
  return cluster;
}

/** A cluster that was started before, as it is; DM_CONFIG_INVALID when there is none in the directory. */
export const openCluster = (options: ClusterOptions): Promise<Cluster> => attach(options);

async function attach(options: ClusterOptions): Promise<OpenCluster> {
  const directory = resolve(options.directory);
  if (keptIn(directory) === null)
    throw invalid(`there is no cluster in ${directory}`, 'Start one: npm run cluster -- up');
  return open(directory, options, options.say ?? (() => undefined), new Set());
}

export interface Status {
  name: ServerName;
  pid: number | null;
  healthy: boolean;
}

export async function statusOf(options: ClusterOptions): Promise<Status[]> {
  const directory = resolve(options.directory);
  const cluster = await attach(options);
  return Promise.all(
    cluster.servers.map(async (name) => {
      const identity = remembered(pidFile(directory, name));
      return {
        name,
        pid: identity?.pid ?? null,
        healthy: identity !== null && (await cluster.healthy(name)),
      };
    }),
  );
}

/** Ends every server that was started in the directory, whoever started it. */
export async function endCluster(directory: string, say: Say): Promise<void> {
  const cluster = await attach({ directory, say });
  await Promise.all(cluster.servers.map((name) => cluster.end(name)));
}

interface OpenCluster extends Cluster {
  /** False when it was up. */
  bringUp(name: ServerName): Promise<boolean>;
  healthy(name: ServerName): Promise<boolean>;
  end(name: ServerName): Promise<void>;
}

async function open(
  directory: string,
  options: ClusterOptions,
  say: Say,
  started: Set<ServerName>,
): Promise<OpenCluster> {
  const kept = keep(directory, options);
  const environment = options.environment ?? process.env;
  const given = environment.CLICKHOUSE_URL;
  const shape: Shape = {
    brokers: kept.brokers,
    portBase: kept.portBase,
    clickHouse: kept.ownClickHouse ? null : (given ?? null),
  };
  const servers = serversOf({ ...shape, clickHouse: kept.ownClickHouse ? null : 'elsewhere' });
  const server = parts(directory, kept, shape, say);
  const log = (name: ServerName): string => join(directory, 'logs', `${name}.log`);

  async function bringUp(name: ServerName): Promise<boolean> {
    const file = pidFile(directory, name);
    const running = remembered(file);
    const part = await server(name);
    if (running !== null) {
      send(running, 'SIGCONT');
      await untilHealthy(part, () => remembered(file) !== null, log(name), say);
      return false;
    }
    await part.prepare?.();
    for (let attempt = 1; ; attempt++) {
      const from = existsSync(log(name)) ? statSync(log(name)).size : 0;
      const identity = launch({ ...part.command(), log: log(name) });
      remember(file, identity);
      try {
        await untilHealthy(part, () => startOf(identity.pid) === identity.started, log(name), say);
        break;
      } catch (error) {
        await endProcess(identity, 'SIGKILL', 0);
        forget(file);
        const said = readFileSync(log(name)).subarray(from).toString();
        if (attempt === 20 || part.again === undefined || !part.again.test(said)) throw error;
        await sleep(500);
      }
    }
    await part.finish?.();
    say(`${name} serves`);
    return true;
  }

  async function end(name: ServerName): Promise<void> {
    const file = pidFile(directory, name);
    const identity = remembered(file);
    if (identity !== null) {
      await endProcess(identity, (await server(name)).endsBy, PATIENCE_MS);
      say(`${name} has ended`);
    }
    forget(file);
    started.delete(name);
  }

  function running(name: ServerName) {
    const identity = remembered(pidFile(directory, name));
    if (identity === null)
      throw invalid(`${name} does not run in ${directory}`, `Start it: npm run cluster -- start ${name}`);
    return identity;
  }

  return {
    shape,
    servers,
    env: environmentOf(shape),
    bringUp,
    end,
    async healthy(name) {
      try {
        return await (await server(name)).healthy();
      } catch {
        return false;
      }
    },
    async kill(name) {
      const identity = running(name);
      send(identity, 'SIGKILL');
      if (!(await ended(identity, 10_000))) throw new Error(`${name} (${identity.pid}) does not end`);
    },
    async pause(name) {
      send(running(name), 'SIGSTOP');
    },
    async start(name) {
      if (!servers.includes(name))
        throw invalid(`the cluster in ${directory} has no ${name}`, `It has: ${servers.join(', ')}`);
      if (await bringUp(name)) started.add(name);
    },
    async stop() {
      await Promise.all([...started].map(end));
    },
  };
}

const pidFile = (directory: string, name: ServerName): string => join(directory, `${name}.pid`);

/** How each server is made; what it runs from is fetched when it is first needed, once. */
function parts(directory: string, kept: Kept, shape: Shape, say: Say): (name: ServerName) => Promise<Server> {
  const { portBase } = shape;
  const folder = (name: string): string => join(directory, name);
  const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
    let made: Promise<T> | null = null;
    return () => (made ??= make());
  };
  const jars = once(() => kafkaJars(say));
  const python = once(() => pythonEnvironment(say));
  const java = once(async () => javaFor(await python()));
  const packages = once(() => debianPackages([redisPackage, postgresPackage], say));
  return async (name) => {
    switch (name) {
      case 'registry':
        return registry({
          portBase,
          folder: folder(name),
          files: await registryFiles(say),
          java: await java(),
        });
      case 'postgres':
        await packages();
        return postgres({ portBase, folder: folder(name) });
      case 'redis':
        await packages();
        return redis({ portBase, folder: folder(name) });
      case 'clickhouse':
        return clickHouse({ portBase, folder: folder(name) });
      case 's3':
        return s3({ portBase, folder: folder(name), environment: await python() });
      default:
        return broker({
          shape,
          number: Number(name.slice('kafka-'.length)),
          folder: folder(name),
          clusterId: kept.clusterId,
          jars: await jars(),
        });
    }
  };
}

async function untilHealthy(part: Server, runs: () => boolean, log: string, say: Say): Promise<void> {
  const begun = performance.now();
  let said = begun;
  for (;;) {
    const healthy = await part.healthy().catch(() => false);
    if (healthy) {
      // Someone else on the same port would look healthy too.
      if (runs()) return;
    }
    if (!runs()) throw failed(`${part.name} ended while it was started`, log);
    const now = performance.now();
    if (now - begun > HEALTHY_WITHIN_MS)
      throw failed(`${part.name} does not serve after ${HEALTHY_WITHIN_MS / 1000} s`, log);
    if (now - said > SAY_AGAIN_MS) {
      said = now;
      say(`waiting for ${part.name} (${Math.round((now - begun) / 1000)} s)`);
    }
    await sleep(100);
  }
}

function failed(what: string, log: string): DriftError {
  const end = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n') : '';
  return new DriftError(what, {
    code: 'DM_INTERNAL',
    retriable: false,
    public: `${what}. The end of ${log}:\n${end}`,
  });
}

const invalid = (what: string, advice: string): DriftError =>
  new DriftError(what, { code: 'DM_CONFIG_INVALID', retriable: false, public: `${what}. ${advice}` });

const clusterFile = (directory: string): string => join(directory, 'cluster.json');

function keptIn(directory: string): Kept | null {
  if (!existsSync(clusterFile(directory))) return null;
  return JSON.parse(readFileSync(clusterFile(directory), 'utf8')) as Kept;
}

/** A directory's cluster keeps its shape: brokers and ports are written into its data. */
function keep(directory: string, options: ClusterOptions): Kept {
  const kept = keptIn(directory);
  if (kept !== null) {
    for (const name of ['brokers', 'portBase'] as const) {
      const wanted = options[name];
      if (wanted !== undefined && wanted !== kept[name])
        throw invalid(
          `the cluster in ${directory} was made with ${name} ${kept[name]}, not ${wanted}`,
          'Take another directory, or end it (npm run cluster -- down) and remove this one.',
        );
    }
    return kept;
  }
  const portBase = options.portBase ?? PORT_BASE;
  const given = (options.environment ?? process.env).CLICKHOUSE_URL;
  const made: Kept = {
    brokers: options.brokers ?? 1,
    portBase,
    clusterId: newClusterId(),
    ownClickHouse: given === undefined || given === '' || given === ownClickHouse(portBase),
  };
  writeFileSync(clusterFile(directory), `${JSON.stringify(made, null, 2)}\n`);
  return made;
}

/** One `up` at a time for a directory; the lock of a process that is gone counts for nothing. */
async function exclusively(directory: string): Promise<() => void> {
  const file = join(directory, 'up.lock');
  for (;;) {
    try {
      closeSync(openSync(file, 'wx'));
      remember(file, { pid: process.pid, started: startOf(process.pid)! });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (remembered(file) === null) rmSync(file, { force: true });
      else await sleep(200);
    }
  }
}
