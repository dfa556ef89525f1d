// What was refused: by whom, why, and how it gets another try.
import type { SystemJson } from '../../api/types.ts';
import { plural } from '../format.ts';
import { Link } from '../route.tsx';
import { Mark } from './marks.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

export function Refused({ system: { refused, unknown }, now }: { system: SystemJson; now: number }) {
  if (unknown.some((part) => part.startsWith('dead letters'))) return null;
  return (
    <section className="card" aria-label="Refused">
      <h2>What was refused?</h2>
      {refused.length === 0 ? (
        <p className="soft">Nothing: every record could be processed.</p>
      ) : (
        <>
          <p className="soft">
            What is refused makes its object unknown. <Link to="/gaps">Gaps</Link> tells of each. When the
            cause is mended, all get another try with{' '}
            <code className="nowrap">driftmgr replay dead-letters</code>
          </p>
          <ul className="entries">
            {refused.map(({ reader, code, count, lastAt }) => (
              <li key={`${reader} ${code}`} className="card-head">
                <span>
                  <span className="strong">
                    <Name>{reader}</Name>
                  </span>{' '}
                  <a className="mono" href={`/docs/errors.md#${code.toLowerCase()}`}>
                    <Name>{code.toLowerCase()}</Name>
                  </a>
                </span>
                <span className="marks">
                  <Mark tone="high">{plural(count, 'record')}</Mark>
                  <span className="faint">
                    last <Ago time={lastAt} now={now} />
                  </span>
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
