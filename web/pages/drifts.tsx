// My team's drifts: does anything need me now? Confirmed ones first; what is only suspected stays apart; gaps are told.
import { useEffect, useRef, useState } from 'react';
import type { DriftJson, DriftsQuery, Page } from '../../api/types.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { type Loaded, readPages, useLoad } from '../load.ts';
import type { Overview } from '../overview.ts';
import { Answer, Empty, More } from '../parts/answer.tsx';
import { DriftRow } from '../parts/drift-row.tsx';
import { Choices, Search, Select } from '../parts/filters.tsx';
import { GapBanner } from '../parts/gap-banner.tsx';
import { Headline, type Scope, Summary } from '../parts/headline.tsx';
import { setFilters, useAddress } from '../route.tsx';
import { client } from '../session.ts';
import { useTeam } from '../team.ts';

const PAGE = 50;

const SEVERITIES: readonly (readonly [DriftJson['severity'] | '', string])[] = [
  ['', 'All'],
  ['critical', 'Critical'],
  ['high', 'High'],
  ['medium', 'Medium'],
  ['low', 'Low'],
  ['info', 'Info'],
];

interface Group {
  title: string;
  note: string;
  query: DriftsQuery;
  /** What the API cannot leave out is left out here. */
  holds?: (drift: DriftJson) => boolean;
}

const OPEN: readonly Group[] = [
  {
    title: 'Act now',
    note: 'Confirmed: it was read, and it differs.',
    query: { status: ['open'], confidence: ['confirmed'] },
  },
  {
    title: 'Suspected',
    note: 'Changed by someone other than Terraform; what it is now has not been read.',
    query: {
      status: ['open'],
      confidence: ['suspected', 'unverified'],
      kind: ['modified', 'missing', 'contested'],
    },
  },
  {
    title: 'Unmanaged',
    note: 'Made by hand; no state declares it. Inventory, no alarm.',
    query: { status: ['open'], confidence: ['suspected', 'unverified'], kind: ['unmanaged'] },
  },
  { title: 'Acknowledged', note: 'Someone is on it.', query: { status: ['acknowledged'] } },
];
const ALL: readonly Group[] = [
  ...OPEN,
  { title: 'Accepted', note: 'Left as it is, for a time or for good.', query: { status: ['accepted'] } },
  {
    title: 'Ignored',
    note: 'A rule says that someone else owns it.',
    query: { status: ['open'], ignored: true },
    holds: (drift) => drift.ignoredBy !== null,
  },
  { title: 'Resolved', note: 'In the last 30 days.', query: { status: ['resolved'], ignored: true } },
];

interface DriftsPageProps {
  changes: Changes;
  now: number;
  overview: Overview;
}

export function DriftsPage({ changes, now, overview }: DriftsPageProps) {
  const { query } = useAddress();
  const get = (name: string): string => query.get(name) ?? '';
  const team = useTeam(get('team'));
  const scope: Scope = { team: team.name, workspace: get('workspace') };
  const [severity, text, show] = [get('severity'), get('q'), get('show')];
  const filters: DriftsQuery = {
    ...(scope.team ? { owner: scope.team } : {}),
    ...(scope.workspace ? { workspace: scope.workspace } : {}),
    ...(isSeverity(severity) ? { severity: [severity] } : {}),
    ...(text ? { q: text } : {}),
  };
  const filtered = Object.keys(filters).length > 0;
  const workspaces = overview.workspaces.value ?? [];
  const teams = [...new Set(workspaces.map((each) => each.owner).filter((owner) => owner !== null))].sort();

  return (
    <>
      <Headline overview={overview} scope={scope} />
      <GapBanner of={overview.gaps} />
      <Summary overview={overview} scope={scope} severity={severity} />
      <search className="filters">
        <Search value={text} label="Search address, id, type, actor, call, attribute" />
        <Select
          name="team"
          label="Team"
          value={scope.team}
          options={[['', 'All'], ...teams.map((name) => [name, name] as const)]}
          onChoice={team.remember}
        />
        <Select
          name="workspace"
          label="Workspace"
          value={scope.workspace}
          options={[['', 'All'], ...workspaces.map(({ name }) => [name, name] as const)]}
        />
        <Select name="severity" label="Severity" value={severity} options={SEVERITIES} />
        <Choices
          name="show"
          label="Which drifts"
          value={show}
          options={[
            ['open', 'Open'],
            ['all', 'All'],
          ]}
        />
        {filtered && (
          <button
            type="button"
            className="button plain"
            onClick={() => {
              team.remember('');
              setFilters({ team: '', workspace: '', severity: '', q: '' });
            }}
          >
            Clear filters
          </button>
        )}
      </search>
      <Groups
        key={show === 'all' ? 'all' : 'open'}
        groups={show === 'all' ? ALL : OPEN}
        filters={filters}
        filtered={filtered}
        changes={changes}
        now={now}
      />
    </>
  );
}

const isSeverity = (text: string): text is DriftJson['severity'] =>
  SEVERITIES.some(([severity]) => severity !== '' && severity === text);

interface GroupsProps {
  groups: readonly Group[];
  filters: DriftsQuery;
  filtered: boolean;
  changes: Changes;
  now: number;
}

function Groups({ groups, filters, filtered, changes, now }: GroupsProps) {
  const [pages, setPages] = useState<Record<string, number>>({});
  // Each group is loaded for itself: however many are suspected, those to act on are all there.
  const key = `drifts ${groups.length} ${JSON.stringify(filters)}`;
  const drifts = useLoad(key, (signal) =>
    Promise.all(
      groups.map(({ title, query }) =>
        readPages(
          pages[title] ?? 1,
          (drift: DriftJson) => drift.id,
          (cursor) =>
            client.drifts.list(
              { limit: PAGE, ...filters, ...query, ...(cursor ? { cursor } : {}) },
              { signal },
            ),
        ),
      ),
    ),
  );
  useReloadOn(changes, ['drift'], drifts.reload);
  useEffect(() => {
    if (Object.keys(pages).length > 0) drifts.reload();
  }, [pages, drifts.reload]);
  const isFresh = useFresh(key, drifts);

  return (
    <Answer of={drifts}>
      {(lists) => {
        const shown = lists.map(({ items, next }, index) => ({
          ...groups[index]!,
          items: items.filter(groups[index]!.holds ?? (() => true)),
          next,
        }));
        if (shown.every(({ items, next }) => items.length === 0 && next === null))
          return filtered ? (
            <Empty title="Nothing matches">Clear the filters to see all drifts.</Empty>
          ) : (
            <Empty title="No drift" good>
              Everything that is watched is as declared.
            </Empty>
          );
        return shown
          .filter(({ items, next }) => items.length > 0 || next !== null)
          .map(({ title, note, items, next }) => (
            <section className="group" key={title} aria-label={title} data-stale={drifts.stale}>
              <div className="group-head">
                <h2>
                  {title}{' '}
                  <span className="count">
                    {items.length.toLocaleString('en')}
                    {next !== null && '+'}
                  </span>
                </h2>
                <p className="faint">{note}</p>
              </div>
              <ul className="rows">
                {items.map((drift) => (
                  <DriftRow key={drift.id} drift={drift} now={now} fresh={isFresh(drift.id)} />
                ))}
              </ul>
              {next !== null && (
                <More
                  shown={items.length}
                  word="drift"
                  onMore={() => setPages((before) => ({ ...before, [title]: (before[title] ?? 1) + 1 }))}
                />
              )}
            </section>
          ));
      }}
    </Answer>
  );
}

/** Tells what came since these filters were chosen: it is marked for a moment, so that the eye finds it. */
function useFresh(key: string, drifts: Loaded<Page<DriftJson>[]>): (id: string) => boolean {
  const first = useRef<{ key: string; ids: Set<string> } | null>(null);
  const { value, stale } = drifts;
  useEffect(() => {
    if (value === null || stale || first.current?.key === key) return;
    first.current = { key, ids: new Set(value.flatMap(({ items }) => items.map(({ id }) => id))) };
  }, [key, value, stale]);
  return (id) => first.current?.key === key && !first.current.ids.has(id);
}
