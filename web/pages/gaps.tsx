// What is not watched, and why. Gaps come first: a silent one is worse than a drift.
import type { CoverageJson, SnapshotJson } from '../../api/types.ts';
import { ago, plural } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Mark, type Tone } from '../parts/marks.tsx';
import { useReloadOn } from '../reload.ts';
import { client } from '../session.ts';

const LIMIT = 500;

export function GapsPage({ change, now }: { change: number; now: number }) {
  const coverage = useLoad('coverage', (signal) => client.coverage.list({ limit: LIMIT }, { signal }));
  const workspaces = useLoad('workspaces', (signal) => client.workspaces.list({ limit: LIMIT }, { signal }));
  const snapshots = useLoad('snapshots', (signal) => client.snapshots.list({ limit: LIMIT }, { signal }));
  const letters = useLoad('dead letters', (signal) => client.system.deadLetters({ limit: 20 }, { signal }));
  useReloadOn(change, coverage.reload, workspaces.reload, snapshots.reload, letters.reload);
  const unreadable = (workspaces.value?.items ?? []).filter((each) => each.problem !== null);

  return (
    <>
      <Answer of={coverage}>
        {({ items }) => <Headline items={items} unreadable={unreadable.length} />}
      </Answer>
      {unreadable.map((workspace) => (
        <p className="notice" data-tone="critical" key={workspace.name}>
          <strong>{workspace.name}</strong> {workspace.problem}
        </p>
      ))}
      {letters.value && letters.value.items.length > 0 && (
        <section className="card">
          <h2>Could not be processed</h2>
          <ul className="sides">
            {letters.value.items.map((letter) => (
              <li key={letter.id}>
                {letter.reason}{' '}
                <span className="faint">
                  ({letter.reader}, {ago(letter.at, now)}
                  {letter.objectKey && `, ${letter.objectKey}`})
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {coverage.value && <Coverage items={coverage.value.items} now={now} />}
      {snapshots.value && snapshots.value.items.length > 0 && (
        <Snapshots items={snapshots.value.items} now={now} />
      )}
    </>
  );
}

function Headline({ items, unreadable }: { items: CoverageJson[]; unreadable: number }) {
  const declared = sum(items.map((item) => item.declared));
  const watched = sum(items.filter((item) => item.status === 'covered').map((item) => item.declared));
  const gaps = items.filter((item) => item.status !== 'covered');
  return (
    <div className="lead">
      <h1>
        {gaps.length === 0 && unreadable === 0
          ? 'No gaps known'
          : `${plural(gaps.length + unreadable, 'gap')}`}
      </h1>
      <p className="soft">
        {watched.toLocaleString('en')} of {plural(declared, 'declared instance')} are fully watched. For the
        others, no drift shown does not mean no drift.
      </p>
    </div>
  );
}

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);

const TONE: Record<CoverageJson['status'], Tone> = {
  uncovered: 'critical',
  unknown: 'high',
  partial: 'medium',
  covered: 'good',
};
const ORDER: CoverageJson['status'][] = ['uncovered', 'unknown', 'partial', 'covered'];

function Coverage({ items, now }: { items: CoverageJson[]; now: number }) {
  if (items.length === 0) return <Empty title="Nothing is declared or observed yet" />;
  const sorted = [...items].sort(
    (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || b.declared - a.declared,
  );
  return (
    <section className="group">
      <h2>By type and scope</h2>
      <div className="scroll">
        <table className="stack">
          <thead>
            <tr>
              <th>Type</th>
              <th>Watched</th>
              <th className="number">Declared</th>
              <th className="number">Observed</th>
              <th>How</th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((item) => (
              <tr key={`${item.scope} ${item.type}`}>
                <td>
                  <span className="mono">{item.type}</span>
                  <p className="faint">
                    {[item.provider, item.account, item.region].filter(Boolean).join(' · ')}
                  </p>
                </td>
                <td>
                  <Mark tone={TONE[item.status]}>{item.status}</Mark>
                  {item.reasons.map((reason) => (
                    <p className="faint" key={reason}>
                      {reason}
                    </p>
                  ))}
                </td>
                <td className="number" data-label="Declared">
                  {item.declared}
                </td>
                <td className="number" data-label="Observed">
                  {item.observed}
                </td>
                <td className="soft">
                  {[
                    item.byFeed && `changes: ${item.byFeed}`,
                    item.bySnapshot && `snapshots: ${item.bySnapshot}`,
                  ]
                    .filter(Boolean)
                    .join('; ') || 'not at all'}
                  {item.lastCompletedAt && (
                    <p className="faint">last complete {ago(item.lastCompletedAt, now)}</p>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Snapshots({ items, now }: { items: SnapshotJson[]; now: number }) {
  return (
    <section className="group">
      <h2>Snapshots</h2>
      <div className="scroll">
        <table className="stack">
          <thead>
            <tr>
              <th>Scope</th>
              <th>Last attempt</th>
              <th>Last complete</th>
              <th className="number">Listed</th>
            </tr>
          </thead>
          <tbody>
            {[...items]
              .sort(
                (a, b) =>
                  Number(b.status === 'failed') - Number(a.status === 'failed') ||
                  a.scope.localeCompare(b.scope),
              )
              .map((snapshot) => (
                <tr key={`${snapshot.source} ${snapshot.scope}`}>
                  <td className="mono">{snapshot.scope}</td>
                  <td>
                    <Mark tone={snapshot.status === 'failed' ? 'critical' : 'good'}>{snapshot.status}</Mark>
                    {snapshot.reason && <p className="faint">{snapshot.reason}</p>}
                  </td>
                  <td className="soft" data-label="Last complete">
                    {snapshot.completedAt ? ago(snapshot.completedAt, now) : 'never'}
                  </td>
                  <td className="number" data-label="Listed">
                    {snapshot.listed ?? '—'}
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
