// The system itself: does everything run, is anything behind, what was refused. The answer first, then who runs what.
import { useEffect } from 'react';
import type { SystemJson } from '../../api/types.ts';
import { useLoad } from '../load.ts';
import { Answer, Waiting } from '../parts/answer.tsx';
import { Heading } from '../parts/heading.tsx';
import { Name } from '../parts/name.tsx';
import { Processes } from '../parts/processes.tsx';
import { Readers } from '../parts/readers.tsx';
import { Refused } from '../parts/refused.tsx';
import { Ago } from '../parts/time.tsx';
import { Topics } from '../parts/topics.tsx';
import { client } from '../session.ts';
import { readersOf, summaryOf, titleOf, troublesOf } from '../system-standing.ts';

/** No event tells of lag: it is asked for again while it is looked at. */
const EVERY_MS = 3_000;

export function SystemPage({ now }: { now: number }) {
  const system = useLoad('system page', (signal) => client.system.get({ signal }));
  const { reload } = system;
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') reload();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  const troubles = system.value ? troublesOf(system.value) : [];

  return (
    <>
      <div className="lead">
        <Heading title={system.value ? titleOf(troubles) : 'System'} />
        <p className="soft">{system.value ? summaryOf(system.value) : 'What runs, and how far it is.'}</p>
      </div>
      {troubles.map(({ tone, what, why }) => (
        <p className="notice" data-tone={tone} key={what}>
          <span>
            <strong>
              <Name>{what}</Name>
            </strong>{' '}
            <Name>{why}</Name>
          </span>
        </p>
      ))}
      <Answer of={system} waiting={<Waiting lines={8} />}>
        {(value) => (
          <>
            <Processes system={value} now={now} />
            <Readers readers={readersOf(value)} />
            <Refused system={value} now={now} />
            <Topics system={value} />
            <Installation system={value} now={now} />
          </>
        )}
      </Answer>
    </>
  );
}

function Installation({ system, now }: { system: SystemJson; now: number }) {
  const { cache, liveClients, version, partitions, startedAt } = system;
  return (
    <section className="card" aria-label="This installation">
      <h2>This installation</h2>
      <dl className="facts">
        <dt>Version</dt>
        <dd>{version}</dd>
        <dt>Partitions of every topic</dt>
        <dd>{partitions}</dd>
        <dt>Shared cache</dt>
        <dd>{cache.reachable ? 'there' : 'away'}</dd>
        <dt>Live streams here</dt>
        <dd>{liveClients.toLocaleString('en')}</dd>
        <dt>This process started</dt>
        <dd>
          <Ago time={startedAt} now={now} />
        </dd>
      </dl>
    </section>
  );
}
