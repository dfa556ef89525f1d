// All workspaces: fresh, running, drifted? What cannot be read stands first.
import type { WorkspaceJson } from '../../api/types.ts';
import { ago, plural } from '../format.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { usePages } from '../load.ts';
import { Answer, Empty, More } from '../parts/answer.tsx';
import { Search } from '../parts/filters.tsx';
import { Heading } from '../parts/heading.tsx';
import { Mark } from '../parts/marks.tsx';
import { addressOf, Link, useAddress } from '../route.tsx';
import { client } from '../session.ts';

const PAGE = 500;

export function WorkspacesPage({ changes, now }: { changes: Changes; now: number }) {
  const { query } = useAddress();
  const text = query.get('q') ?? '';
  const workspaces = usePages(
    `workspaces ${text}`,
    (workspace: WorkspaceJson) => workspace.name,
    (cursor, signal) =>
      client.workspaces.list(
        { limit: PAGE, ...(text ? { q: text } : {}), ...(cursor ? { cursor } : {}) },
        { signal },
      ),
  );
  useReloadOn(changes, ['workspace', 'run', 'drift'], workspaces.reload);
  const items = workspaces.value;

  return (
    <>
      <div className="lead">
        <Heading title={items && !text ? plural(items.length, 'workspace') : 'Workspaces'} />
        <p className="soft">{items ? summary(items) : 'What Terraform keeps, and how it stands.'}</p>
      </div>
      <search className="filters">
        <Search value={text} label="Search by name" />
      </search>
      <Answer of={workspaces}>
        {(all) =>
          all.length === 0 ? (
            text ? (
              <Empty title="No workspace has this in its name" />
            ) : (
              <Empty title="No workspace yet">
                Point a Terraform http backend here, or name state files in driftmgr.yaml.
              </Empty>
            )
          ) : (
            <>
              <div className="scroll" data-stale={workspaces.stale}>
                <table className="stack">
                  <thead>
                    <tr>
                      <th scope="col">Workspace</th>
                      <th scope="col">Drift</th>
                      <th scope="col" className="number">
                        Instances
                      </th>
                      <th scope="col">State</th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...all].sort(byUrgency).map((workspace) => (
                      <Row key={workspace.name} workspace={workspace} now={now} />
                    ))}
                  </tbody>
                </table>
              </div>
              {workspaces.more && <More shown={all.length} word="workspace" onMore={workspaces.loadMore} />}
            </>
          )
        }
      </Answer>
    </>
  );
}

function summary(items: WorkspaceJson[]): string {
  const drifted = items.filter((each) => each.drifts.confirmed > 0).length;
  const running = items.filter((each) => each.run !== null).length;
  const unreadable = items.filter((each) => each.problem !== null).length;
  return [
    drifted === 0 ? 'None has confirmed drift.' : `${drifted} with confirmed drift.`,
    unreadable > 0 && `${plural(unreadable, 'state')} cannot be read.`,
    running > 0 && `Terraform runs in ${running}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

const byUrgency = (a: WorkspaceJson, b: WorkspaceJson): number =>
  Number(b.problem !== null) - Number(a.problem !== null) ||
  b.drifts.confirmed - a.drifts.confirmed ||
  b.drifts.suspected - a.drifts.suspected ||
  a.name.localeCompare(b.name);

function Row({ workspace, now }: { workspace: WorkspaceJson; now: number }) {
  return (
    <tr>
      <td>
        <Link className="strong" to={addressOf.workspace(workspace.name)}>
          {workspace.name}
        </Link>
        <p className="faint">{workspace.owner ?? 'no owner configured'}</p>
      </td>
      <td>
        <DriftCounts drifts={workspace.drifts} />
      </td>
      <td className="number" data-label="Instances">
        {workspace.instances.toLocaleString('en')}
      </td>
      <td>
        <Freshness workspace={workspace} now={now} />
      </td>
    </tr>
  );
}

function DriftCounts({ drifts }: { drifts: WorkspaceJson['drifts'] }) {
  const { confirmed, suspected, unverified, accepted, absorbed } = drifts;
  if (confirmed + suspected + unverified + accepted === 0) return <Mark>none known</Mark>;
  return (
    <span className="marks">
      {confirmed > 0 && <Mark tone="critical">{`${confirmed} confirmed`}</Mark>}
      {absorbed > 0 && <Mark tone="high">{`${absorbed} absorbed`}</Mark>}
      {suspected > 0 && <Mark>{`${suspected} suspected`}</Mark>}
      {unverified > 0 && <Mark>{`${unverified} unverified`}</Mark>}
      {accepted > 0 && <Mark>{`${accepted} accepted`}</Mark>}
    </span>
  );
}

function Freshness({ workspace, now }: { workspace: WorkspaceJson; now: number }) {
  if (workspace.problem)
    return (
      <>
        <Mark tone="critical">cannot be read</Mark>
        <p className="faint">{workspace.problem}</p>
      </>
    );
  if (workspace.run)
    return (
      <>
        <Mark tone="accent">{`${workspace.run.operation} runs`}</Mark>
        <p className="faint">
          by {workspace.run.who ?? 'someone'}, since {ago(workspace.run.startedAt, now)}
        </p>
      </>
    );
  return (
    <>
      <span>written {ago(workspace.publishedAt, now)}</span>
      <p className="faint">
        serial {workspace.serial}, {workspace.backend}
        {!workspace.pushed && ', watched'}
      </p>
    </>
  );
}
