// The answer to "does anything need me now?", and the figures behind it: by severity and by workspace, each a filter.
import type { DriftCount } from '../../api/types.ts';
import { plural, WORST_FIRST } from '../format.ts';
import { type Overview, total, waits } from '../overview.ts';
import { setFilters } from '../route.tsx';
import { Waiting } from './answer.tsx';
import { Heading } from './heading.tsx';

export interface Scope {
  team: string;
  workspace: string;
}

const within = (counts: DriftCount[], { team, workspace }: Scope): DriftCount[] =>
  counts.filter((count) => (!team || count.owner === team) && (!workspace || count.workspace === workspace));

export function Headline({ overview, scope }: { overview: Overview; scope: Scope }) {
  const { value, error } = overview.counts;
  const whose = [scope.team && `of ${scope.team}`, scope.workspace && `in ${scope.workspace}`]
    .filter(Boolean)
    .join(' ');
  if (value === null)
    return (
      <div className="lead">
        <Heading title="Drifts" />
        {/* A key for some workspaces only may see their drifts, and no figures over all. */}
        {error ? <p className="soft">No figures: {error.message}</p> : <Waiting lines={1} />}
      </div>
    );
  const counts = within(value, scope);
  const act = counts.filter(waits);
  const waiting = total(act);
  const suspected = total(
    counts.filter((count) => count.status === 'open' && count.confidence !== 'confirmed'),
  );
  const worst = WORST_FIRST.find((severity) => act.some((count) => count.severity === severity));
  const title =
    waiting === 0
      ? `Nothing${whose && ` ${whose}`} needs you now`
      : `${plural(waiting, 'drift')}${whose && ` ${whose}`} ${waiting === 1 ? 'needs' : 'need'} a decision`;
  return (
    <div className="lead answer" data-tone={worst ?? 'good'}>
      <span className="verdict" aria-hidden="true">
        {waiting === 0 ? '✓' : waiting > 99 ? '99+' : waiting}
      </span>
      <div>
        <Heading title={title} />
        <p className="soft">
          {worst && `${worst === 'info' ? 'None is severe' : `The worst is ${worst}`}. `}
          {suspected === 0
            ? 'No change by anyone else than Terraform waits to be read.'
            : `${suspected.toLocaleString('en')} more ${suspected === 1 ? 'is' : 'are'} reported and not confirmed: changed by someone other than Terraform.`}
        </p>
      </div>
    </div>
  );
}

interface SummaryProps {
  overview: Overview;
  scope: Scope;
  severity: string;
}

/** Workspaces shown; the others are found in the filter. */
const WORKSPACES = 8;

export function Summary({ overview, scope, severity }: SummaryProps) {
  const counts = within(overview.counts.value ?? [], { ...scope, workspace: '' });
  const act = counts.filter(waits).filter((count) => !scope.workspace || count.workspace === scope.workspace);
  const open = counts.filter((count) => count.status === 'open');
  const workspaces = [...new Set(open.map((count) => count.workspace).filter((name) => name !== null))]
    .map((name) => {
      const own = open.filter((count) => count.workspace === name);
      return { name, confirmed: total(own.filter(waits)), all: total(own) };
    })
    .sort((a, b) => b.confirmed - a.confirmed || b.all - a.all || a.name.localeCompare(b.name));
  if (workspaces.length === 0 && act.length === 0) return null;
  return (
    <div className="summary">
      <fieldset className="severities" aria-label="Waiting for a decision, by severity">
        {WORST_FIRST.map((each) => {
          const count = total(act.filter((one) => one.severity === each));
          if (each === 'info' && count === 0) return null;
          return (
            <button
              key={each}
              type="button"
              data-tone={count > 0 ? each : undefined}
              aria-pressed={severity === each}
              onClick={() => setFilters({ severity: severity === each ? '' : each })}
            >
              <strong>{count}</strong> {each}
            </button>
          );
        })}
      </fieldset>
      <fieldset className="places" aria-label="Open drifts, by workspace">
        {workspaces.slice(0, WORKSPACES).map(({ name, confirmed, all }) => (
          <button
            key={name}
            type="button"
            aria-pressed={scope.workspace === name}
            onClick={() => setFilters({ workspace: scope.workspace === name ? '' : name })}
          >
            {name}{' '}
            {confirmed > 0 && (
              <span className="mark" data-tone="critical">
                {confirmed}
                <span className="hidden"> confirmed</span>
              </span>
            )}
            {all > confirmed && (
              <span className="mark">
                {all - confirmed}
                <span className="hidden"> not confirmed</span>
              </span>
            )}
          </button>
        ))}
      </fieldset>
    </div>
  );
}
