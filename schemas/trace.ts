// The trace an event belongs to (https://www.w3.org/TR/trace-context/). What is asked for and all that comes of it share a
// correlation id, and that is the trace: whoever sends a `traceparent` finds its own trace id in every event that follows.
//
// DriftMgr records no spans: the parent that is named stands for the event itself, the same however often it is written.
import { digest } from './hash.ts';

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A later version may say more, after another dash; `ff` is none. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
/** Whoever asked may have recorded it. */
const SAMPLED = '01';

/** The trace id that a `traceparent` names; null for what is none. */
export function traceIdIn(traceparent: string): string | null {
  const [, version, traceId = '', more] = TRACEPARENT.exec(traceparent) ?? [];
  return TRACE_ID.test(traceId) && !(version === '00' && more !== undefined) ? traceId : null;
}

/** `traceparent` of an event, by its id and its correlation id. */
export const traceparentOf = (eventId: string, correlationId: string): string =>
  `00-${traceIdOf(correlationId)}-${digest('sha256', eventId).slice(0, 16)}-${SAMPLED}`;

/** A trace id or a UUID is taken as it is; other ids that callers bring are hashed. */
function traceIdOf(correlationId: string): string {
  const bare = UUID.test(correlationId) ? correlationId.replaceAll('-', '').toLowerCase() : correlationId;
  return TRACE_ID.test(bare) ? bare : digest('sha256', correlationId).slice(0, 32);
}
