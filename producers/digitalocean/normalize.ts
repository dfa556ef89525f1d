// One listed item becomes one observation, redacted and fingerprinted. Pure.
import type { Bodies, JsonObject } from '../../schemas/index.ts';
import { fingerprint } from '../../schemas/index.ts';
import { type Hmac, redactAttributes } from '../terraform/redact.ts';
import type { Known, ResourceRow } from './listing.ts';

export interface Observation {
  body: Bodies['resource.observed'];
  fingerprint: Buffer;
}

/** Null for an item without an id: a list that holds one cannot prove what is not in it. */
export function observe(
  row: ResourceRow,
  item: JsonObject,
  parent: JsonObject,
  known: Known,
  account: string | null,
  hmac: Hmac,
): Observation | null {
  const resourceId = row.id(item, parent);
  if (resourceId === undefined) return null;
  const attributes: JsonObject = {};
  for (const name in row.attributes) {
    const value = row.attributes[name]!(item, parent, known);
    if (value !== undefined) attributes[name] = value;
  }
  const what = {
    type: row.type,
    resourceId,
    account,
    region: null,
    // As the state's copy is redacted, so that equal secrets have equal fingerprints on both sides.
    attributes: redactAttributes(row.type, attributes, hmac),
    ownedBy: row.ownedBy?.(item, parent) ?? null,
  };
  return {
    body: { provider: 'digitalocean', via: 'snapshot', ...what },
    fingerprint: fingerprint(what),
  };
}

/** Fingerprint of the fact that a resource is gone. */
export const vanishedFingerprint = (type: string, resourceId: string): Buffer =>
  fingerprint({ vanished: true, type, resourceId });
