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
  /** URL of a ClickHouse that someone else runs; null: ours. */
  clickHouse: string | null;
}

const HOST = '127.0.0.1';
/** Distance of a server's port from the base. The space between leaves room to see at a glance who listens. */
const OFFSETS: Record<Exclude<ServerName, `kafka-${number}`>, number> = {
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
    if (name.startsWith('kafka-')) return Number(name.slice(6)) <= shape.brokers;
    return name !== 'clickhouse' || shape.clickHouse === null;
  });
}

export function portOf(name: ServerName, portBase: number): number {
  if (name.startsWith('kafka-')) return portBase + Number(name.slice(6));
  return portBase + OFFSETS[name as keyof typeof OFFSETS];
}

export const controllerPort = (broker: number, portBase: number): number => portBase + 10 + broker;
export const registryManagementPort = (portBase: number): number => portOf('registry', portBase) + 1;

export const ownClickHouse = (portBase: number): string =>
  `http://default@${HOST}:${portOf('clickhouse', portBase)}/driftmgr`;

/** What a process must know to use the cluster. */
export function environmentOf(shape: Shape): Record<string, string> {
  const at = (name: ServerName): string => `${HOST}:${portOf(name, shape.portBase)}`;
  return {
    KAFKA_BROKERS: brokerNumbers(shape.brokers)
      .map((broker) => at(`kafka-${broker}` as ServerName))
      .join(','),
    REGISTRY_URL: `http://${at('registry')}/apis/ccompat/v7`,
    POSTGRES_URL: `postgres://driftmgr@${at('postgres')}/driftmgr`,
    CLICKHOUSE_URL: shape.clickHouse ?? ownClickHouse(shape.portBase),
    REDIS_URL: `redis://${at('redis')}/0`,
    S3_URL: `http://${ACCESS_KEY}:${SECRET_KEY}@${at('s3')}/${BUCKET}`,
  };
}

/** The same as lines for a shell: `eval "$(… env)"`. */
export const shellLines = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join('');
