// One workspace: is the state fresh, does a run hold it, what drifted, what is unknown; now or as of a time.
import type { FormEvent, ReactNode } from 'react';
import type { DriftJson, WorkspaceDetail } from '../../api/types.ts';
import { asOf, localInput } from '../as-of.ts';
import { ago, clockTime, plural } from '../format.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { useLoad, usePages } from '../load.ts';
import { Answer, Empty, More, Waiting } from '../parts/answer.tsx';
import { Configuration } from '../parts/configuration.tsx';
import { DriftRow } from '../parts/drift-row.tsx';
import { Heading } from '../parts/heading.tsx';
import { Mark, type Tone } from '../parts/marks.tsx';
import { Resources } from '../parts/resources.tsx';
import { Link, setFilters, useAddress } from '../route.tsx';
import { client } from '../session.ts';

export function WorkspacePage({ name, changes, now }: { name: string; changes: Changes; now: number }) {
  const workspace = useLoad(`workspace ${name}`, (signal) => client.workspaces.get(name, { signal }));
  useReloadOn(changes, ['workspace', 'run', 'drift'], workspace.reload);

  return (
    <>
      <div className="lead">
        <p className="crumb">
          <Link to="/workspaces">Workspaces</Link>
          <span aria-hidden="true"> / </span>
          {workspace.value?.owner ?? (workspace.value ? 'no owner configured' : '…')}
        </p>
        <Heading title={name} />
      </div>
      <Answer of={workspace} waiting={<Waiting lines={4} />}>
        {(value) => (
          <>
            {value.problem && (
              <p className="notice" data-tone="critical">
                <strong>The state cannot be read.</strong> {value.problem} What stands below is from the last
                time it could be.
              </p>
            )}
            <Standing workspace={value} now={now} />
            <Configuration workspace={value} now={now} />
            <Drifts workspace={name} unknown={value.resources.unknown} changes={changes} now={now} />
            <Resources workspace={name} changes={changes} now={now} />
          </>
        )}
      </Answer>
    </>
  );
}

/** Fresh? Running? Drifted? Absorbed? */
function Standing({ workspace, now }: { workspace: WorkspaceDetail; now: number }) {
  const { run, drifts, lastWrite } = workspace;
  return (
    <section className="card" aria-label="How it stands">
      <dl className="answers flat">
        <Fact name="Fresh?" tone={workspace.problem ? 'critical' : 'good'}>
          <strong>
            {workspace.problem
              ? 'Cannot be read'
              : `${STATE_WORDS[workspace.kind] ?? workspace.kind} ${ago(workspace.publishedAt, now)}`}
          </strong>
          <p className="faint">
            serial {workspace.serial}, {workspace.backend}
            {lastWrite?.by && `, by ${lastWrite.by}`}
            {!workspace.pushed && ', watched'}
            {workspace.terraformVersion && `, Terraform ${workspace.terraformVersion}`}
          </p>
        </Fact>
        <Fact name="Running?" tone={run ? 'accent' : undefined}>
          <strong>{run ? `${run.operation} by ${run.who ?? 'someone'}` : 'No run'}</strong>
          <p className="faint">
            {run
              ? `since ${ago(run.startedAt, now)}; its differences wait for its end`
              : workspace.lastRunFinishedAt
                ? `the last ended ${ago(workspace.lastRunFinishedAt, now)}`
                : 'none seen yet'}
          </p>
        </Fact>
        <Fact name="Drifted?" tone={drifts.confirmed > 0 ? 'critical' : undefined}>
          <strong>{drifts.confirmed === 0 ? 'Nothing confirmed' : `${drifts.confirmed} confirmed`}</strong>
          <p className="faint">
            {drifts.suspected + drifts.unverified} suspected, {drifts.accepted} accepted
          </p>
        </Fact>
        <Fact name="Absorbed?" tone={drifts.absorbed > 0 ? 'high' : undefined}>
          <strong>{drifts.absorbed === 0 ? 'No' : `${drifts.absorbed} by the state`}</strong>
          <p className="faint">
            {drifts.absorbed === 0
              ? 'No refresh took a drift over.'
              : 'A refresh took the drifted value over; the code did not say so.'}
          </p>
        </Fact>
      </dl>
      <Meter workspace={workspace} />
    </section>
  );
}

const STATE_WORDS: Record<string, string> = {
  write: 'Written',
  rollback: 'Rolled back',
  checked: 'Checked',
  removed: 'Removed',
};

interface FactProps {
  name: string;
  tone: Tone | undefined;
  children: ReactNode;
}

function Fact({ name, tone, children }: FactProps) {
  return (
    <div data-tone={tone}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Meter({ workspace }: { workspace: WorkspaceDetail }) {
  const { declared, inSync, drifted, unknown } = workspace.resources;
  const part = (count: number): string => `${declared === 0 ? 0 : (100 * count) / declared}%`;
  return (
    <div className="metered">
      <div className="meter" aria-hidden="true">
        {inSync > 0 && <i style={{ width: part(inSync) }} />}
        {drifted > 0 && <i data-tone="high" style={{ width: part(drifted) }} />}
        {unknown > 0 && <i data-tone="info" style={{ width: part(unknown) }} />}
      </div>
      <p className="marks">
        <span className="soft">{plural(declared, 'managed instance')}:</span>
        <Mark tone={inSync > 0 ? 'good' : 'info'}>{`${inSync.toLocaleString('en')} in sync`}</Mark>
        {drifted > 0 && <Mark tone="high">{`${drifted.toLocaleString('en')} drifted`}</Mark>}
        {unknown > 0 && <Mark>{`${unknown.toLocaleString('en')} unknown`}</Mark>}
      </p>
    </div>
  );
}

interface DriftsProps {
  workspace: string;
  /** Instances of which nothing is known: without drift, they are not in sync either. */
  unknown: number;
  changes: Changes;
  now: number;
}

function Drifts({ workspace, unknown, changes, now }: DriftsProps) {
  const { query } = useAddress();
  const at = asOf(query.get('at'));
  const drifts = usePages(
    `workspace drifts ${workspace} ${at}`,
    (drift: DriftJson) => drift.id,
    (cursor, signal) =>
      client.workspaces.drifts(
        workspace,
        { limit: 100, ...(at ? { at } : {}), ...(cursor ? { cursor } : {}) },
        { signal },
      ),
  );
  useReloadOn(changes, ['drift'], drifts.reload);
  return (
    <section className="group" aria-label="Drifts" data-stale={drifts.stale}>
      <div className="group-head spread">
        <h2>{at ? `Drifts as of ${clockTime(at)}` : 'Unresolved drifts'}</h2>
        <AsOf key={at} at={at} />
      </div>
      {at && (
        <p className="notice" role="status">
          <span>
            The drifts as they stood then, {ago(at, now)}. Everything else on this page is as of now.
          </span>
        </p>
      )}
      <Answer of={drifts}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={at ? 'No drift was known then' : 'No drift known'} good={!at && unknown === 0}>
              {!at && unknown > 0 && `Of ${plural(unknown, 'instance')} nothing is known.`}
            </Empty>
          ) : (
            <>
              <ul className="rows">
                {items.map((drift) => (
                  <DriftRow key={drift.id} drift={drift} now={now} />
                ))}
              </ul>
              {drifts.more && <More shown={items.length} word="drift" onMore={drifts.loadMore} />}
            </>
          )
        }
      </Answer>
    </section>
  );
}

/** Asked for when it is entered whole, not at every key. */
function AsOf({ at }: { at: string | null }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    setFilters({ at: asOf(String(new FormData(event.currentTarget).get('at') ?? '')) ?? '' });
  };
  return (
    <form className="form-row" onSubmit={submit}>
      <label className="field row-field">
        <span>As of</span>
        <input
          className="input"
          name="at"
          type="datetime-local"
          step="1"
          required
          defaultValue={localInput(at)}
        />
      </label>
      <button type="submit" className="button">
        Show
      </button>
      {at && (
        <button type="button" className="button" onClick={() => setFilters({ at: '' })}>
          Back to now
        </button>
      )}
    </form>
  );
}
