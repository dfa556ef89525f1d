// Declared and observed, side by side, one attribute after the other.
import type { DifferenceJson } from '../../api/types.ts';
import { full } from '../format.ts';

export function Differences({ differences }: { differences: DifferenceJson[] }) {
  return (
    <div className="sides">
      {differences.map((difference) => (
        <section key={difference.path} className="group">
          <h3 className="mono">
            {difference.path} <span className="faint">{difference.op}</span>
          </h3>
          <div className="side-by-side">
            <div className="value declared">
              <span>Declared</span>
              <pre>{full(difference.declared)}</pre>
            </div>
            <div className="value observed">
              <span>Observed</span>
              <pre>{full(difference.observed)}</pre>
            </div>
          </div>
        </section>
      ))}
    </div>
  );
}
