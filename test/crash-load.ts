// The load of the crash test: the same event for the same number, whenever it is asked for. Forty buckets in four
// workspaces, declared, observed in and out of sync, changed by hand, and published in serials.

import type { SourceEvent } from '../runtime/source.ts';
import {
  changeReported,
  declared,
  eventOf,
  fingerprintOf,
  observed,
  statePublished,
} from '../runtime/testing/events.ts';
import type { Event } from '../schemas/index.ts';

/** Long enough ago for every timer of the detector's that matters here to be due at once. */
const BEGAN = Date.UTC(2026, 0, 1);
const BUCKETS = 40;

export function loadEvent(n: number): SourceEvent {
  const event = eventFor(n);
  return {
    type: event.type,
    body: event.body,
    time: event.time,
    id: event.id,
    objectKey: event.objectKey,
    fingerprint: fingerprintOf(event),
  } as SourceEvent;
}

function eventFor(n: number): Event {
  const time = BEGAN + n * 1_000;
  const bucket = `b${(n * 7) % BUCKETS}`;
  const workspace = `w${((n * 7) % BUCKETS) % 4}`;
  const round = Math.floor(n / 100);
  const fields = { objectKey: `default/aws/-/-/s3-bucket/${bucket}`, time, id: `evt_load_${n}` };
  const attributes = JSON.stringify({
    bucket,
    force_destroy: false,
    tags: { round: String(Math.floor(round / 5)) },
  });
  const drifted = JSON.stringify({ bucket, force_destroy: false, tags: { round: 'by hand' } });
  if (n % 50 === 49)
    return statePublished({ workspace: `w${round % 4}`, serial: round }, { time, id: fields.id });
  // Another topic than the declarations: it comes when all buckets are long declared, so that it concerns the same ones.
  if (n > 1_000 && n % 400 === 7)
    return eventOf('rules.published', { completeAccounts: [], rules: '[]' }, { time, id: fields.id });
  const place = { account: '123456789012', region: 'us-east-1', type: 'aws_s3_bucket', resourceId: bucket };
  if (n % 3 === 0)
    return declared(
      { ...place, workspace, address: `aws_s3_bucket.${bucket}`, serial: round, attributes },
      fields,
    );
  if (n % 3 === 1) return observed({ ...place, attributes: n % 5 === 0 ? drifted : attributes }, fields);
  return changeReported(
    { targets: [{ type: 'aws_s3_bucket', id: bucket }], providerEventId: `p${n}` },
    fields,
  );
}
