// The load of the crash test: the same event for the same number, whenever it is asked for. Forty buckets in four
// workspaces, declared, observed in and out of sync, changed by hand, listed, and published in serials.
//
// A killed process, or a slow one, hears of the topics in another order than the next one: how far each is ahead of the
// others is up to the moment. So the drifts this ends in must be free of that order, of which two things take care (and
// crash-load.long.test.ts proves it). What is observed was declared before: a state that takes a value over after it was seen
// absorbs a drift, which it cannot do when it is heard of first (docs/detector.md, "What does"). And every so often a
// listing completes, after which nothing is observed for a while: what is suspected by then is settled in any order, and
// what is suspected after it stays so.

import type { SourceEvent } from '../runtime/source.ts';
import {
  changeReported,
  declared,
  eventOf,
  fingerprintOf,
  observed,
  snapshotCompleted,
  statePublished,
} from '../runtime/testing/events.ts';
import type { Event } from '../schemas/index.ts';

/** Long enough ago for every timer of the detector's that matters here to be due at once. */
const BEGAN = Date.UTC(2026, 0, 1);
const BUCKETS = 40;
/** Of every thousand events the last so many: a listing, and after it no observations. */
const LISTED_AT = 900;

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

type Kind = 'state' | 'rules' | 'listing' | 'declaration' | 'observation' | 'change';

function kindOf(n: number): Kind {
  if (n % 50 === 49) return 'state';
  // Another topic than the declarations: it comes when all buckets are long declared, so that it concerns the same ones.
  if (n > 1_000 && n % 400 === 7) return 'rules';
  if (n % 1_000 === LISTED_AT) return 'listing';
  if (n % 3 === 2) return 'change';
  return n % 3 === 0 || n % 1_000 > LISTED_AT ? 'declaration' : 'observation';
}

/** What is declared moves on after so many events. */
const generationOf = (n: number): number => Math.floor(n / 500);

/** What was declared last, before or with an event, of the bucket it is about. */
function declaredBy(n: number): number {
  for (let at = n; at >= 0; at -= BUCKETS) if (kindOf(at) === 'declaration') return generationOf(at);
  return 0;
}

/** Of forty buckets four are never in sync, and four are so in every other generation. */
const isByHand = (n: number): boolean => n % 10 === 0 || (n % 10 === 5 && generationOf(n) % 2 === 1);

function eventFor(n: number): Event {
  const time = BEGAN + n * 1_000;
  const bucket = `b${(n * 7) % BUCKETS}`;
  const workspace = `w${((n * 7) % BUCKETS) % 4}`;
  const round = Math.floor(n / 100);
  const broadcast = { time, id: `evt_load_${n}` };
  const fields = { ...broadcast, objectKey: `default/aws/-/-/s3-bucket/${bucket}` };
  const place = { account: '123456789012', region: 'us-east-1', type: 'aws_s3_bucket', resourceId: bucket };
  const attributes = (value: string): string =>
    JSON.stringify({ bucket, force_destroy: false, tags: { generation: value } });
  switch (kindOf(n)) {
    case 'state':
      return statePublished({ workspace: `w${round % 4}`, serial: round }, broadcast);
    case 'rules':
      return eventOf('rules.published', { completeAccounts: [], rules: '[]' }, broadcast);
    case 'listing':
      return snapshotCompleted({ snapshotId: `snapshot-${n}`, startedAt: time }, broadcast);
    case 'declaration':
      return declared(
        {
          ...place,
          workspace,
          address: `aws_s3_bucket.${bucket}`,
          serial: round,
          attributes: attributes(String(generationOf(n))),
        },
        fields,
      );
    case 'observation':
      return observed(
        { ...place, attributes: attributes(isByHand(n) ? 'by hand' : String(declaredBy(n))) },
        fields,
      );
    case 'change':
      return changeReported(
        { targets: [{ type: 'aws_s3_bucket', id: bucket }], providerEventId: `p${n}` },
        fields,
      );
  }
}
