// One CloudTrail record into changes, or the reason why it says nothing. Pure, total: any value gives an answer.
//
// The same record gives the same ids however often and by whatever way it comes: ids hash CloudTrail's event id, the account
// that got it, and the object key (and, where the call did several things to an object, which of them).

import type { SourceEvent } from '../../runtime/source.ts';
import type { Json } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Attribution } from './attribution.ts';
import { actorOf } from './attribution.ts';
import { concernsOf } from './concerns.ts';
import { readsOnly, rowOf, touchesNoResource } from './events.ts';
import type { CloudtrailRecord } from './record.ts';
import { checkRecord } from './record.ts';
import { parametersOf } from './redact.ts';

export type ChangeEvent = Extract<SourceEvent, { type: 'change.reported' }>;

/** Why a record is left out on purpose; counted by name. */
type IgnoredReason =
  | 'dry-run'
  | 'failed-call'
  | 'read-only'
  | 'not-management'
  | 'insight'
  | 'sign-in'
  | 'not-a-resource';

type Normalized =
  /** `dedupeKey` is the same for every copy of the record. */
  { changes: ChangeEvent[]; dedupeKey: string } | { ignored: IgnoredReason } | { unreadable: string };

export interface NormalizeContext {
  org: string;
  attribution: Attribution;
}

/** `value`: a record, an EventBridge event around one, or a LookupEvents item. */
export function normalize(value: unknown, context: NormalizeContext): Normalized {
  const checked = checkRecord(value);
  if ('unreadable' in checked) return checked;
  const { record } = checked;
  const ignored = reasonToIgnore(record);
  if (ignored) return { ignored };

  const actor = actorOf(record, context.attribution);
  const parameters = parametersOf(record.request, rowOf(record.eventSource, record.eventName));
  const changes = concernsOf(context.org, record).map(
    (concern): ChangeEvent => ({
      type: 'change.reported',
      id: stableId('chg', record.eventId, record.account ?? '-', concern.objectKey, ...part(concern.part)),
      time: record.time,
      objectKey: concern.objectKey,
      body: {
        provider: 'aws',
        account: concern.account ?? record.account,
        region: concern.region,
        service: record.eventSource,
        operation: record.eventName,
        verb: concern.verb,
        targets: concern.targets,
        actor,
        providerEventId: record.eventId,
        requestId: record.requestId,
        parameters,
      },
    }),
  );
  return { changes, dedupeKey: `${record.eventId}/${record.account ?? '-'}` };
}

const part = (name: string | null): string[] => (name === null ? [] : [name]);

const says = (value: Json | undefined): boolean => value === true || value === 'true';

function reasonToIgnore(record: CloudtrailRecord): IgnoredReason | null {
  const { raw } = record;
  const category = typeof raw.eventCategory === 'string' ? raw.eventCategory : null;
  if (category === 'Insight' || raw.eventType === 'AwsCloudTrailInsight') return 'insight';
  if (raw.eventType === 'AwsConsoleSignIn') return 'sign-in';
  if ((category !== null && category !== 'Management') || raw.managementEvent === false)
    return 'not-management';
  const error = typeof raw.errorCode === 'string' ? raw.errorCode : '';
  if (error.endsWith('DryRunOperation') || says(record.request.dryRun)) return 'dry-run';
  if (error !== '' || (typeof raw.errorMessage === 'string' && raw.errorMessage !== '')) return 'failed-call';
  if (says(raw.readOnly)) return 'read-only';
  if (rowOf(record.eventSource, record.eventName)) return null;
  if (readsOnly(record.eventName)) return 'read-only';
  return touchesNoResource(record.eventSource, record.eventName) ? 'not-a-resource' : null;
}
