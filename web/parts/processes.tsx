// Which processes live, what each is for and what it holds.
import type { ProcessJson, SystemJson } from '../../api/types.ts';
import { plural } from '../format.ts';
import { partitionsPhrase } from '../system-standing.ts';
import { Mark } from './marks.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

export function Processes({ system, now }: { system: SystemJson; now: number }) {
  if (system.processes.length === 0) return null;
  return (
    <section className="group" aria-label="Processes">
      <h2>What runs?</h2>
      <div className="scroll">
        <table className="stack">
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">State</th>
              <th scope="col">Holds</th>
            </tr>
          </thead>
          <tbody>
            {[...system.processes].sort(byRole).map((process) => (
              <Row key={process.id} process={process} now={now} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const byRole = (a: ProcessJson, b: ProcessJson): number =>
  a.roles.join().localeCompare(b.roles.join()) || a.id.localeCompare(b.id);

function Row({ process, now }: { process: ProcessJson; now: number }) {
  const { id, roles, url, ready, startedAt } = process;
  return (
    <tr>
      <td>
        <span className="strong">{roles.length === 0 ? 'no role' : roles.join(', ')}</span>
        <p className="faint mono">
          <Name>{id}</Name>
        </p>
        {url && (
          <p className="faint mono">
            <Name>{url}</Name>
          </p>
        )}
      </td>
      <td data-label="State">
        <span className="marks">
          <Mark tone={ready ? 'good' : 'critical'}>{ready ? 'ready' : 'not ready'}</Mark>
        </span>
        <p className="faint nowrap">
          started <Ago time={startedAt} now={now} />
        </p>
      </td>
      <td data-label="Holds">
        <Holds process={process} />
      </td>
    </tr>
  );
}

function Holds({ process: { roles, readers, sources } }: { process: ProcessJson }) {
  const working = readers.filter(({ kind, partitions }) => kind !== 'projection' && partitions.length > 0);
  const projections = readers.filter(({ kind }) => kind === 'projection');
  const active = sources.filter(({ status }) => status === 'running');
  const standby = sources.filter(({ status }) => status === 'waiting').length;
  if (working.length + projections.length + sources.length === 0)
    return <span className="faint">{roles.includes('api') ? 'answers questions' : 'nothing'}</span>;
  return (
    <ul className="held">
      {working.map(({ name, partitions }) => (
        <li key={name}>
          <Name>{name}</Name>{' '}
          <span className="faint">{partitionsPhrase(partitions.map(({ partition }) => partition))}</span>
        </li>
      ))}
      {projections.length > 0 && (
        <li>
          <span className="faint">projections</span> <Name>{names(projections)}</Name>
        </li>
      )}
      {active.length > 0 && (
        <li>
          <span className="faint">sources</span> <Name>{names(active)}</Name>
        </li>
      )}
      {standby > 0 && <li className="faint">waits with {plural(standby, 'source')}</li>}
    </ul>
  );
}

const names = (items: { name: string }[]): string => items.map(({ name }) => name).join(', ');
