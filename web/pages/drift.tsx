// One drift: who, how bad, which fix. The answer first, the evidence below it.
import type { FormEvent } from 'react';
import { useState } from 'react';
import type { ActorJson, DriftJson, RequestJson } from '../../api/types.ts';
import { actorPhrase, advice, ago, duration, what, who } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Failure } from '../parts/answer.tsx';
import { Differences } from '../parts/differences.tsx';
import { DriftMarks } from '../parts/marks.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { useReloadOn } from '../reload.ts';
import { Link } from '../route.tsx';
import { client } from '../session.ts';

export function DriftPage({ id, change, now }: { id: string; change: number; now: number }) {
  const drift = useLoad(`drift ${id}`, (signal) => client.drifts.get(id, { signal }));
  const timeline = useLoad(`timeline ${id}`, (signal) => client.drifts.timeline(id, {}, { signal }));
  const reload = (): void => {
    drift.reload();
    timeline.reload();
  };
  useReloadOn(change, reload);

  return (
    <Answer of={drift}>
      {(value) => (
        <>
          <div className="lead">
            <p className="crumb">
              <Link to="/">Drifts</Link> / {value.workspace ?? value.provider}
            </p>
            <h1>{what(value)}</h1>
            <p className="mono soft">{value.address ?? `${value.type} ${value.resourceId}`}</p>
            <DriftMarks drift={value} />
          </div>
          <dl className="answers">
            <Fact name="Who">{who(value)}</Fact>
            <Fact name="How bad">{`${value.severity}, ${value.confidence}`}</Fact>
            <Fact name="Since">{since(value, now)}</Fact>
            <Fact name="What to do">{advice(value)}</Fact>
          </dl>
          {value.note && <p className="notice">{value.note}</p>}
          {value.differences.length > 0 && (
            <section className="card">
              <h2>Declared and observed</h2>
              <Differences differences={value.differences} />
            </section>
          )}
          {value.status !== 'resolved' && <Decide drift={value} done={reload} />}
          <section className="card">
            <h2>Evidence</h2>
            {value.actors.length === 0 ? (
              <p className="soft">The provider reports no actor for this: who did it is not known.</p>
            ) : (
              value.actors.map((actor) => (
                <Evidence key={`${actor.principal} ${actor.session}`} actor={actor} />
              ))
            )}
          </section>
          <section className="card">
            <h2>Timeline</h2>
            <Answer of={timeline}>{({ items }) => <Timeline items={newestFirst(items)} now={now} />}</Answer>
          </section>
          <section className="card">
            <h2>Where it stands</h2>
            <Where drift={value} now={now} />
          </section>
        </>
      )}
    </Answer>
  );
}

const newestFirst = <T extends { at: string }>(items: T[]): T[] =>
  items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => Date.parse(b.item.at) - Date.parse(a.item.at) || b.index - a.index)
    .map(({ item }) => item);

function since(drift: DriftJson, now: number): string {
  if (drift.resolvedAt)
    return `open for ${duration(Date.parse(drift.resolvedAt) - Date.parse(drift.openedAt))}, resolved ${ago(drift.resolvedAt, now)}`;
  return ago(drift.openedAt, now);
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Evidence({ actor }: { actor: ActorJson }) {
  return (
    <dl className="facts">
      <dt>Actor</dt>
      <dd>
        {actorPhrase(actor)} <span className="faint">({actor.certainty} certainty)</span>
      </dd>
      <dt>Principal</dt>
      <dd className="mono">{actor.principal}</dd>
      <dt>From</dt>
      <dd>{actor.sourceIp ?? 'not reported'}</dd>
      <dt>Tool</dt>
      <dd className="mono">{actor.userAgent ?? 'not reported'}</dd>
      <dt>Events</dt>
      <dd className="mono">{actor.eventIds.join(', ')}</dd>
    </dl>
  );
}

function Where({ drift, now }: { drift: DriftJson; now: number }) {
  const rows: [string, string | null][] = [
    ['Workspace', drift.workspace],
    ['Owner', drift.owner],
    ['Resource', `${drift.type} ${drift.resourceId}`],
    ['Account', drift.account],
    ['Region', drift.region],
    ['State serial', drift.stateSerial === null ? null : String(drift.stateSerial)],
    ['Declared as of', drift.declaredAsOf ? ago(drift.declaredAsOf, now) : null],
    ['Observed as of', drift.observedAsOf ? ago(drift.observedAsOf, now) : null],
  ];
  return (
    <dl className="facts">
      {rows.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>
            {name === 'Workspace' && value ? (
              <Link to={`/workspaces/${encodeURIComponent(value)}`}>{value}</Link>
            ) : (
              (value ?? 'unknown')
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Acknowledge (someone is on it) or accept (leave it), with a reason; acceptances may expire. */
function Decide({ drift, done }: { drift: DriftJson; done: () => void }) {
  const [error, setError] = useState<Error | null>(null);
  const [answer, setAnswer] = useState<RequestJson | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const submitter = (event.nativeEvent as SubmitEvent).submitter;
    const wish = submitter instanceof HTMLButtonElement ? submitter.value : 'acknowledge';
    const form = new FormData(event.currentTarget);
    const reason = String(form.get('reason') ?? '').trim();
    const until = String(form.get('until') ?? '');
    setBusy(true);
    setError(null);
    try {
      const result =
        wish === 'accept'
          ? await client.drifts.accept(drift.id, {
              reason,
              ...(until ? { until: new Date(`${until}T23:59:59`).toISOString() } : {}),
            })
          : await client.drifts.acknowledge(drift.id, { reason });
      setAnswer(result);
      done();
    } catch (failure) {
      setError(failure as Error);
    }
    setBusy(false);
  };

  return (
    <section className="card">
      <h2>Decide</h2>
      <form className="form" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span>Reason (everyone who reads the audit sees it)</span>
          <input className="input" name="reason" required maxLength={2000} />
        </label>
        <div className="form-row">
          <label className="field">
            <span>Accept until (empty: until the difference changes)</span>
            <input className="input" name="until" type="date" />
          </label>
          <button
            type="submit"
            className="button"
            value="acknowledge"
            disabled={busy || drift.status !== 'open'}
          >
            Acknowledge
          </button>
          <button type="submit" className="button primary" value="accept" disabled={busy}>
            Accept
          </button>
        </div>
        {answer && answer.status !== 'pending' && (
          <p role="status">
            {answer.status === 'done' ? 'Done.' : `${answer.status}: ${answer.reason ?? ''}`}
          </p>
        )}
        {answer?.status === 'pending' && <p role="status">Asked; the outcome follows.</p>}
        {error && <Failure error={error} />}
      </form>
    </section>
  );
}
