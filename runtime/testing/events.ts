// Events for tests, with defaults for everything a test does not care about.
import type { Bodies, Event, EventOf, EventType, Json } from '../../schemas/index.ts';
import { fingerprint, isBroadcast, NO_FINGERPRINT, stableId } from '../../schemas/index.ts';

export const TEST_ORG = 'default';
/** The moment test events happen at unless they say otherwise. */
export const TEST_TIME = 1_790_000_000_000;

/** What a test may set of an event besides its body; `objectKey` defaults to one bucket, and to null on broadcasts. */
export interface EventFields {
  time?: number;
  id?: string;
  source?: string;
  org?: string;
  objectKey?: string | null;
  correlationId?: string | null;
  recordedAt?: number;
}

/** A whole event. Its id defaults to a hash of type, key, time and body, so that the same call gives the same event. */
export function eventOf<T extends EventType>(type: T, body: Bodies[T], fields: EventFields = {}): EventOf<T> {
  const time = fields.time ?? TEST_TIME;
  const org = fields.org ?? TEST_ORG;
  const objectKey =
    fields.objectKey === undefined
      ? isBroadcast(type)
        ? null
        : `${org}/aws/-/-/s3-bucket/logs`
      : fields.objectKey;
  return {
    time,
    id: fields.id ?? stableId('tst', type, objectKey ?? '', time, JSON.stringify(body)),
    recordedAt: fields.recordedAt ?? time,
    source: fields.source ?? 'test',
    org,
    objectKey,
    correlationId: fields.correlationId ?? null,
    clamped: false,
    type,
    body,
  } as EventOf<T>;
}

export const declared = (body: Partial<Bodies['resource.declared']> = {}, fields?: EventFields) =>
  eventOf(
    'resource.declared',
    {
      workspace: 'prod',
      address: 'aws_s3_bucket.logs',
      owner: null,
      provider: 'aws',
      providerAddress: 'provider["registry.terraform.io/hashicorp/aws"]',
      account: '123456789012',
      region: 'us-east-1',
      scopeProblem: null,
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      primary: true,
      deposed: null,
      tainted: false,
      serial: 1,
      lineage: 'lineage-1',
      schemaVersion: 0,
      attributes: '{}',
      dependencies: [],
      previousAddress: null,
      ownKey: null,
      ...body,
    },
    fields,
  );

export const withdrawn = (body: Partial<Bodies['resource.withdrawn']> = {}, fields?: EventFields) =>
  eventOf(
    'resource.withdrawn',
    {
      workspace: 'prod',
      address: 'aws_s3_bucket.logs',
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      serial: 2,
      reason: 'removed',
      ...body,
    },
    fields,
  );

export const statePublished = (body: Partial<Bodies['state.published']> = {}, fields?: EventFields) =>
  eventOf(
    'state.published',
    {
      workspace: 'prod',
      owner: null,
      backend: 'file',
      serial: 1,
      lineage: 'lineage-1',
      previousSerial: null,
      terraformVersion: '1.9.0',
      kind: 'write',
      problem: null,
      runId: null,
      writtenBy: null,
      instances: 1,
      contentMd5: null,
      blob: null,
      pushed: true,
      ...body,
    },
    fields,
  );

export const runStarted = (body: Partial<Bodies['run.started']> = {}, fields?: EventFields) =>
  eventOf(
    'run.started',
    {
      workspace: 'prod',
      runId: 'run-1',
      operation: 'OperationTypeApply',
      who: 'ci@runner',
      terraformVersion: '1.9.0',
      ...body,
    },
    fields,
  );

export const runFinished = (body: Partial<Bodies['run.finished']> = {}, fields?: EventFields) =>
  eventOf('run.finished', { workspace: 'prod', runId: 'run-1', forced: false, ...body }, fields);

export const observed = (body: Partial<Bodies['resource.observed']> = {}, fields?: EventFields) =>
  eventOf(
    'resource.observed',
    {
      provider: 'aws',
      account: '123456789012',
      region: 'us-east-1',
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      via: 'snapshot',
      attributes: '{}',
      ownedBy: null,
      ...body,
    },
    fields,
  );

export const vanished = (body: Partial<Bodies['resource.vanished']> = {}, fields?: EventFields) =>
  eventOf(
    'resource.vanished',
    {
      provider: 'aws',
      account: '123456789012',
      region: 'us-east-1',
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      proof: 'listing',
      ...body,
    },
    fields,
  );

export const readFailed = (body: Partial<Bodies['resource.read-failed']> = {}, fields?: EventFields) =>
  eventOf(
    'resource.read-failed',
    {
      provider: 'aws',
      account: '123456789012',
      region: 'us-east-1',
      type: 'aws_s3_bucket',
      resourceId: 'logs',
      workspace: 'prod',
      address: 'aws_s3_bucket.logs',
      code: 'denied',
      reason: 'AccessDenied: allow s3:GetBucketAcl',
      ...body,
    },
    fields,
  );

export const typeDescribed = (body: Partial<Bodies['type.described']> = {}, fields?: EventFields) =>
  eventOf(
    'type.described',
    {
      provider: 'registry.terraform.io/hashicorp/aws',
      version: '5.100.0',
      type: 'aws_s3_bucket',
      schemaVersion: 0,
      facts: '{}',
      ...body,
    },
    fields,
  );

/** Blocks are named by their address; what a block leaves out, it neither sets nor ignores. */
export const configurationPublished = (
  blocks: Record<string, { sets?: string[]; ignores?: string[]; complete?: boolean }>,
  body: Partial<Bodies['configuration.published']> = {},
  fields?: EventFields,
) =>
  eventOf(
    'configuration.published',
    {
      workspace: 'prod',
      revision: null,
      by: 'test',
      blocks: Object.entries(blocks).map(([address, { sets = [], ignores = [], complete = true }]) => ({
        address,
        sets,
        ignores,
        complete,
        provider: null,
      })),
      providers: [],
      moves: [],
      problems: [],
      ...body,
    },
    fields,
  );

/** What a reactor says when it is done with a wish. */
export const requestSettled = (body: Partial<Bodies['request.settled']> = {}, fields?: EventFields) =>
  eventOf(
    'request.settled',
    { requestId: 'request-1', outcome: 'done', reason: null, driftId: null, ...body },
    fields,
  );

export const snapshotCompleted = (body: Partial<Bodies['snapshot.completed']> = {}, fields?: EventFields) =>
  eventOf(
    'snapshot.completed',
    {
      scope: 'aws/123456789012/us-east-1/aws_s3_bucket',
      snapshotId: 'snapshot-1',
      startedAt: TEST_TIME,
      listed: 1,
      published: 1,
      attributes: [],
      ...body,
    },
    fields,
  );

export const snapshotFailed = (body: Partial<Bodies['snapshot.failed']> = {}, fields?: EventFields) =>
  eventOf(
    'snapshot.failed',
    {
      scope: 'aws/123456789012/us-east-1/aws_s3_bucket',
      snapshotId: 'snapshot-1',
      reason: 'throttled',
      retryAt: null,
      ...body,
    },
    fields,
  );

/** `actor` is merged into one that came through the console. */
export const changeReported = (
  body: Partial<Omit<Bodies['change.reported'], 'actor'>> & {
    actor?: Partial<Bodies['change.reported']['actor']>;
  } = {},
  fields?: EventFields,
) =>
  eventOf(
    'change.reported',
    {
      provider: 'aws',
      account: '123456789012',
      region: 'us-east-1',
      service: 's3.amazonaws.com',
      operation: 'PutBucketTagging',
      verb: 'update',
      targets: [{ type: 'aws_s3_bucket', id: 'logs' }],
      providerEventId: 'provider-event-1',
      requestId: null,
      parameters: '{}',
      ...body,
      actor: {
        principal: 'arn:aws:iam::123456789012:user/alice',
        name: 'alice',
        via: 'console',
        sourceIp: '203.0.113.7',
        userAgent: null,
        session: null,
        eventIds: [body.providerEventId ?? 'provider-event-1'],
        operations: [body.operation ?? 'PutBucketTagging'],
        certainty: 'high',
        ...body.actor,
      },
    },
    fields,
  );

/** The fingerprint a producer gives the record of this event: what must differ for it to say something new. */
export function fingerprintOf(event: Event): Buffer {
  switch (event.type) {
    case 'resource.declared': {
      const { serial: _serial, ...content } = event.body;
      return fingerprint(content as { [key: string]: Json });
    }
    case 'resource.observed': {
      const { type, resourceId, account, region, attributes, ownedBy } = event.body;
      return fingerprint({ type, resourceId, account, region, attributes, ownedBy });
    }
    case 'resource.vanished': {
      const { type, resourceId } = event.body;
      return fingerprint({ vanished: true, type, resourceId });
    }
    default:
      return NO_FINGERPRINT;
  }
}
