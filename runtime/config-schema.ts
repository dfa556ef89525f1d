// The configuration's shape: one row per key with its type, default and meaning. README's table is printed from it.
import type { Static, TObject, TSchema } from 'typebox';
import Type from 'typebox';

const section = <T extends Record<string, TSchema>>(properties: T): TObject<T> =>
  Type.Object(properties, { additionalProperties: false, default: {} });
const text = (description: string, initial?: string): ReturnType<typeof Type.String> =>
  Type.String({ description, ...(initial === undefined ? {} : { default: initial }) });
const optional = (description: string, limits: { minLength?: number } = {}) =>
  Type.Optional(Type.String({ description, ...limits }));
const count = (
  description: string,
  initial: number,
  minimum: number,
  maximum: number,
): ReturnType<typeof Type.Integer> => Type.Integer({ description, default: initial, minimum, maximum });
const list = <T extends TSchema>(items: T, description: string) =>
  Type.Array(items, { description, default: [] });

const minute = 60_000;

export const ConfigurationSchema = section({
  org: Type.String({
    description: 'Organisation: first part of every key.',
    default: 'default',
    pattern: '^[a-z0-9-]{1,64}$',
  }),
  data: text(
    'Directory that holds everything the embedded mode stores; in the cluster mode, what can be made again.',
    './.driftmgr',
  ),
  host: text('Address the API and the dashboard listen on.', '127.0.0.1'),
  port: count('Port of the API and the dashboard; 0 takes a free one.', 8080, 0, 65_535),
  advertise: optional(
    'Base URL under which other processes of the cluster reach this one; without it, where it listens.',
  ),
  partitions: count('Partitions of every topic; fixed when the data directory is created.', 4, 1, 256),
  log: section({
    level: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      description: 'How much is logged (JSON lines on standard error).',
      default: 'info',
    }),
  }),
  terraform: section({
    states: list(
      Type.String(),
      'State files to watch: paths or globs. Never .terraform/, backups or lock files, nor what the http backend has.',
    ),
    pollMs: count('How often watched state files are looked at, milliseconds.', 2_000, 100, 3_600_000),
    maxStateBytes: count('Larger states are refused, bytes.', 256 * 1024 * 1024, 1_024, 2_000_000_000),
    workspaces: list(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          owner: Type.String({ minLength: 1 }),
        },
        { additionalProperties: false },
      ),
      'Who owns which workspace: `name` (a glob) and `owner` (a team). The first match counts.',
    ),
    bindings: list(
      Type.Object(
        {
          workspace: Type.String({ default: '*' }),
          provider: Type.String({ minLength: 1 }),
          alias: Type.Optional(Type.String()),
          account: Type.Optional(Type.String()),
          region: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
      'Where provider configurations point: `workspace` (a glob), `provider` (aws, …), `alias`, `account`, `region`.',
    ),
    configurations: list(
      Type.Object(
        {
          workspace: Type.String({ minLength: 1, maxLength: 512 }),
          directory: Type.String({ minLength: 1 }),
          within: Type.Optional(Type.String({ minLength: 1 })),
        },
        { additionalProperties: false },
      ),
      'Root modules to read .tf files from: `workspace`, `directory`; `within`: nothing outside is read (the Git checkout).',
    ),
    configurationEveryMs: count(
      'How often the files of configurations are looked at, milliseconds.',
      15_000,
      100,
      3_600_000,
    ),
    readers: list(
      Type.Object(
        {
          workspace: Type.String({ default: '*' }),
          provider: Type.String({ minLength: 1 }),
          alias: Type.Optional(Type.String()),
          account: Type.Optional(Type.String({ minLength: 1 })),
          region: Type.Optional(Type.String({ minLength: 1 })),
          environment: Type.Record(Type.String(), Type.String(), { default: {} }),
          configuration: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
          directory: Type.Optional(Type.String({ minLength: 1 })),
          allow: list(Type.String(), 'Types that are read although that returns a secret.'),
          readsPerSecond: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
        },
        { additionalProperties: false },
      ),
      'Providers that may be asked what a resource is now (docs/providers.md): `workspace` (a glob), `provider`, `alias`, `account`, `region`, `environment` (a value `$NAME` is taken from the environment of DriftMgr), `configuration` (the provider block), `directory` (with its lock file), `allow`, `readsPerSecond`.',
    ),
    readsPerSecond: count('How often one account is asked in a second, in all processes.', 20, 1, 10_000),
    providerProcesses: count('Provider processes at once.', 4, 1, 64),
    providerBytes: count(
      'Memory of all provider processes together; one may always run.',
      1_200 * 1024 * 1024,
      16 * 1024 * 1024,
      2 ** 40,
    ),
    providerIdleMs: count(
      'A provider process that had nothing to do for that long is ended, milliseconds.',
      2 * minute,
      1_000,
      24 * 60 * minute,
    ),
    sweep: section({
      everyMs: count(
        'Time between two sweeps of a workspace (all it declares is read anew, where it has a reader), milliseconds; 0: only on request.',
        6 * 60 * minute,
        0,
        30 * 24 * 60 * minute,
      ),
      percent: count('What part of readsPerSecond sweeps may spend, percent.', 10, 1, 75),
    }),
    readMs: count(
      'A provider that answers a read for longer than that is taken for hung, milliseconds.',
      2 * minute,
      100,
      60 * minute,
    ),
  }),
  aws: section({
    cloudtrail: list(Type.String(), 'Directories that hold CloudTrail files as S3 delivers them.'),
    pollMs: count('How often the directories are looked at, milliseconds.', 2_000, 100, 3_600_000),
    pipelines: list(Type.String(), 'Principals (globs over ARNs) that are deploy pipelines.'),
    applyIdentities: list(Type.String(), 'Principals (globs over ARNs) that only Terraform uses.'),
  }),
  reported: section({
    directories: list(
      Type.String(),
      'Directories of changes that others report (docs/feeds-reported.md): .jsonl, .ndjson and .json files.',
    ),
    pollMs: count('How often the directories are looked at, milliseconds.', 2_000, 100, 3_600_000),
    pipelines: list(Type.String(), 'Principals (globs) in reports that are deploy pipelines.'),
    applyIdentities: list(Type.String(), 'Principals (globs) in reports that only Terraform uses.'),
  }),
  digitalocean: section({
    token: optional('API token with read scope; no token, no snapshots.'),
    url: text('Base URL of the API.', 'https://api.digitalocean.com'),
    everyMs: count('Time between two snapshots, milliseconds.', 5 * minute, 1_000, 24 * 60 * minute),
  }),
  detector: section({
    graceMs: count(
      'How long a difference may wait for a state that explains it, milliseconds.',
      minute,
      0,
      24 * 60 * minute,
    ),
    suspectWindowMs: count(
      'How far apart a change and what it explains may be, milliseconds.',
      30 * minute,
      0,
      24 * 60 * minute,
    ),
    maxRunMs: count(
      'A run open for longer counts as stale, milliseconds.',
      120 * minute,
      minute,
      7 * 24 * 60 * minute,
    ),
    completeAccounts: list(
      Type.String(),
      '`provider/account` whose states are all connected: what no state declares there is drift.',
    ),
    rules: list(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          workspace: Type.Optional(Type.String()),
          type: Type.Optional(Type.String()),
          address: Type.Optional(Type.String()),
          path: Type.Optional(Type.String()),
          owner: Type.Optional(Type.String()),
          reason: Type.String({ minLength: 1 }),
          until: Type.Optional(Type.String({ format: 'date-time' })),
          not: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
      'Differences to ignore (still recorded): globs for `workspace`, `type`, `address`, `path`; `reason`, `owner`, `until`; `not` for exceptions.',
    ),
    ignoreFile: optional(
      'File of more such rules, one a line; without it, .driftignore beside driftmgr.yaml where there is one.',
      { minLength: 1 },
    ),
  }),
  kafka: section({
    brokers: list(Type.String(), 'Brokers (host:port) of the cluster mode (`driftmgr run`).'),
    prefix: Type.String({
      description:
        'What the names of this system begin with in Kafka, the registry, Redis and the bucket, where they are shared with others.',
      default: '',
      pattern: '^[A-Za-z0-9._-]{0,64}$',
    }),
    clientId: text('What this process calls itself before the brokers.', 'driftmgr'),
    tls: Type.Boolean({ description: 'Whether brokers are spoken to over TLS.', default: false }),
    mechanism: Type.Enum(['plain', 'scram-sha-256', 'scram-sha-512'], {
      description: 'How user and password are shown to the brokers.',
      default: 'scram-sha-512',
    }),
    username: optional('User at the brokers; without one, none is shown.'),
    password: optional('Password of that user.'),
    replication: count('Copies of every topic, when it is created; no more than there are brokers.', 3, 1, 9),
  }),
  registry: section({
    url: optional('Confluent-compatible schema registry; the cluster mode needs one.'),
  }),
  redis: section({
    url: optional('Redis server (redis:// or rediss://); the cluster mode needs one.'),
  }),
  blobs: section({
    bucket: optional('S3 bucket for encrypted originals; without it they stand under the data directory.'),
    endpoint: optional('S3-compatible server; without it, AWS.'),
    region: text('Region of the bucket.', 'us-east-1'),
    accessKeyId: optional('Access key of the bucket; without it, what the AWS SDK finds by itself.'),
    secretAccessKey: optional('Secret of that access key.'),
  }),
  postgres: section({
    url: optional('PostgreSQL server; without it the embedded one is started.'),
  }),
  clickhouse: section({
    url: optional('ClickHouse server; without it the embedded one is opened.'),
  }),
  jwt: section({
    secret: optional('Secret (HS256) of accepted bearer tokens.', { minLength: 32 }),
    publicKey: optional('Public key (RS256, PEM) of accepted bearer tokens.'),
  }),
});

export type Configuration = Static<typeof ConfigurationSchema>;

export interface Setting {
  /** Where it stands in driftmgr.yaml: `aws.cloudtrail`. */
  path: string[];
  /** `DRIFTMGR_AWS_CLOUDTRAIL`; lists are separated by commas, lists of objects are JSON. */
  environment: string;
  schema: TSchema & { description?: string; default?: unknown; type?: string; items?: { type?: string } };
}

/** Every key, in order. */
export function settings(schema: TObject = ConfigurationSchema, path: string[] = []): Setting[] {
  return Object.entries(schema.properties as Record<string, Setting['schema']>).flatMap(([name, member]) => {
    const at = [...path, name];
    if (member.type === 'object') return settings(member as TObject & Setting['schema'], at);
    return [{ path: at, environment: environmentName(at), schema: member }];
  });
}

const environmentName = (path: string[]): string =>
  `DRIFTMGR_${path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join('_')}`;
