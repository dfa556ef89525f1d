// The topology of this system: which elements run, what they read and write. README's diagram is printed from it.
import type { TopologyJson } from '../api/types.ts';
import { FORWARDS } from '../processors/drift/index.ts';
import { processors } from '../processors/index.ts';
import {
  CLOUDTRAIL_FILES,
  CONFIGURATIONS,
  READ_REACTOR,
  REPORTED_CHANGES,
  SWEEP,
  SWEEP_REQUESTS,
} from '../producers/index.ts';
import { PROJECTIONS } from '../projections/index.ts';
import type { Topology } from '../runtime/topology.ts';
import { mermaid } from '../runtime/topology.ts';
import type { EventType } from '../schemas/index.ts';
import { topicOf } from '../schemas/index.ts';
import { SNAPSHOT_REFUSALS } from './snapshot-refusals.ts';

const STATE_EVENTS = [
  'resource.declared',
  'resource.withdrawn',
  'resource.rekeyed',
  'state.published',
] as const satisfies EventType[];
const SNAPSHOT_EVENTS = [
  'resource.observed',
  'resource.vanished',
  'snapshot.completed',
  'snapshot.failed',
] as const satisfies EventType[];

export const topology: Topology = {
  sources: [
    { name: 'terraform-http', emits: [...STATE_EVENTS, 'run.started', 'run.finished'] },
    { name: 'terraform-file', emits: STATE_EVENTS },
    { name: CLOUDTRAIL_FILES, emits: ['change.reported'] },
    { name: REPORTED_CHANGES, emits: ['change.reported'] },
    { name: 'digitalocean-snapshot', emits: SNAPSHOT_EVENTS },
    {
      name: SWEEP,
      emits: [
        'type.described',
        'resource.observed',
        'resource.vanished',
        'resource.read-failed',
        'snapshot.started',
        'snapshot.completed',
        'snapshot.failed',
      ],
    },
    { name: CONFIGURATIONS, emits: ['configuration.published'] },
    { name: 'configuration', emits: ['rules.published'] },
  ],
  processors,
  reactors: [
    { name: 'terraform-refresh', reads: ['driftmgr.requests'], emits: ['request.settled'] },
    { name: SNAPSHOT_REFUSALS, reads: ['driftmgr.requests'], emits: ['request.settled'] },
    { name: 'digitalocean-snapshot-requests', reads: ['driftmgr.requests'], emits: ['request.settled'] },
    { name: SWEEP_REQUESTS, reads: ['driftmgr.requests'], emits: ['request.settled'] },
    {
      name: READ_REACTOR,
      reads: ['driftmgr.requests'],
      emits: [
        'type.described',
        'resource.observed',
        'resource.vanished',
        'resource.read-failed',
        'request.settled',
      ],
    },
    { name: FORWARDS, reads: ['driftmgr.requests'], emits: ['change.reported', 'request.settled'] },
  ],
  projections: PROJECTIONS,
};

/** The topology as the API gives it. */
export function describeTopology(): TopologyJson {
  const topics = (events: readonly EventType[]): string[] => [...new Set(events.map(topicOf))];
  return {
    diagram: mermaid(topology),
    elements: [
      ...topology.sources.map(({ name, emits }) => ({
        name,
        kind: 'source' as const,
        reads: [],
        writes: topics(emits),
      })),
      ...topology.processors.map(({ name, reads, emits }) => ({
        name,
        kind: 'processor' as const,
        reads: [...reads],
        writes: topics(emits),
      })),
      ...topology.reactors.map(({ name, reads, emits }) => ({
        name,
        kind: 'reactor' as const,
        reads: [...reads],
        writes: topics(emits),
      })),
      ...topology.projections.map(({ name, reads }) => ({
        name,
        kind: 'projection' as const,
        reads: [...reads],
        writes: [],
      })),
    ],
  };
}
