// One gap: how bad, where, why, what it concerns. And, folded away, what is fully watched.
import type { CoverageJson } from '../../api/types.ts';
import { plural } from '../format.ts';
import { type GapGroup, isOfFailure } from '../gap-groups.ts';
import { useLoad } from '../load.ts';
import { addressOf, Link } from '../route.tsx';
import { client } from '../session.ts';
import { Mark, type Tone } from './marks.tsx';
import { Ago } from './time.tsx';

const TONE: Record<CoverageJson['status'], Tone> = {
  uncovered: 'critical',
  unknown: 'high',
  partial: 'medium',
  covered: 'good',
};
const WORDS: Record<CoverageJson['status'], string> = {
  uncovered: 'not watched',
  unknown: 'unknown',
  partial: 'watched in part',
  covered: 'fully watched',
};

const place = (group: GapGroup): string =>
  [group.account, group.region].filter((part) => part !== null).join(' · ');

export function GapCard({ group, now }: { group: GapGroup; now: number }) {
  const reasons = group.reasons.filter((reason) => !isOfFailure(reason));
  return (
    <article className="card gap" data-tone={TONE[group.status]}>
      <div className="card-head">
        <h2>
          {group.provider}
          {place(group) && <span className="faint"> {place(group)}</span>}
        </h2>
        <span className="marks">
          <Mark tone={TONE[group.status]}>
            {group.status === 'uncovered' ? 'uncovered' : WORDS[group.status]}
          </Mark>
          <Mark>{plural(group.declared, 'instance')}</Mark>
        </span>
      </div>
      {reasons.map((reason) => (
        <p key={reason}>{`${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}.`}</p>
      ))}
      {group.failures.length > 0 && <Failures items={group.failures} now={now} />}
      {(group.byFeed || group.bySnapshot) && (
        <p className="faint">
          {[
            group.byFeed && `changes from ${group.byFeed}`,
            group.bySnapshot && `listings from ${group.bySnapshot}`,
          ]
            .filter(Boolean)
            .join(', ')}
        </p>
      )}
      <Types items={group.items} />
      {group.status !== 'partial' && <Concerned group={group} />}
    </article>
  );
}

function Failures({ items, now }: { items: GapGroup['failures']; now: number }) {
  return (
    <ul className="entries">
      {items.map(({ code, reason, count, lastAt, workspace, address }) => (
        <li key={`${code} ${reason}`}>
          <p>{`${plural(count, 'instance')} could not be read: ${reason}.`}</p>
          <p className="faint">
            <span className="mono">{code}</span>, last <Ago time={lastAt} now={now} /> of{' '}
            <span className="mono">{address}</span> in{' '}
            <Link to={addressOf.workspace(workspace)}>{workspace}</Link>
          </p>
        </li>
      ))}
    </ul>
  );
}

function Types({ items }: { items: CoverageJson[] }) {
  return (
    <ul className="types">
      {items.map((item) => (
        <li key={item.scope}>
          <span className="mono">{item.type}</span> <span className="faint">{item.declared}</span>
        </li>
      ))}
    </ul>
  );
}

/** Resources looked at to name the workspaces a gap concerns. */
const LOOKED_AT = 200;

function Concerned({ group }: { group: GapGroup }) {
  const { provider } = group;
  const types = new Set(group.items.map(({ type }) => type));
  const workspaces = useLoad(`concerned ${provider} ${[...types].join(' ')}`, async (signal) => {
    const { items, next } = await client.resources.list(
      { provider, status: ['unknown'], limit: LOOKED_AT },
      { signal },
    );
    const names = items.filter((item) => types.has(item.type)).map((item) => item.workspace);
    return { names: [...new Set(names)].sort(), more: next !== null };
  });
  if (!workspaces.value || workspaces.value.names.length === 0) return null;
  return (
    <p className="concerned">
      <span className="soft">In</span>{' '}
      {workspaces.value.names.map((name) => (
        <Link key={name} to={addressOf.workspace(name)}>
          {name}
        </Link>
      ))}
      {workspaces.value.more && <span className="soft">and others</span>}
    </p>
  );
}

export function Covered({ groups, now }: { groups: GapGroup[]; now: number }) {
  if (groups.length === 0) return null;
  const types = groups.reduce((sum, { items }) => sum + items.length, 0);
  return (
    <details className="card">
      <summary>
        <h2>{plural(types, 'type')} fully watched</h2>
      </summary>
      {groups.map((group) => (
        <div
          className="stacked"
          key={`${group.provider} ${group.account} ${group.region} ${group.bySnapshot}`}
        >
          <p>
            <strong>{group.provider}</strong> <span className="faint">{place(group)}</span>{' '}
            <span className="soft">
              {plural(group.declared, 'instance')}
              {group.lastCompletedAt && (
                <>
                  , all listed <Ago time={group.lastCompletedAt} now={now} /> or later
                </>
              )}
            </span>
          </p>
          <Types items={group.items} />
        </div>
      ))}
    </details>
  );
}
