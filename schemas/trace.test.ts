// Events that come of one wish are one trace, and a caller's own trace goes on in them.
import { expect, it } from 'vitest';
import { traceIdIn, traceparentOf } from './index.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

it('reads the trace id of what a caller sends, and of nothing else', () => {
  expect(traceIdIn(`00-${TRACE}-00f067aa0ba902b7-01`)).toBe(TRACE);
  expect(traceIdIn(`cc-${TRACE}-00f067aa0ba902b7-01-what-will-be`)).toBe(TRACE);
  for (const none of [
    '',
    TRACE,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  ])
    expect(traceIdIn(none), none).toBeNull();
});

it('gives all that comes of one wish the same trace, each event a parent of its own, the same every time', () => {
  const [first, second] = ['evt_1', 'evt_2'].map((id) => traceparentOf(id, TRACE));
  expect(first).not.toBe(second);
  expect(traceparentOf('evt_1', TRACE)).toBe(first);
  expect([first, second].map((each) => traceIdIn(each!))).toEqual([TRACE, TRACE]);
});

it('makes a trace id of whatever a correlation id is', () => {
  expect(traceIdIn(traceparentOf('e', '4BF92F35-77b3-4da6-a3ce-929d0e0e4736'))).toBe(TRACE);
  const ids = ['ticket-1204', 'ticket-1205', '0'.repeat(32), 'ä'].map((id) =>
    traceIdIn(traceparentOf('e', id)),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).not.toContain(null);
});
