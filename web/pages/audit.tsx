// Audit, first form: who changed what, who accepted it and why, and how long it was exposed.
import type { DriftJson, DriftsQuery } from '../../api/types.ts';
import { ago, duration, what, who } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Choices, Search } from '../parts/filters.tsx';
import { Mark } from '../parts/marks.tsx';
import { useReloadOn } from '../reload.ts';
import { Link, useAddress } from '../route.tsx';
import { client } from '../session.ts';

const LIMIT = 200;

export function AuditPage({ change, now }: { change: number; now: number }) {
  const { query } = useAddress();
  const [text, show] = [query.get('q') ?? '', query.get('show') ?? ''];
  const filters: DriftsQuery = {
    limit: LIMIT,
    status:
      show === 'accepted'
        ? ['accepted']
        : show === 'resolved'
          ? ['resolved']
          : ['open', 'acknowledged', 'accepted', 'resolved'],
    ignored: true,
    ...(text ? { q: text } : {}),
  };
  const drifts = useLoad(`audit ${JSON.stringify(filters)}`, (signal) =>
    client.drifts.list(filters, { signal }),
  );
  useReloadOn(change, drifts.reload);
  return (
    <>
      <div className="lead">
        <h1>Audit</h1>
        <p className="soft">
          Who changed what, who decided about it, and how long it was exposed. Each drift has its whole
          timeline.
        </p>
      </div>
      <div className="filters">
        <Search value={text} label="Search address, id, type, workspace" />
        <Choices
          name="show"
          label="Which"
          value={show}
          options={[
            ['all', 'All'],
            ['accepted', 'Accepted'],
            ['resolved', 'Resolved'],
          ]}
        />
      </div>
      <Answer of={drifts}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty title="Nothing recorded yet" />
          ) : (
            <>
              <div className="scroll">
                <table className="stack">
                  <thead>
                    <tr>
                      <th>What</th>
                      <th>Who changed it</th>
                      <th>What became of it</th>
                      <th>Exposed for</th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...items]
                      .sort((a, b) => Date.parse(b.changedAt) - Date.parse(a.changedAt))
                      .map((drift) => (
                        <Row key={drift.id} drift={drift} now={now} />
                      ))}
                  </tbody>
                </table>
              </div>
              {next && <p className="faint">The first {LIMIT} are shown; search to find others.</p>}
            </>
          )
        }
      </Answer>
    </>
  );
}

function Row({ drift, now }: { drift: DriftJson; now: number }) {
  const end = drift.resolvedAt ? Date.parse(drift.resolvedAt) : now;
  return (
    <tr>
      <td>
        <Link to={`/drifts/${encodeURIComponent(drift.id)}`}>{what(drift)}</Link>
        <p className="faint mono">{drift.address ?? drift.resourceId}</p>
      </td>
      <td>
        {who(drift)}
        {drift.actors[0]?.sourceIp && <p className="faint">from {drift.actors[0].sourceIp}</p>}
      </td>
      <td>
        <Outcome drift={drift} now={now} />
      </td>
      <td data-label="Exposed for" className="nowrap">
        {duration(end - Date.parse(drift.openedAt))}
        {drift.resolvedAt === null && <p className="faint">still</p>}
      </td>
    </tr>
  );
}

function Outcome({ drift, now }: { drift: DriftJson; now: number }) {
  if (drift.status === 'resolved')
    return (
      <>
        <Mark tone="good">{drift.resolution ?? 'resolved'}</Mark>
        {drift.resolvedAt && <p className="faint">{ago(drift.resolvedAt, now)}</p>}
      </>
    );
  const decision = drift.acceptance ?? drift.acknowledgement;
  return (
    <>
      <Mark tone={drift.status === 'open' ? 'accent' : 'low'}>{drift.status}</Mark>
      {decision && (
        <p className="faint">
          by {decision.by}: {decision.reason}
          {drift.acceptance?.until && `, until ${drift.acceptance.until.slice(0, 10)}`}
        </p>
      )}
    </>
  );
}
