// A small processor that uses everything the runtime offers: for the tests of the loops. It counts declarations and
// withdrawals per object, tells about each broadcast, and reports an object that has been quiet for a minute.
import type { Event, Json } from '../../schemas/index.ts';
import type { Output, Processor, Rows, Write } from '../processor.ts';

const QUIET_MS = 60_000;

/** Drifts stand in for what a processor says: `drift.current` restores, `request.settled` only says. */
export const counter: Processor = {
  name: 'counter',
  version: 1,
  reads: ['driftmgr.declarations', 'driftmgr.observations', 'driftmgr.changes', 'driftmgr.requests'],
  emits: ['request.settled', 'drift.current'],
  restores: ['driftmgr.open-drifts'],
  evolve,
  decide,
  concerns: (_rows, event) => {
    if (event.type === 'state.published') return [`workspace/${event.body.workspace}`];
    if (event.type === 'rules.published') return ['all'];
    return [];
  },
};

function evolve(_rows: Rows, event: Event): Write[] {
  switch (event.type) {
    case 'resource.declared':
      return [
        { part: `declared/${event.body.workspace}/${event.body.address}`, value: event.body.attributes },
        { index: `workspace/${event.body.workspace}`, member: true },
        { index: 'all', member: true },
      ];
    case 'resource.withdrawn':
      return [
        { part: `declared/${event.body.workspace}/${event.body.address}`, value: undefined },
        { index: `workspace/${event.body.workspace}`, member: false },
        { index: 'all', member: true },
      ];
    case 'resource.observed':
      return [{ part: `observed/${event.body.type}/${event.body.resourceId}`, value: event.body.attributes }];
    case 'state.published':
      return [{ part: `serial/${event.body.workspace}`, value: event.body.serial }];
    case 'rules.published':
      return [{ part: 'rules', value: event.body.rules }];
    case 'drift.current':
      return [{ part: 'said', value: numberOf(event.body.drift.revision) }];
    case 'clock.due':
      return [
        { part: `timer/${event.body.what}`, value: event.body.phase === 'set' ? event.body.at : undefined },
      ];
    default:
      return [];
  }
}

const numberOf = (value: Json | undefined): number => (typeof value === 'number' ? value : 0);

function decide(rows: Rows, event: Event): Output[] {
  const said = numberOf(rows.get('said'));
  const say = (what: string): Output => ({
    type: 'request.settled',
    body: { requestId: event.id, outcome: 'done', reason: `${what} ${said + 1}`, driftId: null },
  });
  const count: Output = { type: 'drift.current', body: { drift: driftOf(rows.objectKey, said + 1) } };
  switch (event.type) {
    case 'resource.declared':
      if (event.body.attributes === '"refuse"') throw new Error('the toy was told to fail');
      return [
        say('declared'),
        count,
        { timer: 'quiet', at: event.time + QUIET_MS, data: { since: event.time } },
      ];
    case 'resource.withdrawn':
      return [say('withdrawn'), count, { clearTimer: 'quiet' }];
    case 'resource.observed':
      return [say('observed'), count];
    case 'change.reported':
      return [say('changed'), count];
    case 'state.published':
      return [say(`serial ${numberOf(rows.shared(`serial/${event.body.workspace}`))}`), count];
    case 'rules.published':
      return [say('rules'), count];
    case 'clock.due':
      return [say('quiet'), count];
    default:
      return [];
  }
}

function driftOf(
  objectKey: string,
  revision: number,
): Extract<Event, { type: 'drift.current' }>['body']['drift'] {
  return {
    id: `drf_${objectKey}`,
    revision,
    kind: 'modified',
    confidence: 'confirmed',
    certainty: 'high',
    status: 'open',
    absorbed: false,
    severity: 'low',
    org: 'default',
    provider: 'aws',
    account: null,
    region: null,
    objectKey,
    owner: null,
    type: 'aws_s3_bucket',
    resourceId: 'logs',
    workspace: null,
    address: null,
    stateSerial: null,
    differences: [],
    actors: [],
    declaredAsOf: null,
    observedAsOf: null,
    openedAt: 0,
    changedAt: 0,
    resolvedAt: null,
    resolution: null,
    resolvedBy: null,
    ignoredBy: null,
    note: null,
    acknowledgement: null,
    acceptance: null,
  };
}
