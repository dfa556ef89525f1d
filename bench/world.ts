// What every scenario runs on: the embedded system on a temporary directory, with projections, fed like a source feeds it.
import { readAdminKey } from '../api/admin-key.ts';
import { caughtUp } from '../compose/caught-up.ts';
import { passingKey } from '../compose/inputs.ts';
import type { Running } from '../compose/run-system.ts';
import { runEmbedded } from '../compose/run-system.ts';
import { systemClock } from '../runtime/clock.ts';
import { loadConfiguration } from '../runtime/config.ts';
import type { NewRecord } from '../runtime/log/log.ts';
import { createLogger } from '../runtime/telemetry.ts';
import type { Event } from '../schemas/index.ts';
import { canonical, fingerprintOfCanonical, placement, recordKey, topicOf } from '../schemas/index.ts';

export interface World {
  running: Running;
  url: string;
  key: string;
  /** Encodes and appends, as a source's publish does; broadcasts go to every partition. */
  append(events: Feed[]): Promise<void>;
  /** The records of an event, encoded; to be appended as they are or with another time. */
  encode(feed: Feed): NewRecord[];
  /** Resolves when the processors have taken in what there is. */
  decided(): Promise<void>;
  /** Resolves when everyone has, projections too. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export interface Feed {
  event: Event;
  fingerprint?: Buffer;
}

export async function openWorld(directory: string, overrides: Record<string, unknown> = {}): Promise<World> {
  const configuration = loadConfiguration({
    environment: {},
    overrides: { data: directory, port: 0, 'detector.graceMs': 0, ...overrides },
  });
  const running = await runEmbedded({
    configuration,
    environment: { DRIFTMGR_KEY: process.env.DRIFTMGR_KEY ?? passingKey() },
    logger: createLogger({ level: process.env.DRIFTMGR_LOG_LEVEL ?? 'silent' }),
    once: false,
  });
  const { log, codec } = running.adapters;
  const encode = ({ event, fingerprint: print }: Feed): NewRecord[] => {
    const [topic, key, value] = [topicOf(event.type), recordKey(event), codec.encode(event, print)];
    return placement(event, log.partitions).map((partition) => ({ topic, partition, key, value }));
  };
  return {
    running,
    url: running.url!,
    key: readAdminKey(directory)!,
    append: (events) => log.append(events.flatMap(encode)),
    encode,
    decided: () => caughtUp(onlyProcessors(running), systemClock),
    caughtUp: () => caughtUp(running, systemClock),
    stop: () => running.stop(),
  };
}

const onlyProcessors = (running: Running): Pick<Running, 'readers' | 'failures'> => ({
  failures: running.failures,
  readers: async () => (await running.readers()).filter(({ kind }) => kind === 'processor'),
});

/**
 * Attributes of about 1.3 KB, like a mid-sized resource has, as canonical text: a template, because what is measured is
 * the system and not the making of its input.
 */
export function attributesText(n: number, change = 0): string {
  const acl = change === 0 ? 'private' : `public-${change}`;
  return `{"acl":"${acl}","arn":"arn:aws:s3:::bucket-${n}","id":"bucket-${n}","lifecycle_rule":${LIFECYCLE},"logging":[{"target_bucket":"access-logs","target_prefix":"bucket-${n}/"}],"policy":"${POLICY}","tags":{"CostCentre":"cc-${n % 13}","Environment":"production","Service":"service-${n % 97}","Team":"bench"},"versioning":[{"enabled":true,"mfa_delete":false}]}`;
}

const POLICY = 'x'.repeat(600);
const LIFECYCLE = canonical([
  { id: 'expire', enabled: true, prefix: 'logs/', expiration: [{ days: 90 }] },
  { id: 'archive', enabled: true, prefix: 'data/', transition: [{ days: 30, storage_class: 'GLACIER' }] },
]);
/** Of a resource there is one declaration, and one observation for each value. */
const printOf = (kind: string, attributes: string): Buffer => fingerprintOfCanonical(kind + attributes);

const WORKSPACE = 'bench';
const LINEAGE = 'b0b0b0b0-0000-4000-8000-000000000000';

const envelope = (id: string, time: number, source: string, objectKey: string | null) => ({
  id,
  time,
  recordedAt: time,
  source,
  org: 'default',
  objectKey,
  correlationId: null,
  clamped: false,
});

export const objectKeyOf = (n: number): string => `default/aws/-/-/s3-bucket/bucket-${n}`;

export function declared(n: number, time: number, options: { objectKey?: string } = {}): Feed {
  const attributes = attributesText(n);
  const body = {
    workspace: WORKSPACE,
    address: `aws_s3_bucket.bench[${n}]`,
    owner: 'team-bench',
    provider: 'aws',
    providerAddress: 'provider["registry.terraform.io/hashicorp/aws"]',
    account: '111122223333',
    region: 'eu-central-1',
    scopeProblem: null,
    type: 'aws_s3_bucket',
    resourceId: `bucket-${n}`,
    primary: true,
    deposed: null,
    tainted: false,
    lineage: LINEAGE,
    schemaVersion: 0,
    attributes,
    dependencies: [],
    previousAddress: null,
    ownKey: null,
  };
  return {
    event: {
      ...envelope(`dec_${n}`, time, 'terraform-http', options.objectKey ?? objectKeyOf(n)),
      type: 'resource.declared',
      body: { ...body, serial: 1 },
    },
    fingerprint: printOf('declared', attributes),
  };
}

export function published(time: number, instances: number): Feed {
  return {
    event: {
      ...envelope(`sta_${time}`, time, 'terraform-http', null),
      type: 'state.published',
      body: {
        workspace: WORKSPACE,
        owner: 'team-bench',
        backend: 'http',
        serial: 1,
        lineage: LINEAGE,
        previousSerial: null,
        terraformVersion: '1.11.4',
        kind: 'write',
        problem: null,
        runId: null,
        writtenBy: null,
        instances,
        contentMd5: null,
        blob: null,
        pushed: true,
      },
    },
  };
}

/** `turn` makes the event new; `change` makes the value differ from the declared one. */
export function observed(
  n: number,
  time: number,
  turn: number,
  change = 0,
  options: { objectKey?: string } = {},
): Feed {
  const attributes = attributesText(n, change);
  const body = {
    provider: 'aws',
    account: '111122223333',
    region: 'eu-central-1',
    type: 'aws_s3_bucket',
    resourceId: `bucket-${n}`,
    attributes,
    ownedBy: null,
  };
  return {
    event: {
      ...envelope(`obs_${turn}_${n}`, time, 'bench-snapshot', options.objectKey ?? objectKeyOf(n)),
      type: 'resource.observed',
      body: { ...body, via: 'snapshot' },
    },
    fingerprint: printOf('observed', attributes),
  };
}

export function changed(n: number, time: number, id: string): Feed {
  return {
    event: {
      ...envelope(id, time, 'aws-cloudtrail-files', objectKeyOf(n)),
      type: 'change.reported',
      body: {
        provider: 'aws',
        account: '111122223333',
        region: 'eu-central-1',
        service: 's3.amazonaws.com',
        operation: 'PutBucketAcl',
        verb: 'update',
        targets: [{ type: 'aws_s3_bucket', id: `bucket-${n}` }],
        actor: {
          principal: 'arn:aws:iam::111122223333:user/alice',
          name: 'alice',
          via: 'console',
          sourceIp: '198.51.100.7',
          userAgent: 'Mozilla/5.0',
          session: null,
          eventIds: [id],
          operations: ['PutBucketAcl'],
          certainty: 'high',
        },
        providerEventId: id,
        requestId: null,
        parameters: '{}',
      },
    },
  };
}

const TIME_AT = 5 + 16;

/**
 * The same observation at another time: a copy of its bytes with the time written anew (Avro long: zigzag, seven bits a
 * byte), which is what a source would write that has nothing else to say. The length of the time does not change for
 * centuries.
 */
export function laterCopy(record: NewRecord, time: number): NewRecord {
  const value = Buffer.from(record.value!);
  let rest = time * 2;
  for (let at = TIME_AT; ; at++) {
    const more = rest >= 128;
    value[at] = (rest % 128) + (more ? 128 : 0);
    if (!more) break;
    rest = Math.floor(rest / 128);
  }
  return { ...record, value };
}

/** Calls back with slices of 0..count-1. */
export async function inBatches(
  count: number,
  size: number,
  use: (from: number, to: number) => Promise<void>,
): Promise<void> {
  for (let from = 0; from < count; from += size) await use(from, Math.min(count, from + size));
}

/** Seconds something took. */
export async function seconds(run: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await run();
  return (performance.now() - began) / 1_000;
}
