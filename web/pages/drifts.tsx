// My team's open drifts: does anything need me now? Confirmed ones first; what is only suspected stays apart.
import { useEffect } from 'react';
import type { DriftJson, DriftsQuery } from '../../api/types.ts';
import { plural } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { DriftRow } from '../parts/drift-row.tsx';
import { Choices, Search, Select } from '../parts/filters.tsx';
import { useReloadOn } from '../reload.ts';
import { Link, setFilters, useAddress } from '../route.tsx';
import { client } from '../session.ts';

const PAGE = 200;
const TEAM = 'driftmgr.team';

const SEVERITIES: readonly (readonly [DriftJson['severity'] | '', string])[] = [
  ['', 'Any severity'],
  ['critical', 'Critical'],
  ['high', 'High'],
  ['medium', 'Medium'],
  ['low', 'Low'],
  ['info', 'Info'],
];

export function DriftsPage({ change, now }: { change: number; now: number }) {
  const { query } = useAddress();
  const [team, severity, text, show] = ['team', 'severity', 'q', 'show'].map((name) => query.get(name) ?? '');
  useRememberedTeam(team ?? '');

  const filters: DriftsQuery = {
    limit: PAGE,
    status: show === 'all' ? ['open', 'acknowledged', 'accepted', 'resolved'] : ['open', 'acknowledged'],
    ignored: show === 'all',
    ...(team ? { owner: team } : {}),
    ...(severity ? { severity: [severity as DriftJson['severity']] } : {}),
    ...(text ? { q: text } : {}),
  };
  const drifts = useLoad(`drifts ${JSON.stringify(filters)}`, (signal) =>
    client.drifts.list(filters, { signal }),
  );
  const workspaces = useLoad('workspaces', (signal) => client.workspaces.list({ limit: 500 }, { signal }));
  useReloadOn(change, drifts.reload, workspaces.reload);
  const teams = [
    ...new Set((workspaces.value?.items ?? []).map((each) => each.owner).filter((owner) => owner !== null)),
  ].sort();

  return (
    <>
      <Answer of={drifts}>
        {({ items, next }) => <Headline items={items} more={next !== null} team={team ?? ''} />}
      </Answer>
      <div className="filters">
        <Search value={text ?? ''} label="Search address, id, type, workspace" />
        <Select
          name="team"
          label="Team"
          value={team ?? ''}
          options={[['', 'All teams'], ...teams.map((name) => [name, name] as const)]}
        />
        <Select name="severity" label="Severity" value={severity ?? ''} options={SEVERITIES} />
        <Choices
          name="show"
          label="Which drifts"
          value={show ?? ''}
          options={[
            ['open', 'Open'],
            ['all', 'All'],
          ]}
        />
      </div>
      {drifts.value && <Groups items={drifts.value.items} now={now} />}
      {drifts.value?.next && (
        <p className="faint">The first {PAGE} are shown. Narrow the filters to see the others.</p>
      )}
    </>
  );
}

function Headline({ items, more, team }: { items: DriftJson[]; more: boolean; team: string }) {
  const act = items.filter(needsAction);
  const suspected = items.filter(
    (drift) => drift.status === 'open' && drift.confidence !== 'confirmed' && drift.kind !== 'unmanaged',
  );
  const whose = team ? ` of ${team}` : '';
  return (
    <div className="lead">
      <h1>
        {act.length === 0
          ? `Nothing${whose} needs you now`
          : `${plural(act.length, 'drift')}${more ? ' or more' : ''}${whose} ${act.length === 1 ? 'needs' : 'need'} a decision`}
      </h1>
      <p className="soft">
        {suspected.length > 0
          ? `${plural(suspected.length, 'change')} by someone other than Terraform ${suspected.length === 1 ? 'is' : 'are'} reported and not read yet. `
          : 'No change outside Terraform waits to be read. '}
        What is not watched stands under <Link to="/gaps">Gaps</Link>.
      </p>
    </div>
  );
}

const needsAction = (drift: DriftJson): boolean =>
  drift.status === 'open' && drift.confidence === 'confirmed' && drift.ignoredBy === null;

const GROUPS: readonly { title: string; note: string; holds(drift: DriftJson): boolean }[] = [
  { title: 'Act now', note: 'Confirmed: attributes were read and differ.', holds: needsAction },
  {
    title: 'Suspected',
    note: 'Someone other than Terraform changed it; what it is now has not been read.',
    holds: (drift) =>
      drift.status === 'open' &&
      drift.confidence !== 'confirmed' &&
      drift.kind !== 'unmanaged' &&
      !drift.ignoredBy,
  },
  {
    title: 'Unmanaged',
    note: 'Made by hand; no state declares it. Inventory, no alarm.',
    holds: (drift) =>
      drift.status === 'open' &&
      drift.confidence !== 'confirmed' &&
      drift.kind === 'unmanaged' &&
      !drift.ignoredBy,
  },
  { title: 'Acknowledged', note: 'Someone is on it.', holds: (drift) => drift.status === 'acknowledged' },
  {
    title: 'Accepted',
    note: 'Left as it is, for now or for good.',
    holds: (drift) => drift.status === 'accepted',
  },
  {
    title: 'Ignored',
    note: 'A rule says that someone else owns it.',
    holds: (drift) => drift.status === 'open' && drift.ignoredBy !== null,
  },
  { title: 'Resolved', note: 'In the last 30 days.', holds: (drift) => drift.status === 'resolved' },
];

const RANK: Record<DriftJson['severity'], number> = { critical: 0, high: 1, medium: 2, low: 3, info: 4 };

function Groups({ items, now }: { items: DriftJson[]; now: number }) {
  if (items.length === 0)
    return (
      <Empty title="No drift here">
        Nothing matches, or everything is as declared. <Link to="/gaps">Gaps</Link> says what is not watched.
      </Empty>
    );
  return GROUPS.map((group) => {
    const members = items
      .filter(group.holds)
      .sort(
        (a, b) => RANK[a.severity] - RANK[b.severity] || Date.parse(b.changedAt) - Date.parse(a.changedAt),
      );
    if (members.length === 0) return null;
    return (
      <section className="group" key={group.title}>
        <div className="group-head">
          <h2>
            {group.title} <span className="faint">{members.length}</span>
          </h2>
          <p className="faint">{group.note}</p>
        </div>
        <ul className="rows">
          {members.map((drift) => (
            <DriftRow key={drift.id} drift={drift} now={now} />
          ))}
        </ul>
      </section>
    );
  });
}

/** The team chosen last is chosen again when the page is opened without one. */
function useRememberedTeam(team: string): void {
  useEffect(() => {
    const remembered = localStorage.getItem(TEAM);
    if (remembered && !location.search.includes('team=')) setFilters({ team: remembered });
  }, []);
  useEffect(() => {
    if (team) localStorage.setItem(TEAM, team);
    else localStorage.removeItem(TEAM);
  }, [team]);
}
