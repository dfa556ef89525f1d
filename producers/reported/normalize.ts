// One reported change into changes, one for each object it concerns. Pure.
//
// An object's key is made by the provider's own `identify`, the function that makes the keys of declared instances: a report
// and a declaration of the same thing meet by construction, whatever the provider.
import type { SourceEvent } from '../../runtime/source.ts';
import type { JsonObject, Target } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Attribution } from '../aws/attribution.ts';
import type { Provider } from '../provider.ts';
import { providerNamed } from '../providers.ts';
import { actorOf } from './attribution.ts';
import { checkReport, type Report, type ReportedTarget } from './report.ts';

export type ChangeEvent = Extract<SourceEvent, { type: 'change.reported' }>;

export interface NormalizeContext {
  org: string;
  attribution: Attribution;
}

type Normalized =
  /** `dedupeKey` is the same for every copy of the report. */
  { changes: ChangeEvent[]; dedupeKey: string } | { unreadable: string };

export function normalize(value: unknown, context: NormalizeContext): Normalized {
  const checked = checkReport(value);
  if ('unreadable' in checked) return checked;
  const { report } = checked;
  const { data } = report;
  const provider = providerNamed(data.provider);
  const actor = actorOf(report, context.attribution);
  const changes = concernsOf(context.org, provider, report).map(
    ({ objectKey, account, region, targets }): ChangeEvent => ({
      type: 'change.reported',
      id: stableId('chg', report.from, report.id, objectKey),
      time: report.time,
      objectKey,
      body: {
        provider: provider.name,
        account,
        region,
        service: data.service,
        operation: data.operation,
        verb: data.verb,
        targets,
        actor,
        providerEventId: report.id,
        requestId: data.requestId ?? null,
        parameters: '{}',
      },
    }),
  );
  return { changes, dedupeKey: `${report.from}\u001f${report.id}` };
}

interface Concern {
  objectKey: string;
  account: string | null;
  region: string | null;
  targets: Target[];
}

/** Targets without an id are candidates under every object that the others name; with none named, the call has a key of its own. */
function concernsOf(org: string, provider: Provider, { data }: Report): Concern[] {
  const scope = { account: data.account ?? null, region: data.region ?? null };
  const found = new Map<string, Concern>();
  const nameless: Target[] = [];
  for (const target of data.targets) {
    const { type } = target;
    const attributes = attributesOf(target);
    const identity = attributes && provider.identify({ org, type, attributes, scope });
    if (identity === null || identity.resourceId === '') {
      nameless.push({ type, id: null });
      continue;
    }
    const { resourceId, account, region } = identity;
    const objectKey = identity.objectKeys[0]!;
    const concern = found.get(objectKey) ?? {
      objectKey,
      account: account ?? scope.account,
      region: region ?? scope.region,
      targets: [],
    };
    found.set(objectKey, concern);
    add(concern.targets, { type, id: resourceId });
  }
  if (found.size === 0) {
    const { service, operation } = data;
    const objectKey = `${org}/${provider.name}/${scope.account ?? '-'}/${scope.region ?? '-'}/call/${service}:${operation}`;
    found.set(objectKey, { objectKey, ...scope, targets: [] });
  }
  for (const { targets } of found.values()) for (const target of nameless) add(targets, target);
  return [...found.values()];
}

/** What says which one it is; null when nothing does. */
function attributesOf({ id, attributes }: ReportedTarget): JsonObject | null {
  if (id === null && attributes === undefined) return null;
  return { ...attributes, ...(id === null ? {} : { id }) };
}

function add(targets: Target[], target: Target): void {
  if (!targets.some(({ type, id }) => type === target.type && id === target.id)) targets.push(target);
}
