// One drift: who, how bad, which fix. The answer first, the evidence below it.
import type { DriftJson, Transition } from '../../api/types.ts';
import {
  addressOrId,
  ago,
  clockTime,
  confidencePhrase,
  duration,
  fixes,
  resolutionPhrase,
  what,
  who,
} from '../format.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { useLoad, usePages } from '../load.ts';
import { Answer, More, Waiting } from '../parts/answer.tsx';
import { Decide } from '../parts/decide.tsx';
import { Differences } from '../parts/differences.tsx';
import { Evidence } from '../parts/evidence.tsx';
import { Heading } from '../parts/heading.tsx';
import { DriftMarks } from '../parts/marks.tsx';
import { Name } from '../parts/name.tsx';
import { Ago } from '../parts/time.tsx';
import { Timeline } from '../parts/timeline.tsx';
import { addressOf, Link } from '../route.tsx';
import { client } from '../session.ts';

const STEPS = 200;

export function DriftPage({ id, changes, now }: { id: string; changes: Changes; now: number }) {
  const drift = useLoad(`drift ${id}`, (signal) => client.drifts.get(id, { signal }));
  const timeline = usePages(
    `timeline ${id}`,
    (step: Transition) => step.id,
    (cursor, signal) =>
      client.drifts.timeline(id, { limit: STEPS, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  const reload = (): void => {
    drift.reload();
    timeline.reload();
  };
  useReloadOn(changes, ['drift'], reload);

  return (
    <Answer
      of={drift}
      waiting={
        <div className="lead">
          <Heading title="Drift" />
          <Waiting />
        </div>
      }
    >
      {(value) => (
        <>
          <div className="lead">
            <p className="crumb">
              <Link to="/">Drifts</Link>
              <span aria-hidden="true"> / </span>
              {value.workspace ? (
                <Link to={addressOf.workspace(value.workspace)}>{value.workspace}</Link>
              ) : (
                value.provider
              )}
            </p>
            <DriftMarks drift={value} />
            <Heading title={what(value)} />
            <p className="mono soft">
              <Name>{addressOrId(value)}</Name>
            </p>
          </div>
          <dl className="answers" data-tone={value.severity}>
            <div>
              <dt>Who</dt>
              <dd>
                <strong>
                  <Name>{who(value)}</Name>
                </strong>
                <p className="faint">
                  <Name>{origin(value)}</Name>
                </p>
              </dd>
            </div>
            <div>
              <dt>How bad</dt>
              <dd>
                <strong className="severity">{value.severity}</strong>
                <p className="faint">{confidencePhrase(value)}</p>
              </dd>
            </div>
            <div>
              <dt>Since</dt>
              <dd>
                <strong>{since(value, now)}</strong>
                <p className="faint">{clockTime(value.openedAt)}</p>
              </dd>
            </div>
          </dl>
          {value.note && (
            <p className="notice" data-tone={value.absorbed ? 'high' : undefined}>
              {sentence(value.note)}
            </p>
          )}
          <WhatToDo drift={value} done={reload} />
          <div className="two">
            <div className="stacked">
              {value.differences.length > 0 && (
                <section className="card">
                  <h2>Declared and observed</h2>
                  <Differences differences={value.differences} />
                </section>
              )}
              <section className="card">
                <h2>Evidence</h2>
                <Evidence drift={value} changes={changes} now={now} />
              </section>
              <section className="card">
                <h2>Timeline</h2>
                <Answer of={timeline}>
                  {(items) => (
                    <>
                      <Timeline items={newestFirst(items)} now={now} />
                      {timeline.more && <More shown={items.length} word="step" onMore={timeline.loadMore} />}
                    </>
                  )}
                </Answer>
              </section>
            </div>
            <section className="card aside">
              <h2>Where it stands</h2>
              <Where drift={value} now={now} />
            </section>
          </div>
        </>
      )}
    </Answer>
  );
}

function WhatToDo({ drift, done }: { drift: DriftJson; done: () => void }) {
  const decision = drift.acceptance ?? drift.acknowledgement;
  return (
    <section className="card todo" data-done={drift.status === 'resolved'}>
      <h2>What to do</h2>
      {decision && (
        <p>
          <strong>{drift.acceptance ? 'Accepted' : 'Acknowledged'}</strong> by {decision.by}:{' '}
          {decision.reason}
          {drift.acceptance?.until && ` (until ${clockTime(drift.acceptance.until)})`}
        </p>
      )}
      {drift.status === 'resolved' ? (
        <p className="soft">Nothing: {resolutionPhrase(drift)}.</p>
      ) : (
        <ol className="fixes">
          {fixes(drift).map(({ name, how }) => (
            <li key={name}>
              <strong>{name}</strong> <span className="soft">{how}</span>
            </li>
          ))}
        </ol>
      )}
      <Decide drift={drift} done={done} />
    </section>
  );
}

const newestFirst = <T extends { at: string }>(items: T[]): T[] =>
  items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => Date.parse(b.item.at) - Date.parse(a.item.at) || b.index - a.index)
    .map(({ item }) => item);

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`.replace('..', '.');

function since(drift: DriftJson, now: number): string {
  if (drift.resolvedAt)
    return `Open for ${duration(Date.parse(drift.resolvedAt) - Date.parse(drift.openedAt))}, resolved ${ago(drift.resolvedAt, now)}`;
  return ago(drift.openedAt, now);
}

/** Where the change came from, as far as it is known. */
function origin(drift: DriftJson): string {
  const [actor] = drift.actors;
  if (!actor) return 'No feed told who did it.';
  return actor.sourceIp ? `From ${actor.sourceIp}` : actor.principal;
}

function Where({ drift, now }: { drift: DriftJson; now: number }) {
  const rows: [string, string | null][] = [
    ['Owner', drift.owner ?? 'no owner configured'],
    ['Type', drift.type],
    ['Id', drift.resourceId],
    ['Provider', drift.provider],
    ['Account', drift.account],
    ['Region', drift.region],
    ['State serial', drift.stateSerial === null ? null : String(drift.stateSerial)],
  ];
  const times: [string, string | null][] = [
    ['Declared as of', drift.declaredAsOf],
    ['Observed as of', drift.observedAsOf],
    ['Last change', drift.changedAt],
  ];
  return (
    <dl className="facts narrow">
      {rows.map(([name, value]) =>
        value === null ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <Name>{value}</Name>
            </dd>
          </div>
        ),
      )}
      {times.map(([name, time]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{time === null ? 'not yet' : <Ago time={time} now={now} />}</dd>
        </div>
      ))}
      <div>
        <dt>Drift</dt>
        <dd className="mono">{drift.id}</dd>
      </div>
    </dl>
  );
}
