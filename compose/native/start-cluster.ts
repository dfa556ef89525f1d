// The native cluster as a value: brings its servers up in parallel, and kills, pauses and starts single ones.
//
// All that is known of a cluster is in its directory. So the command line and several tests can work on the same one, one
// after another.
import { resolve } from 'node:path';
import { bringUp } from './bring-up.ts';
import { exclusively, invalid, logFile, pidFile, prepared, shapeIn, type Wanted } from './directory.ts';
import type { Say } from './downloads.ts';
import { environmentOf, portOf, type ServerName, type Shape, serversOf } from './layout.ts';
import { type Parts, partsOf } from './parts.ts';
import { ended, endProcess, forget, type Identity, remembered, send } from './processes.ts';

/** What is not given is as the directory's cluster has it, else one broker, every server, and the usual ports. */
export interface ClusterOptions extends Wanted {
  directory: string;
  /** Gets a line for each thing of note. */
  say?: Say;
}

export interface Cluster {
  servers: ServerName[];
  /** KAFKA_BROKERS, REGISTRY_URL, … of the servers that it has. */
  env: Record<string, string>;
  /** kill -9; returns when the process is gone. */
  kill(name: ServerName): Promise<void>;
  /** SIGSTOP; `start` lets it go on. */
  pause(name: ServerName): Promise<void>;
  /** Starts it, or lets it go on; returns when it serves. */
  start(name: ServerName): Promise<void>;
  /** Ends what this call and its `start` brought up; what ran before runs on. */
  stop(): Promise<void>;
  /** Ends all of it, whoever brought it up. */
  end(): Promise<void>;
  status(): Promise<Status[]>;
}

export interface Status {
  name: ServerName;
  pid: number | null;
  serves: boolean;
}

/** How long a server may take to end in order before it is ended by force. */
const PATIENCE_MS = 15_000;

/** How it is asked to end. Postgres would wait for its clients at SIGTERM; so it cuts them off and writes everything. */
const endsBy = (name: ServerName): NodeJS.Signals => (name === 'postgres' ? 'SIGINT' : 'SIGTERM');

/** Brings up what is not up yet; when one server fails, ends what was brought up. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const directory = prepared(options.directory);
  return exclusively(directory, async () => {
    const { shape, clusterId } = shapeIn(directory, options, true);
    const cluster = clusterIn(directory, shape, clusterId, options.say);
    const begun = await Promise.allSettled(cluster.servers.map((name) => cluster.start(name)));
    const errors = begun.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []));
    if (errors.length === 0) return cluster;
    await cluster.stop();
    throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'several servers did not start');
  });
}

/** A cluster that was started before, as it is; DM_CONFIG_INVALID when there is none in the directory. */
export function openCluster(options: ClusterOptions): Cluster {
  const directory = resolve(options.directory);
  const { shape, clusterId } = shapeIn(directory, options, false);
  return clusterIn(directory, shape, clusterId, options.say);
}

function clusterIn(directory: string, shape: Shape, clusterId: string, say: Say = () => undefined): Cluster {
  const servers = serversOf(shape);
  const part: Parts = partsOf({ directory, shape, servers, clusterId, say });
  const ours = new Set<ServerName>();

  async function end(name: ServerName): Promise<void> {
    const identity = remembered(pidFile(directory, name));
    if (identity !== null) {
      await endProcess(identity, endsBy(name), PATIENCE_MS);
      say(`${name} has ended`);
    }
    forget(pidFile(directory, name));
    ours.delete(name);
  }

  function running(name: ServerName): Identity {
    const identity = remembered(pidFile(directory, name));
    if (identity !== null) return identity;
    throw invalid(`${name} does not run in ${directory}`, `Start it: npm run cluster -- start ${name}`);
  }

  return {
    servers,
    env: environmentOf(shape),
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
      await bringUp({
        server: await part(name),
        port: portOf(name, shape.portBase),
        pidFile: pidFile(directory, name),
        log: logFile(directory, name),
        say,
        begun: () => ours.add(name),
      });
    },
    async stop() {
      await Promise.all([...ours].map(end));
    },
    async end() {
      await exclusively(directory, async () => {
        await Promise.all(servers.map(end));
      });
    },
    status: () =>
      Promise.all(
        servers.map(async (name) => {
          const pid = remembered(pidFile(directory, name))?.pid ?? null;
          const serves = pid !== null && (await (await part(name)).healthy().catch(() => false));
          return { name, pid, serves };
        }),
      ),
  };
}
