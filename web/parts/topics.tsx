// The topics of the log, the largest first.
import type { SystemJson } from '../../api/types.ts';
import { plural } from '../format.ts';
import { topicsOf } from '../system-standing.ts';
import { Name } from './name.tsx';

export function Topics({ system }: { system: SystemJson }) {
  const topics = topicsOf(system);
  if (topics.length === 0) return null;
  const most = Math.max(1, ...topics.map(({ kept }) => kept));
  const all = topics.reduce((sum, { kept }) => sum + kept, 0);
  return (
    <section className="card" aria-label="Topics">
      <div>
        <h2>What is kept?</h2>
        <p className="soft">
          {`At most ${plural(all, 'record')}: offsets that are kept, of which compaction leaves fewer.`}
        </p>
      </div>
      <ul className="topics">
        {topics.map(({ name, kept, largest, partitions }) => (
          <li key={name}>
            <span className="mono">
              <Name>{name}</Name>
            </span>
            <div className="meter" aria-hidden="true">
              <i data-tone="low" style={{ width: `${(100 * kept) / most}%` }} />
            </div>
            <span className="number faint">
              {partitions > 1 && kept > 0 && `largest partition ${largest.toLocaleString('en')}`}
            </span>
            <span className="number">{kept.toLocaleString('en')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
