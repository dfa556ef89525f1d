// Every reader of the log: is it behind, and how each of its partitions stands. What restores shows how far it is.
import { plural } from '../format.ts';
import { type Partition, type Reader, ranges } from '../system-standing.ts';
import { Mark, type Tone } from './marks.tsx';
import { Name } from './name.tsx';

const TONE: Record<Partition['phase'], Tone> = {
  running: 'good',
  restoring: 'accent',
  retrying: 'high',
  stopped: 'critical',
};

export function Readers({ readers }: { readers: Reader[] }) {
  if (readers.length === 0) return null;
  const idle = readers.filter(
    ({ kind, lag, partitions }) => kind === 'projection' && lag + partitions.length === 0,
  );
  const told = readers.filter((reader) => !idle.includes(reader));
  return (
    <section className="group" aria-label="Readers">
      <h2>Is anything behind?</h2>
      <div className="scroll">
        <table className="stack">
          <thead>
            <tr>
              <th scope="col">Reads the log</th>
              <th scope="col">Behind</th>
              <th scope="col">Partitions</th>
            </tr>
          </thead>
          <tbody>
            {told.map((reader) => (
              <Row key={reader.name} reader={reader} />
            ))}
            {idle.length > 0 && <Idle readers={idle} />}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** Projections that have read everything, in one line. */
function Idle({ readers }: { readers: Reader[] }) {
  return (
    <tr>
      <td>
        <span className="strong">{plural(readers.length, 'projection')}</span>
        <p className="faint">
          <Name>{readers.map(({ name }) => name).join(', ')}</Name>
        </p>
      </td>
      <td data-label="Behind">nothing</td>
      <td data-label="Partitions">
        <span className="faint">all of them</span>
      </td>
    </tr>
  );
}

function Row({ reader }: { reader: Reader }) {
  const { name, kind, lag, partitions, free } = reader;
  const unusual = partitions.filter(({ phase }) => phase !== 'running');
  const running = partitions.filter(({ phase }) => phase === 'running');
  return (
    <tr>
      <td>
        <span className="strong">
          <Name>{name}</Name>
        </span>
        <p className="faint">{kind}</p>
      </td>
      <td data-label="Behind">
        {lag === 0 ? 'nothing' : <strong>{plural(lag, 'record')}</strong>}
        {lag > 0 && <Furthest partitions={partitions} />}
      </td>
      <td data-label="Partitions">
        {kind === 'projection' && partitions.length === 0 ? (
          <span className="faint">all of them</span>
        ) : (
          <div className="standing">
            <span className="marks">
              {running.length > 0 && (
                <Mark tone="good">{`${ranges(running.map(({ partition }) => partition))} running`}</Mark>
              )}
              {free.length > 0 && <Mark tone="critical">{`${ranges(free)} held by no one`}</Mark>}
            </span>
            {unusual.map((partition) => (
              <Unusual key={partition.partition} partition={partition} />
            ))}
          </div>
        )}
      </td>
    </tr>
  );
}

/** Which partition is the furthest behind, where several have something to do. */
function Furthest({ partitions }: { partitions: Partition[] }) {
  const behind = partitions.filter(({ lag }) => (lag ?? 0) > 0);
  const most = behind.reduce<Partition | null>(
    (found, each) => ((each.lag ?? 0) > (found?.lag ?? 0) ? each : found),
    null,
  );
  if (most === null || partitions.length < 2) return null;
  return (
    <p className="faint">
      {behind.length === 1
        ? `all in partition ${most.partition}`
        : `in ${plural(behind.length, 'partition')}, ${most.lag!.toLocaleString('en')} of it in ${most.partition}`}
    </p>
  );
}

function Unusual({ partition: { partition, phase, reason, restored } }: { partition: Partition }) {
  const share = restored && restored.of > 0 ? Math.min(100, (100 * restored.read) / restored.of) : null;
  return (
    <div className="unusual">
      <span className="marks">
        <Mark tone={TONE[phase]}>{`${partition} ${phase}`}</Mark>
        {restored && (
          <span className="faint">
            {`${restored.read.toLocaleString('en')} of ${plural(restored.of, 'record')}`}
          </span>
        )}
      </span>
      {share !== null && (
        <div
          className="meter"
          role="progressbar"
          aria-label={`Partition ${partition} is restored`}
          aria-valuenow={Math.floor(share)}
        >
          <i data-tone={TONE[phase]} style={{ width: `${share}%` }} />
        </div>
      )}
      {reason && (
        <p className="faint">
          <Name>{reason}</Name>
        </p>
      )}
    </div>
  );
}
