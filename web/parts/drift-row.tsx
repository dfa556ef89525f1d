// One drift in a list: what, where, who, since when, how bad.
import type { DriftJson } from '../../api/types.ts';
import { ago, what, who } from '../format.ts';
import { Link } from '../route.tsx';
import { DriftMarks } from './marks.tsx';

export function DriftRow({ drift, now }: { drift: DriftJson; now: number }) {
  const place = [drift.workspace, drift.account, drift.region].filter(Boolean).join(' · ');
  return (
    <li>
      <Link to={`/drifts/${encodeURIComponent(drift.id)}`} className="row-link">
        <article className="row" data-tone={drift.severity} data-quiet={drift.confidence !== 'confirmed'}>
          <span className="bar" />
          <p className="row-what">{what(drift)}</p>
          <p className="row-line">
            <span className="mono">{drift.address ?? `${drift.type} ${drift.resourceId}`}</span>
            <span>{place}</span>
          </p>
          <p className="row-line">
            <span>{who(drift)}</span>
            {drift.owner && <span>{drift.owner}</span>}
          </p>
          <div className="row-side">
            <DriftMarks drift={drift} />
            <time className="faint" dateTime={drift.openedAt} title={drift.openedAt}>
              {ago(drift.openedAt, now)}
            </time>
          </div>
        </article>
      </Link>
    </li>
  );
}
