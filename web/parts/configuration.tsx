// Which version of the .tf files is known, what of it is not, and how to tell it where nothing is.
import type { WorkspaceDetail } from '../../api/types.ts';
import { plural } from '../format.ts';
import { Mark } from './marks.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

export function Configuration({ workspace, now }: { workspace: WorkspaceDetail; now: number }) {
  const { name, configuration } = workspace;
  return (
    <section className="card" aria-label="Configuration">
      {configuration === null ? (
        <>
          <h2>Configuration not known</h2>
          <p className="soft">
            Without it, what someone changed cannot always be told from what the provider fills in by itself:
            such drifts have a low certainty. Have the pipeline tell it after each apply:
          </p>
          <p>
            <code className="mono">driftmgr configuration publish --workspace {quoted(name)} .</code>
          </p>
        </>
      ) : (
        <>
          <h2>
            Configuration known as of{' '}
            <span className="mono">
              <Name>{configuration.revision?.slice(0, 12) ?? 'an unnamed version'}</Name>
            </span>
          </h2>
          <p className="soft">
            <Name>{configuration.by}</Name>, <Ago time={configuration.publishedAt} now={now} />
          </p>
          <p className="marks">
            <span className="soft">{plural(configuration.blocks, 'resource block')}</span>
            {configuration.incomplete > 0 && <Mark>{`${configuration.incomplete} not fully known`}</Mark>}
            {configuration.problems.length > 0 && (
              <Mark tone="high">{`${plural(configuration.problems.length, 'part')} not read`}</Mark>
            )}
          </p>
          {configuration.problems.length > 0 && (
            <details>
              <summary>What could not be read, and is unknown</summary>
              <ul className="entries">
                {configuration.problems.map((problem) => (
                  <li key={problem}>
                    <Name>{problem}</Name>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </section>
  );
}

/** As a shell takes it. */
const quoted = (name: string): string =>
  /^[\w./-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
