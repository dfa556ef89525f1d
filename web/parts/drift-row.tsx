// One drift in a list: what, where, who, since when, how bad.
import type { DriftJson } from '../../api/types.ts';
import { addressOrId, deed, what } from '../format.ts';
import { addressOf, Link } from '../route.tsx';
import { DriftMarks } from './marks.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

interface DriftRowProps {
  drift: DriftJson;
  now: number;
  /** Came while the page was open. */
  fresh?: boolean;
  /** Level of the row's heading below the page's. */
  level?: 2 | 3;
}

export function DriftRow({ drift, now, fresh = false, level = 3 }: DriftRowProps) {
  const Title = level === 2 ? 'h2' : 'h3';
  const place = [drift.workspace, drift.account, drift.region].filter((part) => part !== null);
  // A drift without differences is titled by who did it already.
  const namesActor = drift.kind === 'modified' && drift.differences.length === 0;
  const people = [...(namesActor ? [] : [deed(drift)]), ...(drift.owner ? [drift.owner] : [])];
  return (
    <li
      className="row"
      data-tone={drift.severity}
      data-quiet={drift.confidence !== 'confirmed'}
      data-fresh={fresh}
    >
      <Title className="row-what">
        <Link to={addressOf.drift(drift.id)}>
          <Name>{what(drift)}</Name>
        </Link>
      </Title>
      <p className="row-address mono">
        <Name>{addressOrId(drift)}</Name>
      </p>
      <p className="row-place">
        {[...place, ...people].map((part) => (
          <span key={part}>
            <Name>{part}</Name>
          </span>
        ))}
      </p>
      <DriftMarks drift={drift} />
      <p className="row-when faint">
        <Ago time={drift.openedAt} now={now} />
      </p>
    </li>
  );
}
