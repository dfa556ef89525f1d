// What is not watched, and why. Gaps come first: a silent one is worse than a drift.

import { ApiProblem } from '../../api/client.ts';
import type { CoverageJson, DeadLetterJson, SnapshotJson, SystemJson } from '../../api/types.ts';
import { plural } from '../format.ts';
import { gapGroups } from '../gap-groups.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { useLoad, usePages } from '../load.ts';
import type { Overview } from '../overview.ts';
import { Answer, Empty, Failure, More, Waiting } from '../parts/answer.tsx';
import { Covered, GapCard } from '../parts/gap-card.tsx';
import { Heading } from '../parts/heading.tsx';
import { Mark } from '../parts/marks.tsx';
import { Ago } from '../parts/time.tsx';
import { addressOf, Link } from '../route.tsx';
import { client } from '../session.ts';

const PAGE = 500;
const LETTERS = 20;
/** Counted over all that is declared: not at every listing. */
const APART_MS = 3_000;

interface GapsPageProps {
  changes: Changes;
  now: number;
  overview: Overview;
}

export function GapsPage({ changes, now, overview }: GapsPageProps) {
  const coverage = usePages(
    'coverage',
    (item: CoverageJson) => item.scope,
    (cursor, signal) => client.coverage.list({ limit: PAGE, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  const snapshots = usePages(
    'snapshots',
    (snapshot: SnapshotJson) => `${snapshot.source} ${snapshot.scope}`,
    (cursor, signal) => client.snapshots.list({ limit: PAGE, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  const letters = usePages(
    'dead letters',
    (letter: DeadLetterJson) => letter.id,
    (cursor, signal) =>
      client.system.deadLetters({ limit: LETTERS, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  const system = useLoad('system', (signal) => client.system.get({ signal }));
  const kinds = ['workspace', 'snapshot'] as const;
  useReloadOn(changes, kinds, coverage.reload, APART_MS);
  useReloadOn(changes, kinds, snapshots.reload, APART_MS);
  useReloadOn(changes, kinds, letters.reload, APART_MS);
  useReloadOn(changes, kinds, system.reload, APART_MS);
  const unreadable = (overview.workspaces.value ?? []).filter((each) => each.problem !== null);
  const stopped = (system.value?.sources ?? []).filter((source) => source.detail !== null);
  const failed = (snapshots.value ?? []).filter((snapshot) => snapshot.status === 'failed');
  const groups = gapGroups(coverage.value ?? []);
  const gaps = groups.filter((group) => group.status !== 'covered');

  return (
    <>
      <div className="lead">
        <Heading
          title={
            coverage.value === null
              ? 'Gaps'
              : gaps.length + unreadable.length + stopped.length + failed.length === 0
                ? 'No gaps known'
                : 'What is not fully watched'
          }
        />
        <p className="soft">Where something is not watched, no drift shown does not mean no drift.</p>
      </div>
      {coverage.value && <Watched items={coverage.value} />}
      {unreadable.map((workspace) => (
        <p className="notice" data-tone="critical" key={workspace.name}>
          <span>
            <strong>
              The state of <Link to={addressOf.workspace(workspace.name)}>{workspace.name}</Link> cannot be
              read.
            </strong>{' '}
            {workspace.problem}
          </span>
        </p>
      ))}
      {stopped.map((source) => (
        <Stopped key={source.name} source={source} />
      ))}
      {failed.length > 0 && <FailedListings items={failed} now={now} />}
      <Answer of={coverage} waiting={<Waiting lines={6} />}>
        {(items) =>
          items.length === 0 ? (
            <Empty title="Nothing is declared or observed yet" />
          ) : (
            <section className="group" aria-label="Coverage">
              {gaps.map((group) => (
                <GapCard key={`${group.status} ${group.items[0]?.scope}`} group={group} now={now} />
              ))}
              {coverage.more && <More shown={items.length} word="type" onMore={coverage.loadMore} />}
            </section>
          )
        }
      </Answer>
      <Letters of={letters} now={now} />
      <Covered groups={groups.filter((group) => group.status === 'covered')} now={now} />
      {snapshots.error && !coverage.error && <Failure error={snapshots.error} retry={snapshots.reload} />}
    </>
  );
}

/** How much of what is declared is watched, in one bar. */
function Watched({ items }: { items: CoverageJson[] }) {
  const sum = (statuses: CoverageJson['status'][]): number =>
    items
      .filter(({ status }) => statuses.includes(status))
      .reduce((total, { declared }) => total + declared, 0);
  const [full, partial, blind] = [sum(['covered']), sum(['partial']), sum(['uncovered', 'unknown'])];
  const all = full + partial + blind;
  if (all === 0) return null;
  const part = (count: number): string => `${(100 * count) / all}%`;
  return (
    <div className="metered">
      <div className="meter" aria-hidden="true">
        {full > 0 && <i style={{ width: part(full) }} />}
        {partial > 0 && <i data-tone="medium" style={{ width: part(partial) }} />}
        {blind > 0 && <i data-tone="critical" style={{ width: part(blind) }} />}
      </div>
      <p className="marks">
        <span className="soft">{plural(all, 'declared instance')}:</span>
        <Mark tone="good">{`${full.toLocaleString('en')} fully watched`}</Mark>
        {partial > 0 && <Mark tone="medium">{`${partial.toLocaleString('en')} in part`}</Mark>}
        {blind > 0 && <Mark tone="critical">{`${blind.toLocaleString('en')} not watched`}</Mark>}
      </p>
    </div>
  );
}

function Stopped({ source }: { source: SystemJson['sources'][number] }) {
  return (
    <p className="notice" data-tone={source.status === 'failed' ? 'critical' : 'high'}>
      <span>
        <strong>
          {source.status === 'failed'
            ? `The source ${source.name} has stopped.`
            : `The source ${source.name} has trouble.`}
        </strong>{' '}
        {source.detail}
      </span>
    </p>
  );
}

function FailedListings({ items, now }: { items: SnapshotJson[]; now: number }) {
  return (
    <section className="card">
      <h2>Listings that failed</h2>
      <p className="soft">
        A failed listing proves nothing: what it would have shown is unknown until the next.
      </p>
      <ul className="entries">
        {items.map((snapshot) => (
          <li key={`${snapshot.source} ${snapshot.scope}`}>
            <span className="mono">{snapshot.scope}</span>
            <p>{snapshot.reason ?? 'no reason told'}</p>
            <p className="faint">
              {snapshot.completedAt ? (
                <>
                  last complete <Ago time={snapshot.completedAt} now={now} />
                </>
              ) : (
                'never complete'
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface LettersProps {
  of: ReturnType<typeof usePages<DeadLetterJson>>;
  now: number;
}

function Letters({ of, now }: LettersProps) {
  // Only an administrator's key may read them; that they cannot be seen is said.
  if (of.error instanceof ApiProblem && of.error.status === 403)
    return <p className="faint">What could not be processed is shown to administrators only.</p>;
  if (of.error) return <Failure error={of.error} retry={of.reload} />;
  if (!of.value || of.value.length === 0) return null;
  return (
    <section className="card">
      <h2>Could not be processed</h2>
      <p className="soft">Each makes its object unknown until it is replayed.</p>
      <ul className="entries">
        {of.value.map((letter) => (
          <li key={letter.id}>
            <p>{letter.reason}</p>
            <p className="faint">
              {letter.reader}, <Ago time={letter.at} now={now} />
              {letter.objectKey && (
                <>
                  {' · '}
                  <span className="mono">{letter.objectKey}</span>
                </>
              )}
            </p>
          </li>
        ))}
      </ul>
      {of.more && <More shown={of.value.length} word="letter" onMore={of.loadMore} />}
    </section>
  );
}
