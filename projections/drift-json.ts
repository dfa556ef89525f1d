// One drift as every reader outside sees it: API, CLI, SSE and webhooks alike. Pure.
import type { Acceptance, Acknowledgement, Actor, Difference, Drift, Json } from '../schemas/index.ts';

export interface DifferenceJson extends Omit<Difference, 'declared' | 'observed'> {
  declared: Json;
  observed: Json;
}

/** Times are RFC 3339 in UTC. `links` is filled by who knows the addresses. */
export interface DriftJson
  extends Omit<
    Drift,
    | 'differences'
    | 'declaredAsOf'
    | 'observedAsOf'
    | 'openedAt'
    | 'changedAt'
    | 'resolvedAt'
    | 'acknowledgement'
    | 'acceptance'
  > {
  differences: DifferenceJson[];
  actors: Actor[];
  declaredAsOf: string | null;
  observedAsOf: string | null;
  openedAt: string;
  changedAt: string;
  resolvedAt: string | null;
  acknowledgement: (Omit<Acknowledgement, 'at'> & { at: string }) | null;
  acceptance: (Omit<Acceptance, 'at' | 'until'> & { at: string; until: string | null }) | null;
  links: Record<string, string>;
}

export const iso = (time: number): string => new Date(time).toISOString();
export const isoOrNull = (time: number | null): string | null => (time === null ? null : iso(time));

/** Null stays null; text that is no JSON (never written by this system) is shown as it is. */
export function jsonOrText(text: string | null): Json {
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export function driftToJson(drift: Drift): DriftJson {
  return {
    id: drift.id,
    revision: drift.revision,
    kind: drift.kind,
    confidence: drift.confidence,
    certainty: drift.certainty,
    status: drift.status,
    absorbed: drift.absorbed,
    severity: drift.severity,
    org: drift.org,
    provider: drift.provider,
    account: drift.account,
    region: drift.region,
    objectKey: drift.objectKey,
    owner: drift.owner,
    type: drift.type,
    resourceId: drift.resourceId,
    workspace: drift.workspace,
    address: drift.address,
    stateSerial: drift.stateSerial,
    differences: drift.differences.map((difference) => ({
      path: difference.path,
      op: difference.op,
      declared: jsonOrText(difference.declared),
      observed: jsonOrText(difference.observed),
      configured: difference.configured,
    })),
    actors: drift.actors.map((actor) => ({
      principal: actor.principal,
      name: actor.name,
      via: actor.via,
      sourceIp: actor.sourceIp,
      userAgent: actor.userAgent,
      session: actor.session,
      eventIds: [...actor.eventIds],
      // Rows written before operations were told have none.
      operations: [...(actor.operations ?? [])],
      certainty: actor.certainty,
    })),
    declaredAsOf: isoOrNull(drift.declaredAsOf),
    observedAsOf: isoOrNull(drift.observedAsOf),
    openedAt: iso(drift.openedAt),
    changedAt: iso(drift.changedAt),
    resolvedAt: isoOrNull(drift.resolvedAt),
    resolution: drift.resolution,
    resolvedBy: drift.resolvedBy,
    ignoredBy: drift.ignoredBy,
    note: drift.note,
    acknowledgement: drift.acknowledgement && {
      by: drift.acknowledgement.by,
      reason: drift.acknowledgement.reason,
      at: iso(drift.acknowledgement.at),
    },
    acceptance: drift.acceptance && {
      by: drift.acceptance.by,
      reason: drift.acceptance.reason,
      at: iso(drift.acceptance.at),
      until: isoOrNull(drift.acceptance.until),
    },
    links: {},
  };
}
