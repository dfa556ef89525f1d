// The topics: their names, how records are keyed, placed and kept. Pure data; DESIGN § 4 is its source.
import type { Event, EventType } from './generated.ts';
import { EVENTS } from './generated.ts';

export type TopicName =
  | 'driftmgr.changes'
  | 'driftmgr.declarations'
  | 'driftmgr.observations'
  | 'driftmgr.requests'
  | 'driftmgr.drifts'
  | 'driftmgr.open-drifts'
  | 'driftmgr.timers'
  | 'driftmgr.sources'
  | 'driftmgr.dead-letters';

export interface Topic {
  name: TopicName;
  /** `compact`: only the newest record of each key must be kept; `delete`: records expire after `retentionMs`. */
  cleanup: 'compact' | 'delete';
  /** Null: kept for ever. Compacted topics keep tombstones this long. */
  retentionMs: number | null;
}

const day = 86_400_000;

export const TOPICS: readonly Topic[] = [
  { name: 'driftmgr.changes', cleanup: 'delete', retentionMs: 30 * day },
  { name: 'driftmgr.declarations', cleanup: 'compact', retentionMs: 30 * day },
  { name: 'driftmgr.observations', cleanup: 'compact', retentionMs: 30 * day },
  { name: 'driftmgr.requests', cleanup: 'delete', retentionMs: 30 * day },
  { name: 'driftmgr.drifts', cleanup: 'delete', retentionMs: null },
  { name: 'driftmgr.open-drifts', cleanup: 'compact', retentionMs: 30 * day },
  { name: 'driftmgr.timers', cleanup: 'compact', retentionMs: 30 * day },
  { name: 'driftmgr.sources', cleanup: 'compact', retentionMs: 30 * day },
  { name: 'driftmgr.dead-letters', cleanup: 'delete', retentionMs: 30 * day },
];

export const topicOf = (type: EventType): TopicName => EVENTS[type].topic;
export const isBroadcast = (type: EventType): boolean => EVENTS[type].broadcast;

/**
 * The record key: what compaction keeps the newest of. Always starts with the organisation. Broadcasts are written once
 * per partition under the same key. Two parts are never confused: parts are joined by a unit separator (U+001F).
 */
export function recordKey(event: Event): string {
  const at = event.objectKey ?? `${event.org}/*`;
  switch (event.type) {
    case 'resource.declared':
    case 'resource.withdrawn':
    case 'resource.rekeyed':
      return join(at, event.body.workspace, event.body.address);
    case 'state.published':
      // The newest boundary of a workspace is its state; a checked head replaces the write it confirmed.
      return join(at, 'state', event.body.workspace);
    case 'run.started':
    case 'run.finished':
      // One record a run: finished replaces started. Only one run can hold the lock of a workspace.
      return join(at, 'run', event.body.workspace);
    case 'configuration.published':
      return join(at, 'configuration', event.body.workspace);
    case 'resource.observed':
    case 'resource.vanished':
      return join(at, event.body.type, event.body.resourceId, event.source);
    case 'resource.read-failed':
      // Beside what was observed, which it must not make forgotten.
      return join(at, event.body.type, event.body.resourceId, event.source, 'failed');
    case 'type.described':
      return join(at, 'type', event.body.type);
    case 'snapshot.started':
    case 'snapshot.completed':
    case 'snapshot.failed':
      return join(
        at,
        'snapshot',
        event.body.scope,
        event.type === 'snapshot.completed' ? 'completed' : 'attempt',
      );
    case 'rules.published':
      return join(at, 'rules');
    case 'drift.current':
      return join(event.org, event.body.drift.id);
    case 'clock.due':
      return join(at, event.body.processor, event.body.what);
    case 'source.progressed':
      return join(at, event.source, event.body.item);
    default:
      return at;
  }
}

const join = (...parts: string[]): string => parts.join('\u001f');

/** The record key of a timer, for the tombstone that clears it. */
export const timerKey = (objectKey: string, processor: string, what: string): string =>
  join(objectKey, processor, what);
/** The record key of a current drift, for the tombstone that forgets it. */
export const driftKey = (org: string, driftId: string): string => join(org, driftId);

/** The one partitioner: what shares an object key shares a partition, in every topic (FNV-1a with a final mix). */
export function partitionOf(placement: string, partitions: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < placement.length; i++) hash = Math.imul(hash ^ placement.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % partitions;
}

/** Where an event goes: one partition by its object key (else its record key), all of them for a broadcast. */
export function placement(event: Event, partitions: number): number[] {
  if (isBroadcast(event.type)) return Array.from({ length: partitions }, (_, partition) => partition);
  return [partitionOf(event.objectKey ?? recordKey(event), partitions)];
}
