// A whole system in the cluster mode: its roles as processes of their own on real servers, as `driftmgr run` starts them,
// with names and databases that no other system has.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdminKey } from '../../api/admin-key.ts';
import { type Client, createClient } from '../../api/client.ts';
import { type Role, servesApi } from '../../compose/roles.ts';
import { settings as allSettings } from '../../runtime/config-schema.ts';
import { until } from '../testing/running.ts';
import { inFrontOf } from './in-front.ts';
import { freePorts, type RoleProcess, roleProcess, tailOf } from './role-process.ts';
import { type Addresses, makeRoom, type Room } from './servers.ts';

/** Where ports of roles are looked for. */
const FIRST_PORT = Number(process.env.ROLE_FIRST_PORT ?? 30_100);
/** A graceful stop takes 10 s at most; a machine that is busy with other things gets some more. */
const ENDS_WITHIN_MS = 20_000;

export const FOUR_ROLES: readonly Role[][] = [['producers'], ['processors'], ['projections'], ['api']];
export const TWO_OF_EACH: readonly Role[][] = FOUR_ROLES.flatMap((roles) => [roles, roles]);

export interface ClusterSystem {
  processes: RoleProcess[];
  of(role: Role): RoleProcess[];
  room: Room;
  addresses: Addresses;
  /** For what a test puts beside it. */
  directory: string;
  key: string;
  /** Through whichever API process answers, as through a load balancer. */
  client: Client;
  /** Sends a request to whichever process serves it. */
  send: typeof fetch;
  partitions: number;
  /** Starts more processes. */
  add(roles: Role[], count?: number): Promise<RoleProcess[]>;
  /** The end of each process' log, to standard error. */
  tell(): void;
  stop(): Promise<void>;
}

export interface SystemOptions {
  addresses: Addresses;
  /** Roles of each process. */
  processes?: readonly Role[][];
  /** By path, as in driftmgr.yaml, given the directory. */
  settings?: (directory: string) => Record<string, unknown>;
  partitions?: number;
}

/** All processes are started at once, as a supervisor would, and are ready when it resolves. */
export async function startClusterSystem(options: SystemOptions): Promise<ClusterSystem> {
  const { addresses, processes: wanted = FOUR_ROLES, partitions = 4 } = options;
  const directory = mkdtempSync(join(tmpdir(), 'driftmgr-cluster-'));
  const room = await makeRoom(addresses);
  const environment = {
    ...room.settings,
    DRIFTMGR_PARTITIONS: String(partitions),
    DRIFTMGR_LOG_LEVEL: process.env.ROLE_LOG_LEVEL ?? 'info',
    ...environmentOf(options.settings?.(directory) ?? {}),
  };
  const processes: RoleProcess[] = [];
  const made = (roles: readonly Role[], port: number): RoleProcess => {
    const number = processes.filter((other) => other.roles.join() === roles.join()).length + 1;
    const process = roleProcess({
      name: `${roles.join('-')}-${number}`,
      roles,
      directory,
      port,
      environment,
    });
    mkdirSync(process.data, { recursive: true });
    processes.push(process);
    return process;
  };
  const ports = await freePorts(wanted.length, FIRST_PORT);
  wanted.forEach((roles, index) => {
    made(roles, ports[index]!);
  });
  const tell = (): void => {
    for (const { name, logged } of processes)
      process.stderr.write(`\n--- ${name}, the end of its log\n${tailOf(logged(), 25)}\n`);
  };
  const stop = async (): Promise<void> => {
    const running = processes.filter((process) => process.isRunning());
    for (const process of running) process.send('SIGCONT');
    const ends = await Promise.all(running.map((process) => process.end('SIGTERM', ENDS_WITHIN_MS)));
    const stuck = running.filter((_, index) => ends[index]!.signal === 'SIGKILL');
    if (stuck.length > 0) tell();
    await room.remove();
    if (process.env.KEEP !== undefined) process.stderr.write(`kept: ${directory}\n`);
    else rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    if (stuck.length > 0)
      throw new Error(
        `${stuck.map(({ name }) => name).join(', ')}: no end ${ENDS_WITHIN_MS} ms after SIGTERM`,
      );
  };
  try {
    for (const process of processes) process.start();
    await Promise.all(processes.map((process) => process.ready()));
    const serving = processes.filter(({ roles }) => servesApi(new Set(roles)));
    const key = await until('an admin key', async () =>
      serving.map(({ data }) => readAdminKey(data)).find((found) => found !== null),
    );
    const of = (role: Role): RoleProcess[] => processes.filter(({ roles }) => roles.includes(role));
    const send = inFrontOf({
      api: () => of('api').map(({ url }) => url),
      producers: () => of('producers').map(({ url }) => url),
    });
    return {
      processes,
      of,
      room,
      addresses,
      directory,
      key,
      send,
      client: createClient({ url: 'http://driftmgr', key: () => key, fetch: send }),
      partitions,
      async add(roles, count = 1) {
        const next = Math.max(...processes.map(({ url }) => Number(new URL(url).port))) + 1;
        const added = (await freePorts(count, next)).map((port) => made(roles, port));
        for (const process of added) process.start();
        await Promise.all(added.map((process) => process.ready()));
        return added;
      },
      tell,
      stop,
    };
  } catch (error) {
    tell();
    await Promise.all(processes.map((process) => process.end('SIGKILL')));
    await room.remove().catch(() => undefined);
    throw error;
  }
}

/** Settings by path, as the environment gives them to a process. */
function environmentOf(values: Record<string, unknown>): Record<string, string> {
  const known = new Map(allSettings().map(({ path, environment }) => [path.join('.'), environment]));
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => {
      const name = known.get(path);
      if (name === undefined) throw new Error(`${path} is no setting`);
      const isPlainList = Array.isArray(value) && value.every((each) => typeof each !== 'object');
      return [
        name,
        isPlainList ? value.join(',') : typeof value === 'object' ? JSON.stringify(value) : String(value),
      ];
    }),
  );
}
