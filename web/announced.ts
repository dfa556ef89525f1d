// What a screen reader says when drifts came by themselves.
import type { LiveEvent, Transition } from '../api/types.ts';
import { addressOrId, plural, WORST_FIRST, what } from './format.ts';

/** More than this would talk for longer than it takes to look. */
const ANNOUNCED = 2;

/** The worst of what came, what waits for someone before what was settled; the rest as a number. */
export function announced(events: readonly LiveEvent[]): string {
  const drifts = events.flatMap((event) => (event.kind === 'drift' ? [event.data] : []));
  drifts.sort((a, b) => urgency(a) - urgency(b));
  const told = drifts.slice(0, ANNOUNCED).map(({ type, drift }) => {
    const words = [what(drift), addressOrId(drift), drift.severity].join(', ');
    return `Drift ${type.slice('drift.'.length)}: ${words}`;
  });
  const more = drifts.length - told.length;
  return [...told, ...(more > 0 ? [`and ${plural(more, 'more change')} to drifts`] : [])].join('. ');
}

const urgency = ({ drift }: Transition): number =>
  (drift.status === 'open' ? 0 : WORST_FIRST.length) + WORST_FIRST.indexOf(drift.severity);
