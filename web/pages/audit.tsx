// Audit, first form: who changed what, who accepted it and why, and how long it was exposed.
import type { DriftJson, DriftsQuery, ExposureJson } from '../../api/types.ts';
import { addressOrId, clockTime, duration, plural, what, who } from '../format.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { useLoad, usePages } from '../load.ts';
import { Answer, Empty, More } from '../parts/answer.tsx';
import { Choices, Search } from '../parts/filters.tsx';
import { Heading } from '../parts/heading.tsx';
import { Mark, StatusMark } from '../parts/marks.tsx';
import { Name } from '../parts/name.tsx';
import { Ago } from '../parts/time.tsx';
import { addressOf, Link, useAddress } from '../route.tsx';
import { client } from '../session.ts';

const PAGE = 100;
const APART_MS = 5_000;

const SHOWN: Record<string, DriftsQuery['status']> = {
  open: ['open', 'acknowledged'],
  accepted: ['accepted'],
  resolved: ['resolved'],
};
const EVERYTHING: DriftsQuery['status'] = ['open', 'acknowledged', 'accepted', 'resolved'];

export function AuditPage({ changes, now }: { changes: Changes; now: number }) {
  const { query } = useAddress();
  const text = query.get('q') ?? '';
  const show = query.get('show') ?? '';
  const filters: DriftsQuery = {
    limit: PAGE,
    status: SHOWN[show] ?? EVERYTHING,
    ignored: true,
    ...(text ? { q: text } : {}),
  };
  const drifts = usePages(
    `audit ${JSON.stringify(filters)}`,
    (drift: DriftJson) => drift.id,
    (cursor, signal) => client.drifts.list({ ...filters, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  const exposure = useLoad(
    'exposure',
    async (signal) => (await client.analytics.exposure({}, { signal })).items,
  );
  useReloadOn(changes, ['drift'], drifts.reload);
  useReloadOn(changes, ['drift'], exposure.reload, APART_MS);
  return (
    <>
      <div className="lead">
        <Heading title="Audit" />
        <p className="soft">
          Who changed what, who decided about it and why, and how long it was exposed. Each drift has its
          whole timeline.
        </p>
      </div>
      {exposure.value && <Exposure items={exposure.value} />}
      <search className="filters">
        <Search value={text} label="Search address, id, type, actor, workspace" />
        <Choices
          name="show"
          label="Which"
          value={show}
          options={[
            ['all', 'All'],
            ['open', 'Open'],
            ['accepted', 'Accepted'],
            ['resolved', 'Resolved'],
          ]}
        />
      </search>
      <Answer of={drifts}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={text || show ? 'Nothing matches' : 'Nothing recorded yet'} />
          ) : (
            <>
              <div className="scroll" data-stale={drifts.stale}>
                <table className="stack">
                  <thead>
                    <tr>
                      <th scope="col">What changed</th>
                      <th scope="col">Who changed it</th>
                      <th scope="col">What became of it</th>
                      <th scope="col">Exposed for</th>
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
              {drifts.more && <More shown={items.length} word="drift" onMore={drifts.loadMore} />}
            </>
          )
        }
      </Answer>
    </>
  );
}

/** Confirmed drifts of the last 30 days: how many, how long. */
function Exposure({ items }: { items: ExposureJson[] }) {
  const sum = (of: (item: ExposureJson) => number): number => items.reduce((all, item) => all + of(item), 0);
  const count = sum((item) => item.drifts);
  const longest = Math.max(0, ...items.map((item) => item.longest));
  const severe = items.filter(({ severity }) => severity === 'critical' || severity === 'high');
  return (
    <section className="card" aria-label="Exposure in the last 30 days">
      <dl className="answers flat">
        <div>
          <dt>Confirmed in 30 days</dt>
          <dd>
            <strong className="figure">{count.toLocaleString('en')}</strong>
            <p className="faint">
              {severe.reduce((all, { drifts }) => all + drifts, 0).toLocaleString('en')} critical or high
            </p>
          </dd>
        </div>
        <div>
          <dt>Still standing</dt>
          <dd>
            <strong className="figure">{sum((item) => item.standing).toLocaleString('en')}</strong>
          </dd>
        </div>
        <div>
          <dt>Exposed on average</dt>
          <dd>
            <strong className="figure">
              {count === 0 ? '–' : duration((1_000 * sum((item) => item.seconds)) / count)}
            </strong>
            <p className="faint">over {plural(count, 'drift')}</p>
          </dd>
        </div>
        <div>
          <dt>Longest</dt>
          <dd>
            <strong className="figure">{count === 0 ? '–' : duration(1_000 * longest)}</strong>
          </dd>
        </div>
      </dl>
    </section>
  );
}

function Row({ drift, now }: { drift: DriftJson; now: number }) {
  const end = drift.resolvedAt ? Date.parse(drift.resolvedAt) : now;
  return (
    <tr>
      <td>
        <Link className="strong" to={addressOf.drift(drift.id)}>
          <Name>{what(drift)}</Name>
        </Link>
        <p className="faint mono">
          <Name>{addressOrId(drift)}</Name>
        </p>
        <p className="faint">
          {[drift.severity, drift.workspace, clockTime(drift.openedAt)].filter(Boolean).join(' · ')}
        </p>
      </td>
      <td data-label="By">
        <Name>{who(drift)}</Name>
        {drift.actors[0]?.sourceIp && <p className="faint">from {drift.actors[0].sourceIp}</p>}
      </td>
      <td data-label="Outcome">
        <Outcome drift={drift} now={now} />
      </td>
      <td data-label="Exposed for">
        {duration(Math.max(0, end - Date.parse(drift.openedAt)))}
        <p className="faint">
          {[drift.resolvedAt === null && 'still', drift.confidence !== 'confirmed' && 'not confirmed']
            .filter(Boolean)
            .join(', ')}
        </p>
      </td>
    </tr>
  );
}

function Outcome({ drift, now }: { drift: DriftJson; now: number }) {
  const decision = drift.acceptance ?? drift.acknowledgement;
  return (
    <>
      <span className="marks">
        <StatusMark drift={drift} />
        {drift.ignoredBy && <Mark>ignored</Mark>}
      </span>
      {drift.resolvedAt && (
        <p className="faint">
          <Ago time={drift.resolvedAt} now={now} />
        </p>
      )}
      {decision && (
        <p>
          <span className="faint">
            {drift.acceptance ? 'accepted' : 'acknowledged'} by {decision.by},{' '}
            <Ago time={decision.at} now={now} />
            {drift.acceptance?.until && `, until ${clockTime(drift.acceptance.until)}`}
          </span>
          <br />
          {decision.reason}
        </p>
      )}
    </>
  );
}
