// A history with much that is superseded: values that changed, resources withdrawn and vanished, drifts opened and resolved.
// The same events for the same round, whenever they are asked for.
import {
  changeReported,
  declared,
  observed,
  statePublished,
  vanished,
  withdrawn,
} from '../../runtime/testing/events.ts';
import type { Event } from '../../schemas/index.ts';

/** Long enough ago for every timer of the detector's to be due at once. */
const BEGAN = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
export const BUCKETS = 30;

/** In parts: what belongs together, each to be read before the next comes. */
export function roundOf(round: number): Event[][] {
  const time = BEGAN + round * HOUR;
  const names = Array.from({ length: BUCKETS }, (_, n) => n);
  const at = (n: number, later: number) => ({
    objectKey: `default/aws/-/-/s3-bucket/b${n}`,
    time: time + later,
    recordedAt: time + later,
    id: `evt_${round}_${n}_${later}`,
  });
  const place = (n: number) => ({ type: 'aws_s3_bucket', resourceId: `b${n}` });
  const value = (n: number, tag: string) =>
    JSON.stringify({ bucket: `b${n}`, force_destroy: false, tags: { tag } });
  const address = (n: number) => `aws_s3_bucket.b${n}`;
  const workspace = (n: number) => `w${n % 3}`;
  // Of each six: as declared; by hand every other round; gone in odd rounds; withdrawn in the last; always by hand; changed.
  const isByHand = (n: number): boolean => (n % 6 === 1 && round % 2 === 1) || n % 6 === 4;
  const isGone = (n: number): boolean => n % 6 === 2 && round % 2 === 1;
  const isWithdrawn = (n: number): boolean => n % 6 === 3 && round % 4 === 3;
  return [
    names.map((n) =>
      isWithdrawn(n)
        ? withdrawn({ ...place(n), workspace: workspace(n), address: address(n), serial: round }, at(n, 0))
        : declared(
            {
              ...place(n),
              workspace: workspace(n),
              address: address(n),
              serial: round,
              attributes: value(n, `v${round}`),
            },
            at(n, 0),
          ),
    ),
    [0, 1, 2].map((n) =>
      statePublished(
        { workspace: `w${n}`, serial: round, instances: BUCKETS / 3 },
        { time: time + 1_000, recordedAt: time, id: `evt_${round}_w${n}` },
      ),
    ),
    names.map((n) =>
      isGone(n)
        ? vanished(place(n), at(n, 60_000))
        : observed(
            { ...place(n), attributes: value(n, isByHand(n) ? `by hand ${round}` : `v${round}`) },
            at(n, 60_000),
          ),
    ),
    names
      .filter((n) => n % 6 === 5)
      .map((n) =>
        changeReported(
          { targets: [{ type: 'aws_s3_bucket', id: `b${n}` }], providerEventId: `p${round}-${n}` },
          at(n, 120_000),
        ),
      ),
  ];
}
