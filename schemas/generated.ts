// Generated from schemas/*.avsc by `npm run schemas`. Do not edit: a test holds that it is current.
import type { TopicName } from './topics.ts';

/** What every event carries besides its body. Times are milliseconds since the epoch. */
export interface Envelope {
  /** When it happened (observations: when the request began). */
  time: number;
  /** Unique: a hash, the same however often the fact is reported. */
  id: string;
  recordedAt: number;
  source: string;
  org: string;
  /** What places the record; null on broadcasts and on what belongs to no object. */
  objectKey: string | null;
  correlationId: string | null;
  clamped: boolean;
}

export type Verb = 'create' | 'update' | 'delete' | 'tag' | 'unknown';

export interface Target {
  /** Terraform type that may describe what was touched. */
  type: string;
  /** Id in the form the state holds; null when the call does not tell. */
  id: null | string;
}

export type Via = 'console' | 'cli' | 'sdk' | 'terraform' | 'pipeline' | 'service' | 'unknown';

export type Certainty = 'high' | 'low';

export interface Actor {
  /** Provider's own name of the principal (an ARN on AWS); 'unknown' when the feed does not say. */
  principal: string;
  /** What people call it: user name, role session name, service. */
  name: string;
  via: Via;
  sourceIp: null | string;
  userAgent: null | string;
  /** Groups what one session did: access key or session id. */
  session: null | string;
  /** The provider's event ids this rests on. */
  eventIds: string[];
  /** What was called, one for each of the event ids, in their order; empty where it is not known. */
  operations: string[];
  certainty: Certainty;
}

/** One entry of a provider's feed, once per object it concerns. Failed and read-only calls never get here. */
export interface ChangeReported {
  provider: string;
  account: null | string;
  region: null | string;
  /** For example ec2.amazonaws.com. */
  service: string;
  /** The provider's name of the call, as reported. */
  operation: string;
  verb: Verb;
  /** Candidates under this object key; the detector keeps those it has declarations for. */
  targets: Target[];
  actor: Actor;
  providerEventId: string;
  requestId: null | string;
  /** Allow-listed request parameters, JSON, redacted. */
  parameters: string;
}

/** One managed resource instance as the state declares it. */
export interface ResourceDeclared {
  workspace: string;
  /** module.a["x"].aws_s3_bucket.b[0]; a deposed object ends in (deposed 1a2b3c4d). */
  address: string;
  /** Team that owns the workspace. */
  owner: null | string;
  /** Short name: aws, digitalocean, … */
  provider: string;
  /** As the state spells it, with alias and module. */
  providerAddress: string;
  account: null | string;
  region: null | string;
  /** Why account or region could not be told: 'no scope', … */
  scopeProblem: null | string;
  type: string;
  resourceId: string;
  /** True under the object key of the resource itself; false under further objects it concerns. */
  primary: boolean;
  deposed: null | string;
  tainted: boolean;
  serial: number;
  lineage: string;
  schemaVersion: number;
  /** JSON object, redacted. Under keys that are not the resource's own: {}. */
  attributes: string;
  dependencies: string[];
  /** Set when the instance was moved. */
  previousAddress: null | string;
  /** Under a further key: the object key that is the instance's own. Null under its own, and where it was not told. */
  ownKey: null | string;
}

export type WithdrawnReason = 'removed' | 'moved' | 'rekeyed' | 'workspace_removed';

/** The state no longer declares the instance under this object key and address. */
export interface ResourceWithdrawn {
  workspace: string;
  address: string;
  type: string;
  resourceId: string;
  serial: number;
  reason: WithdrawnReason;
}

/** A better identity rule placed the object elsewhere; the declaration follows under the new key. */
export interface ResourceRekeyed {
  workspace: string;
  address: string;
  type: string;
  resourceId: string;
  toObjectKey: string;
  serial: number;
}

export type StateWriteKind = 'write' | 'rollback' | 'checked' | 'removed' | 'unreadable';

/** All declarations and withdrawals of this serial stand before this boundary in the same partition. */
export interface StatePublished {
  workspace: string;
  owner: null | string;
  /** http, file, … */
  backend: string;
  serial: number;
  lineage: string;
  previousSerial: null | number;
  terraformVersion: null | string;
  kind: StateWriteKind;
  /** Why the state cannot be read: encrypted, unknown version, not JSON, … */
  problem: null | string;
  /** Lock id of the run that wrote it, where known. */
  runId: null | string;
  writtenBy: null | string;
  instances: number;
  contentMd5: null | string;
  /** Reference of the encrypted original. */
  blob: null | string;
  /** True when every write reaches us by itself (http backend); false when the source has to look. */
  pushed: boolean;
}

export interface RunStarted {
  workspace: string;
  runId: string;
  operation: string;
  who: null | string;
  terraformVersion: null | string;
}

export interface RunFinished {
  workspace: string;
  runId: string;
  /** True when the lock was broken, not released. */
  forced: boolean;
}

/** One resource block of the configuration. */
export interface ConfiguredBlock {
  /** Without indices: module.net.aws_security_group.web. */
  address: string;
  /** Attribute paths without indices that the block sets, nested ones too: ingress, ingress.from_port. */
  sets: string[];
  /** Attribute paths under ignore_changes; `*` stands for all. */
  ignores: string[];
  /** False when what it sets is not fully known: then what is not in `sets` may be set all the same. */
  complete: boolean;
  /** Local name, and alias after a dot, of the provider configuration it uses: aws, aws.east. */
  provider: null | string;
}

/** One provider block of the configuration. */
export interface ConfiguredProvider {
  /** Address of the module that holds the block; empty for the root. */
  module: string;
  name: string;
  alias: null | string;
  /** Source address, where the configuration says it. */
  source: null | string;
  region: null | string;
  /** Account, subscription or project, where the block or the role it assumes says it. */
  account: null | string;
  /** Role it assumes. */
  role: null | string;
  /** Arguments whose value only a plan would know. */
  unknown: string[];
}

export interface ConfiguredMove {
  from: string;
  /** Null: removed without being destroyed. */
  to: null | string;
}

/** What the configuration that was applied says: the newest one of a workspace counts. */
export interface ConfigurationPublished {
  workspace: string;
  /** Commit or other name of the version. */
  revision: null | string;
  /** Where it came from: a directory, a checkout, an upload and who made it. */
  by: string;
  blocks: ConfiguredBlock[];
  providers: ConfiguredProvider[];
  /** moved, removed and import blocks that concern addresses. */
  moves: ConfiguredMove[];
  /** What could not be read, one sentence each: those parts are unknown. */
  problems: string[];
}

export type ObservedVia = 'feed' | 'snapshot' | 'read';

export interface ResourceObserved {
  provider: string;
  account: null | string;
  region: null | string;
  type: string;
  resourceId: string;
  via: ObservedVia;
  /** JSON object in the Terraform type's own attribute shape, redacted. What is absent was not observed and is not compared. */
  attributes: string;
  /** What owns a child that no one declares: autoscaling group, cluster, service-linked role. */
  ownedBy: null | string;
}

export type AbsenceProof = 'listing' | 'read';

/** Proven gone: by a complete listing begun after its last observation, or a verified read. */
export interface ResourceVanished {
  provider: string;
  account: null | string;
  region: null | string;
  type: string;
  resourceId: string;
  proof: AbsenceProof;
}

export interface SnapshotEstimate {
  /** Whose quota it is: provider/account. */
  account: string;
  reads: number;
  /** How long they take at the allowed rate. */
  seconds: number;
}

export interface SnapshotStarted {
  /** provider/account/region/type, - for what does not apply; of a sweep terraform/workspace, a slash in its name written as %2F. */
  scope: string;
  snapshotId: string;
  /** What it will cost, where that can be told beforehand. */
  estimate: SnapshotEstimate[];
}

/** Complete listing of the scope; every difference to what was known stands before it. */
export interface SnapshotCompleted {
  scope: string;
  snapshotId: string;
  startedAt: number;
  listed: number;
  published: number;
  /** Attributes of the type that this source compares. */
  attributes: string[];
}

/** Proves nothing about absence; the scope is unknown until a completion. */
export interface SnapshotFailed {
  scope: string;
  snapshotId: string;
  reason: string;
  retryAt: null | number;
}

/** A declared resource could not be read, and why: it is unknown until a later observation. Says nothing about whether it exists. */
export interface ResourceReadFailed {
  provider: string;
  account: null | string;
  region: null | string;
  type: string;
  resourceId: string;
  workspace: null | string;
  address: null | string;
  /** What kind of failure it is, for counting: not-found-provider, not-configurable, denied, throttled, crashed, hung, wrong-account, … */
  code: string;
  /** What happened and what to do about it; holds no secret. */
  reason: string;
}

/** What the schema of a provider says of one resource type: how its attributes are compared. The newest one counts. */
export interface TypeDescribed {
  /** Source address of the provider: registry.terraform.io/hashicorp/aws. */
  provider: string;
  /** Version of the provider that was asked; `unknown` for a development build. */
  version: string;
  type: string;
  schemaVersion: number;
  /** JSON object, see type-facts.ts. */
  facts: string;
}

export interface DriftAcknowledgeRequested {
  driftId: string;
  by: string;
  reason: string;
}

export interface DriftAcceptRequested {
  driftId: string;
  by: string;
  reason: string;
  /** Expiry of the acceptance, milliseconds; null: until the difference changes. */
  until: null | number;
}

/** Fetch the head of that state again; answered by a state.published boundary. */
export interface StateRefreshRequested {
  workspace: string;
}

export interface SnapshotRequested {
  provider: string;
  scope: null | string;
  by: string;
}

export interface RulesPublished {
  /** provider/account whose states are all connected: unmanaged ones there are drift. */
  completeAccounts: string[];
  /** JSON array of ignore and co-management rules. */
  rules: string;
}

export type Outcome = 'done' | 'refused' | 'unnecessary';

export interface RequestSettled {
  /** Id of the request event. */
  requestId: string;
  outcome: Outcome;
  reason: null | string;
  driftId: null | string;
}

/** Read one declared resource through its provider; answered by resource.observed, resource.vanished or resource.read-failed under the same object key, and request.settled. */
export interface ResourceReadRequested {
  workspace: string;
  address: string;
  provider: string;
  account: null | string;
  region: null | string;
  type: string;
  resourceId: string;
  /** Of the state version that `state` refers to. */
  serial: number;
  /** Reference of the encrypted state version to read with; null: the version is not kept. */
  state: null | string;
  /** The read must not begin before this moment, milliseconds: what it is to show happened then. */
  since: number;
}

/** Tell a change again under the own key of an instance that was reported of under a further one; the time is that of the change. Answered by change.reported there, and request.settled. */
export interface ChangeForwardRequested {
  toObjectKey: string;
  /** Id of the event that told it. */
  changeId: string;
  change: ChangeReported;
}

export type DriftKind = 'modified' | 'missing' | 'unmanaged' | 'contested';

export type Confidence = 'confirmed' | 'suspected' | 'unverified';

export type DriftStatus = 'open' | 'acknowledged' | 'accepted' | 'resolved';

export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'info';

export type DifferenceOp = 'added' | 'removed' | 'changed';

export interface Difference {
  path: string;
  op: DifferenceOp;
  /** JSON */
  declared: null | string;
  /** JSON */
  observed: null | string;
  /** null: the configuration is not known. */
  configured: null | boolean;
}

export type Resolution = 'reverted' | 'declared' | 'adopted' | 'accepted' | 'removed' | 'dismissed' | 'ignored' | 'expired';

export interface Acknowledgement {
  by: string;
  reason: string;
  at: number;
}

export interface Acceptance {
  by: string;
  reason: string;
  at: number;
  until: null | number;
}

export interface Drift {
  id: string;
  revision: number;
  kind: DriftKind;
  confidence: Confidence;
  certainty: Certainty;
  status: DriftStatus;
  absorbed: boolean;
  severity: Severity;
  org: string;
  provider: string;
  account: null | string;
  region: null | string;
  objectKey: string;
  owner: null | string;
  type: string;
  resourceId: string;
  workspace: null | string;
  address: null | string;
  stateSerial: null | number;
  differences: Difference[];
  actors: Actor[];
  declaredAsOf: null | number;
  observedAsOf: null | number;
  openedAt: number;
  changedAt: number;
  resolvedAt: null | number;
  resolution: null | Resolution;
  /** Id of the event that resolved it. */
  resolvedBy: null | string;
  /** Rule that makes it ignored. */
  ignoredBy: null | string;
  /** Why it stands as it does: 'could not be read in time', … */
  note: null | string;
  acknowledgement: null | Acknowledgement;
  acceptance: null | Acceptance;
}

export interface DriftOpened {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftChanged {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftAcknowledged {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftAccepted {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftResolved {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftReopened {
  drift: Drift;
  /** Id of the event that made it so. */
  causedBy: string;
}

export interface DriftCurrent {
  drift: Drift;
}

export type TimerPhase = 'set' | 'fired';

/** A tombstone clears it. */
export interface ClockDue {
  processor: string;
  /** Unique per object key and processor. */
  what: string;
  at: number;
  phase: TimerPhase;
  /** JSON the processor needs when it fires. */
  data: null | string;
}

export interface SourceProgressed {
  /** What the progress is of: a file, a scope, a partition of a feed. */
  item: string;
  /** JSON only the source understands. */
  progress: string;
}

export interface DeadLetterRecorded {
  /** Which source, processor, reactor or projection refused it. */
  reader: string;
  topic: null | string;
  partition: null | number;
  offset: null | number;
  recordKey: null | string;
  code: string;
  reason: string;
  /** Reference of the original bytes in the encrypted blob store. */
  blob: null | string;
}

/** The original was appended to its topic again: what its readers refused of this record no longer counts. What they refuse of the new one is recorded anew. */
export interface DeadLetterReplayed {
  topic: string;
  /** Where the record stood that was refused. */
  partition: number;
  offset: number;
}

export interface Bodies {
  'change.reported': ChangeReported;
  'resource.declared': ResourceDeclared;
  'resource.withdrawn': ResourceWithdrawn;
  'resource.rekeyed': ResourceRekeyed;
  'state.published': StatePublished;
  'run.started': RunStarted;
  'run.finished': RunFinished;
  'configuration.published': ConfigurationPublished;
  'resource.observed': ResourceObserved;
  'resource.vanished': ResourceVanished;
  'snapshot.started': SnapshotStarted;
  'snapshot.completed': SnapshotCompleted;
  'snapshot.failed': SnapshotFailed;
  'resource.read-failed': ResourceReadFailed;
  'type.described': TypeDescribed;
  'drift.acknowledge-requested': DriftAcknowledgeRequested;
  'drift.accept-requested': DriftAcceptRequested;
  'state.refresh-requested': StateRefreshRequested;
  'snapshot.requested': SnapshotRequested;
  'rules.published': RulesPublished;
  'request.settled': RequestSettled;
  'resource.read-requested': ResourceReadRequested;
  'change.forward-requested': ChangeForwardRequested;
  'drift.opened': DriftOpened;
  'drift.changed': DriftChanged;
  'drift.acknowledged': DriftAcknowledged;
  'drift.accepted': DriftAccepted;
  'drift.resolved': DriftResolved;
  'drift.reopened': DriftReopened;
  'drift.current': DriftCurrent;
  'clock.due': ClockDue;
  'source.progressed': SourceProgressed;
  'dead-letter.recorded': DeadLetterRecorded;
  'dead-letter.replayed': DeadLetterReplayed;
}

export type EventType = keyof Bodies;
/** One event of the given type (or of any of several). */
export type EventOf<T extends EventType> = { [K in T]: Envelope & { type: K; body: Bodies[K] } }[T];
export type Event = EventOf<EventType>;

export const EVENTS: Record<EventType, { topic: TopicName; record: string; broadcast: boolean }> = {
  'change.reported': { topic: 'driftmgr.changes', record: 'io.driftmgr.ChangeReported', broadcast: false },
  'resource.declared': { topic: 'driftmgr.declarations', record: 'io.driftmgr.ResourceDeclared', broadcast: false },
  'resource.withdrawn': { topic: 'driftmgr.declarations', record: 'io.driftmgr.ResourceWithdrawn', broadcast: false },
  'resource.rekeyed': { topic: 'driftmgr.declarations', record: 'io.driftmgr.ResourceRekeyed', broadcast: false },
  'state.published': { topic: 'driftmgr.declarations', record: 'io.driftmgr.StatePublished', broadcast: true },
  'run.started': { topic: 'driftmgr.declarations', record: 'io.driftmgr.RunStarted', broadcast: true },
  'run.finished': { topic: 'driftmgr.declarations', record: 'io.driftmgr.RunFinished', broadcast: true },
  'configuration.published': { topic: 'driftmgr.declarations', record: 'io.driftmgr.ConfigurationPublished', broadcast: true },
  'resource.observed': { topic: 'driftmgr.observations', record: 'io.driftmgr.ResourceObserved', broadcast: false },
  'resource.vanished': { topic: 'driftmgr.observations', record: 'io.driftmgr.ResourceVanished', broadcast: false },
  'snapshot.started': { topic: 'driftmgr.observations', record: 'io.driftmgr.SnapshotStarted', broadcast: true },
  'snapshot.completed': { topic: 'driftmgr.observations', record: 'io.driftmgr.SnapshotCompleted', broadcast: true },
  'snapshot.failed': { topic: 'driftmgr.observations', record: 'io.driftmgr.SnapshotFailed', broadcast: true },
  'resource.read-failed': { topic: 'driftmgr.observations', record: 'io.driftmgr.ResourceReadFailed', broadcast: false },
  'type.described': { topic: 'driftmgr.observations', record: 'io.driftmgr.TypeDescribed', broadcast: true },
  'drift.acknowledge-requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.DriftAcknowledgeRequested', broadcast: false },
  'drift.accept-requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.DriftAcceptRequested', broadcast: false },
  'state.refresh-requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.StateRefreshRequested', broadcast: false },
  'snapshot.requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.SnapshotRequested', broadcast: false },
  'rules.published': { topic: 'driftmgr.requests', record: 'io.driftmgr.RulesPublished', broadcast: true },
  'request.settled': { topic: 'driftmgr.requests', record: 'io.driftmgr.RequestSettled', broadcast: false },
  'resource.read-requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.ResourceReadRequested', broadcast: false },
  'change.forward-requested': { topic: 'driftmgr.requests', record: 'io.driftmgr.ChangeForwardRequested', broadcast: false },
  'drift.opened': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftOpened', broadcast: false },
  'drift.changed': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftChanged', broadcast: false },
  'drift.acknowledged': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftAcknowledged', broadcast: false },
  'drift.accepted': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftAccepted', broadcast: false },
  'drift.resolved': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftResolved', broadcast: false },
  'drift.reopened': { topic: 'driftmgr.drifts', record: 'io.driftmgr.DriftReopened', broadcast: false },
  'drift.current': { topic: 'driftmgr.open-drifts', record: 'io.driftmgr.DriftCurrent', broadcast: false },
  'clock.due': { topic: 'driftmgr.timers', record: 'io.driftmgr.ClockDue', broadcast: false },
  'source.progressed': { topic: 'driftmgr.sources', record: 'io.driftmgr.SourceProgressed', broadcast: false },
  'dead-letter.recorded': { topic: 'driftmgr.dead-letters', record: 'io.driftmgr.DeadLetterRecorded', broadcast: false },
  'dead-letter.replayed': { topic: 'driftmgr.dead-letters', record: 'io.driftmgr.DeadLetterReplayed', broadcast: false },
};

export const EVENT_TYPES = [
  'change.reported',
  'resource.declared',
  'resource.withdrawn',
  'resource.rekeyed',
  'state.published',
  'run.started',
  'run.finished',
  'configuration.published',
  'resource.observed',
  'resource.vanished',
  'snapshot.started',
  'snapshot.completed',
  'snapshot.failed',
  'resource.read-failed',
  'type.described',
  'drift.acknowledge-requested',
  'drift.accept-requested',
  'state.refresh-requested',
  'snapshot.requested',
  'rules.published',
  'request.settled',
  'resource.read-requested',
  'change.forward-requested',
  'drift.opened',
  'drift.changed',
  'drift.acknowledged',
  'drift.accepted',
  'drift.resolved',
  'drift.reopened',
  'drift.current',
  'clock.due',
  'source.progressed',
  'dead-letter.recorded',
  'dead-letter.replayed',
] as const satisfies readonly EventType[];
