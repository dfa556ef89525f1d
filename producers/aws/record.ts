// One CloudTrail record, checked at the edge: what the other files may rely on. Pure; never throws on any input.
import type { Json, JsonObject } from '../../schemas/index.ts';
import { isObject } from './path.ts';

/** Levels of nesting CloudTrail never reaches; deeper ones are refused before anything walks them. */
const MAX_DEPTH = 64;
/** Values in one record; CloudTrail limits a record to 256 KB. */
const MAX_VALUES = 50_000;
/** Characters of a CloudTrailEvent string inside a LookupEvents item. */
const MAX_EMBEDDED = 1_048_576;

export interface CloudtrailRecord {
  eventId: string;
  /** Milliseconds since the epoch. */
  time: number;
  eventSource: string;
  eventName: string;
  /** Account that got the record, else that of the caller. */
  account: string | null;
  region: string | null;
  requestId: string | null;
  identity: JsonObject;
  request: JsonObject;
  response: JsonObject;
  resources: Json[];
  sourceIp: string | null;
  userAgent: string | null;
  /** The record itself, for the fields few need. */
  raw: JsonObject;
}

type Checked = { record: CloudtrailRecord } | { unreadable: string };

/** Takes off what a record may come in: an EventBridge event, or an item of LookupEvents. */
function unwrap(value: JsonObject): JsonObject | string {
  if (typeof value.CloudTrailEvent === 'string') {
    if (value.CloudTrailEvent.length > MAX_EMBEDDED) return 'the embedded CloudTrailEvent is too long';
    try {
      const inner = JSON.parse(value.CloudTrailEvent) as Json;
      return isObject(inner) ? inner : 'the embedded CloudTrailEvent is not an object';
    } catch {
      return 'the embedded CloudTrailEvent is not JSON';
    }
  }
  if (isObject(value.detail) && (value['detail-type'] !== undefined || value.detail.eventID !== undefined))
    return value.detail;
  return value;
}

/** Why the value is too large to walk; null when it is not. Iterative, so that depth cannot end it. */
function tooLarge(value: Json): string | null {
  let level: Json[] = [value];
  let count = 0;
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return `nested more than ${MAX_DEPTH} levels deep`;
    const next: Json[] = [];
    for (const item of level) {
      if (item === null || typeof item !== 'object') continue;
      for (const inner of Array.isArray(item) ? item : Object.values(item))
        if (inner !== null && typeof inner === 'object') next.push(inner);
        else count++;
      count++;
      if (count > MAX_VALUES) return `holds more than ${MAX_VALUES} values`;
    }
    level = next;
  }
  return null;
}

const text = (value: Json | undefined, limit: number): string | null =>
  typeof value === 'string' && value !== '' && value.length <= limit ? value : null;

/** An account or a region: they become parts of object keys, and a separator in one would place it elsewhere. */
const name = (value: Json | undefined): string | null =>
  typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(value) ? value : null;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** A record out of any JSON value. */
export function checkRecord(value: unknown): Checked {
  if (!isObject(value as Json)) return { unreadable: 'not an object' };
  const outer = value as JsonObject;
  const size = tooLarge(outer);
  if (size) return { unreadable: size };
  const raw = unwrap(outer);
  if (typeof raw === 'string') return { unreadable: raw };
  const embedded = raw === outer ? null : tooLarge(raw);
  if (embedded) return { unreadable: embedded };

  const eventId = text(raw.eventID, 256);
  if (!eventId) return { unreadable: 'eventID is missing' };
  const eventTime = text(raw.eventTime, 40);
  if (!eventTime || !TIME.test(eventTime)) return { unreadable: 'eventTime is missing or not a UTC time' };
  const time = Date.parse(eventTime);
  if (!Number.isFinite(time) || time < 0) return { unreadable: 'eventTime is not a time' };
  const eventSource = text(raw.eventSource, 256);
  if (!eventSource) return { unreadable: 'eventSource is missing' };
  const eventName = text(raw.eventName, 256);
  if (!eventName) return { unreadable: 'eventName is missing' };

  const identity = isObject(raw.userIdentity) ? raw.userIdentity : {};
  return {
    record: {
      eventId,
      time,
      eventSource,
      eventName,
      account: name(raw.recipientAccountId) ?? name(identity.accountId),
      region: name(raw.awsRegion),
      requestId: text(raw.requestID, 256),
      identity,
      request: unwrapped(raw.requestParameters, eventName, 'Request'),
      response: unwrapped(raw.responseElements, eventName, 'Response'),
      resources: Array.isArray(raw.resources) ? raw.resources : [],
      sourceIp: text(raw.sourceIPAddress, 256),
      userAgent: text(raw.userAgent, 4_096),
      raw,
    },
  };
}

/** Newer EC2 calls wrap their parameters in `<Name>Request`, answers in `<Name>Response`. */
function unwrapped(value: Json | undefined, eventName: string, suffix: string): JsonObject {
  if (!isObject(value)) return {};
  const inner = value[`${eventName}${suffix}`];
  return isObject(inner) ? { ...value, ...inner } : value;
}
