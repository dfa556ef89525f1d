// One listed item becomes one observation, redacted and fingerprinted. Pure.
import type { Bodies, Json, JsonObject } from '../../schemas/index.ts';
import { canonical, fingerprint } from '../../schemas/index.ts';
import type { Known, ResourceRow } from './resources.ts';

/** Keyed fingerprint of a secret: equal for equal secrets. */
export type Hmac = (value: string) => string;

export interface Observation {
  body: Bodies['resource.observed'];
  fingerprint: Buffer;
}

/** Names of attributes that hold a secret whatever the row says: the safe side is to redact too much. */
const SECRET_NAME =
  /(password|passwd|secret|token|private_key|access_key|kube_?config|client_key|credential)|(^|_)uri$/i;

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
    if (value !== undefined) attributes[name] = redact(row, name, value, hmac);
  }
  const what = {
    type: row.type,
    resourceId,
    account,
    region: null,
    attributes: canonical(attributes),
    ownedBy: row.ownedBy?.(item, parent) ?? null,
  };
  return {
    body: { provider: 'digitalocean', via: 'snapshot', ...what },
    fingerprint: fingerprint(what),
  };
}

function redact(row: ResourceRow, name: string, value: Json, hmac: Hmac): Json {
  if (value === null || value === '') return value;
  if (!row.secrets?.includes(name) && !SECRET_NAME.test(name)) return value;
  return { $secret: hmac(typeof value === 'string' ? value : canonical(value)) };
}

/** Fingerprint of the fact that a resource is gone. */
export const vanishedFingerprint = (type: string, resourceId: string): Buffer =>
  fingerprint({ vanished: true, type, resourceId });
