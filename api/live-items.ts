// What the live stream says about one record of the log, and where a reader stands. Pure.
import { driftToJson, iso } from '../projections/drift-json.ts';
import type { Event, TopicName } from '../schemas/index.ts';
import { linked } from './links.ts';
import type { EventsQuery, LiveEvent } from './types.ts';

type Kind = Exclude<LiveEvent['kind'], 'ready' | 'reset'>;

export interface LiveItem {
  kind: Kind;
  workspace: string | null;
  owner: string | null;
  severity: string | null;
  confidence: string | null;
  /** The JSON text of the event's data. */
  text: string;
}

/** One partition of one topic that the stream reads. */
export interface Slot {
  topic: TopicName;
  partition: number;
}

/** Drifts live in all partitions; the boundaries that are told are broadcasts, the same in every partition: one will do. */
export function slotsOf(partitions: number): Slot[] {
  const slots: Slot[] = Array.from({ length: partitions }, (_, partition) => ({
    topic: 'driftmgr.drifts',
    partition,
  }));
  slots.push(
    { topic: 'driftmgr.declarations', partition: 0 },
    { topic: 'driftmgr.observations', partition: 0 },
  );
  return slots;
}

/** Whether a record may be told, judged by its key alone: everything but drifts and broadcasts is passed over undecoded. */
export const isTold = (topic: TopicName, key: string): boolean =>
  topic === 'driftmgr.drifts' || key.startsWith('*\u001f', key.indexOf('/') + 1);

/** Null for what is not told. */
export function itemOf(event: Event): LiveItem | null {
  switch (event.type) {
    case 'drift.opened':
    case 'drift.changed':
    case 'drift.acknowledged':
    case 'drift.accepted':
    case 'drift.resolved':
    case 'drift.reopened': {
      const { drift, causedBy } = event.body;
      return {
        kind: 'drift',
        workspace: drift.workspace,
        owner: drift.owner,
        severity: drift.severity,
        confidence: drift.confidence,
        text: JSON.stringify({
          id: event.id,
          type: event.type,
          at: iso(event.time),
          causedBy,
          correlationId: event.correlationId,
          drift: linked(driftToJson(drift)),
        }),
      };
    }
    case 'state.published': {
      const { workspace, owner, serial, kind, problem, instances } = event.body;
      const at = iso(event.time);
      return about('workspace', workspace, { workspace, owner, serial, kind, problem, instances, at }, owner);
    }
    case 'run.started': {
      const { workspace, runId, operation, who } = event.body;
      const at = iso(event.time);
      return about('run', workspace, {
        workspace,
        runId,
        phase: 'started',
        operation,
        who,
        forced: false,
        at,
      });
    }
    case 'run.finished': {
      const { workspace, runId, forced } = event.body;
      const at = iso(event.time);
      return about('run', workspace, {
        workspace,
        runId,
        phase: 'finished',
        operation: null,
        who: null,
        forced,
        at,
      });
    }
    case 'snapshot.started':
    case 'snapshot.completed':
    case 'snapshot.failed': {
      const { scope, snapshotId } = event.body;
      return about('snapshot', null, {
        scope,
        snapshotId,
        phase: event.type.slice('snapshot.'.length),
        listed: event.type === 'snapshot.completed' ? event.body.listed : null,
        reason: event.type === 'snapshot.failed' ? event.body.reason : null,
        at: iso(event.time),
      });
    }
    default:
      return null;
  }
}

const about = (
  kind: Kind,
  workspace: string | null,
  data: object,
  owner: string | null = null,
): LiveItem => ({
  kind,
  workspace,
  owner,
  severity: null,
  confidence: null,
  text: JSON.stringify(data),
});

/** Severity and confidence choose among drifts; workspace and owner among everything that has one. */
export function wants(query: EventsQuery, item: LiveItem): boolean {
  if (query.kinds && !query.kinds.includes(item.kind)) return false;
  if (query.workspace !== undefined && item.workspace !== query.workspace) return false;
  if (query.owner !== undefined && item.owner !== query.owner) return false;
  if (item.kind !== 'drift') return true;
  if (query.severity && !query.severity.some((severity) => severity === item.severity)) return false;
  return !query.confidence || query.confidence.some((confidence) => confidence === item.confidence);
}

/** The id of an event: the offset after it in its slot, and where the reader stands in all the others. */
export const idOf = (vector: readonly number[]): string =>
  vector.map((offset) => offset.toString(36)).join('.');

/** Null for an id that this stream never gave out. */
export function vectorOf(id: string, slots: number): number[] | null {
  const parts = id.split('.');
  if (parts.length !== slots || !parts.every((part) => /^[0-9a-z]{1,11}$/.test(part))) return null;
  const vector = parts.map((part) => Number.parseInt(part, 36));
  return vector.every(Number.isSafeInteger) ? vector : null;
}

/** One event in the form of `text/event-stream`. */
export const eventText = (kind: string, id: string, data: string): string =>
  `event: ${kind}\nid: ${id}\ndata: ${data}\n\n`;
