// Who made a drift, by what the provider reported: the actors, and the calls with their parameters.
import type { ActorJson, ChangeJson, DriftJson } from '../../api/types.ts';
import { actorPhrase, clockTime } from '../format.ts';
import { linesOf } from '../line-difference.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { useLoad } from '../load.ts';
import { client } from '../session.ts';
import { Failure } from './answer.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

const CALLS = 100;

export function Evidence({ drift, changes, now }: { drift: DriftJson; changes: Changes; now: number }) {
  const known = drift.actors.flatMap((actor) => actor.eventIds);
  const calls = useLoad(`calls ${drift.objectKey} ${known.join(' ')}`, async (signal) =>
    known.length === 0
      ? []
      : (await client.changes.list({ objectKey: drift.objectKey, limit: CALLS }, { signal })).items.filter(
          (call) => known.includes(call.providerEventId),
        ),
  );
  useReloadOn(changes, ['drift'], calls.reload);
  if (drift.actors.length === 0)
    return (
      <p className="soft">
        No feed told who did this: it was found by comparing what is with what is declared. The provider’s own
        log may know.
      </p>
    );
  return (
    <>
      {drift.actors.map((actor) => (
        <Actor
          key={`${actor.principal} ${actor.session} ${actor.eventIds[0]}`}
          actor={actor}
          calls={(calls.value ?? []).filter((call) => actor.eventIds.includes(call.providerEventId))}
          now={now}
        />
      ))}
      {calls.error && <Failure error={calls.error} retry={calls.reload} />}
    </>
  );
}

function Actor({ actor, calls, now }: { actor: ActorJson; calls: ChangeJson[]; now: number }) {
  return (
    <div className="actor">
      {calls.map((call) => (
        <Call key={call.id} call={call} now={now} />
      ))}
      <dl className="facts">
        <dt>Actor</dt>
        <dd>
          <Name>{actorPhrase(actor)}</Name> <span className="faint">({actor.certainty} certainty)</span>
        </dd>
        <dt>Principal</dt>
        <dd className="mono">
          <Name>{actor.principal}</Name>
        </dd>
        <dt>From</dt>
        <dd>{actor.sourceIp ?? 'not reported'}</dd>
        <dt>Tool</dt>
        <dd className="mono">{actor.userAgent ?? 'not reported'}</dd>
        <dt>{actor.eventIds.length === 1 ? 'Event' : 'Events'}</dt>
        <dd className="mono">{actor.eventIds.join(', ')}</dd>
      </dl>
    </div>
  );
}

function Call({ call, now }: { call: ChangeJson; now: number }) {
  const parameters = linesOf(call.parameters).join('\n');
  return (
    <div className="call">
      <p>
        <strong className="mono">{call.operation}</strong> <span className="soft">on {call.service}</span>
      </p>
      <p className="faint">
        {clockTime(call.at)}, <Ago time={call.at} now={now} />
      </p>
      {parameters !== '{}' && <pre>{parameters}</pre>}
    </div>
  );
}
