// Where everything of one native cluster is: names, ports, addresses, folders. Pure.

export const SERVERS = [
  'kafka-1',
  'kafka-2',
  'kafka-3',
  'registry',
  'postgres',
  'redis',
  'clickhouse',
  's3',
] as const;
export type ServerName = (typeof SERVERS)[number];

export interface Shape {
  brokers: 1 | 3;
  portBase: number;
  /** Only these; null: all. */
  only: readonly ServerName[] | null;
  /** URL of a ClickHouse that someone else runs; null: ours. */
  clickHouse: string | null;
}

const HOST = '127.0.0.1';
/** Distance of a server's port from the base. The space between leaves room to see at a glance who listens. */
const OFFSETS: Record<ServerName, number> = {
  'kafka-1': 1,
  'kafka-2': 2,
  'kafka-3': 3,
  registry: 20,
  postgres: 30,
  redis: 40,
  clickhouse: 50,
  s3: 60,
};
/** One cluster takes the ports from its base to this many above it. */
export const PORTS = 70;

export const BUCKET = 'driftmgr';
export const ACCESS_KEY = 'driftmgr';
/** Not a secret: the server it opens listens on the loopback address and holds what tests wrote. */
export const SECRET_KEY = 'native-cluster';

export const isServerName = (name: string): name is ServerName =>
  (SERVERS as readonly string[]).includes(name);

export const brokerNumbers = (brokers: 1 | 3): number[] => (brokers === 1 ? [1] : [1, 2, 3]);

/** Which servers a cluster of this shape has. */
export function serversOf(shape: Shape): ServerName[] {
  return SERVERS.filter((name) => {
    if (shape.only !== null && !shape.only.includes(name)) return false;
    if (name.startsWith('kafka-')) return Number(name.slice(6)) <= shape.brokers;
    return name !== 'clickhouse' || shape.clickHouse === null;
  });
}

export const portOf = (name: ServerName, portBase: number): number => portBase + OFFSETS[name];
export const controllerPort = (broker: number, portBase: number): number => portBase + 10 + broker;
export const registryManagementPort = (portBase: number): number => portOf('registry', portBase) + 1;

export const ownClickHouse = (portBase: number): string =>
  `http://default@${HOST}:${portOf('clickhouse', portBase)}/driftmgr`;

/** What a process must know to use the cluster: only what there is. */
export function environmentOf(shape: Shape): Record<string, string> {
  const at = (name: ServerName): string => `${HOST}:${portOf(name, shape.portBase)}`;
  const servers = serversOf(shape);
  const brokers = servers.filter((name) => name.startsWith('kafka-')).map(at);
  const environment: Record<string, string> = {};
  if (brokers.length > 0) environment.KAFKA_BROKERS = brokers.join(',');
  if (servers.includes('registry')) environment.REGISTRY_URL = `http://${at('registry')}/apis/ccompat/v7`;
  if (servers.includes('postgres'))
    environment.POSTGRES_URL = `postgres://driftmgr@${at('postgres')}/driftmgr`;
  if (shape.clickHouse !== null) environment.CLICKHOUSE_URL = shape.clickHouse;
  else if (servers.includes('clickhouse')) environment.CLICKHOUSE_URL = ownClickHouse(shape.portBase);
  if (servers.includes('redis')) environment.REDIS_URL = `redis://${at('redis')}/0`;
  if (servers.includes('s3')) environment.S3_URL = `http://${ACCESS_KEY}:${SECRET_KEY}@${at('s3')}/${BUCKET}`;
  return environment;
}

/** The same as lines for a shell: `eval "$(… env)"`. */
export const shellLines = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
