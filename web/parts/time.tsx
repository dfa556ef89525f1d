// A time as people read it, with the exact one at hand.
import { ago, clockTime } from '../format.ts';

export function Ago({ time, now }: { time: string; now: number }) {
  return (
    <time dateTime={time} title={clockTime(time)}>
      {ago(time, now)}
    </time>
  );
}
