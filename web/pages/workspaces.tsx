// All workspaces: fresh, running, drifted? What cannot be read stands first.
import type { WorkspaceJson } from '../../api/types.ts';
import { ago, plural } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { Search } from '../parts/filters.tsx';
import { Mark } from '../parts/marks.tsx';
import { useReloadOn } from '../reload.ts';
import { Link, useAddress } from '../route.tsx';
import { client } from '../session.ts';

export function WorkspacesPage({ change, now }: { change: number; now: number }) {
  const { query } = useAddress();
  const text = query.get('q') ?? '';
  const workspaces = useLoad(`workspaces ${text}`, (signal) =>
    client.workspaces.list({ limit: 500, ...(text ? { q: text } : {}) }, { signal }),
  );
  useReloadOn(change, workspaces.reload);

  return (
    <Answer of={workspaces}>
      {({ items }) => {
        const drifted = items.filter((each) => each.drifts.confirmed > 0).length;
        const unreadable = items.filter((each) => each.problem !== null).length;
        return (
          <>
            <div className="lead">
              <h1>{plural(items.length, 'workspace')}</h1>
              <p className="soft">
                {drifted === 0 ? 'None has confirmed drift.' : `${drifted} with confirmed drift.`}{' '}
                {unreadable > 0 && `${plural(unreadable, 'state')} cannot be read.`}
              </p>
            </div>
            <div className="filters">
              <Search value={text} label="Search by name" />
            </div>
            {items.length === 0 ? (
              <Empty title="No workspace yet">
                Point a Terraform http backend here, or name state files in driftmgr.yaml.
              </Empty>
            ) : (
              <div className="scroll">
                <table className="stack">
                  <thead>
                    <tr>
                      <th>Workspace</th>
                      <th>Drift</th>
                      <th className="number">Instances</th>
                      <th className="number">Serial</th>
                      <th>State</th>
                    </tr>
                  </thead>
                  <tbody>
                    {[...items].sort(byUrgency).map((workspace) => (
                      <Row key={workspace.name} workspace={workspace} now={now} />
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </>
        );
      }}
    </Answer>
  );
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
        <Link to={`/workspaces/${encodeURIComponent(workspace.name)}`}>{workspace.name}</Link>
        <p className="faint">{workspace.owner ?? 'no owner configured'}</p>
      </td>
      <td>
        <DriftCounts drifts={workspace.drifts} />
      </td>
      <td className="number" data-label="Instances">
        {workspace.instances.toLocaleString('en')}
      </td>
      <td className="number" data-label="Serial">
        {workspace.serial}
      </td>
      <td>
        <Freshness workspace={workspace} now={now} />
      </td>
    </tr>
  );
}

export function DriftCounts({ drifts }: { drifts: WorkspaceJson['drifts'] }) {
  const { confirmed, suspected, unverified, accepted, absorbed } = drifts;
  if (confirmed + suspected + unverified + accepted === 0) return <Mark tone="good">none known</Mark>;
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

export function Freshness({ workspace, now }: { workspace: WorkspaceJson; now: number }) {
  if (workspace.problem) return <Mark tone="critical">{workspace.problem}</Mark>;
  if (workspace.run)
    return (
      <Mark tone="accent">{`${workspace.run.operation} by ${workspace.run.who ?? 'unknown'} since ${ago(workspace.run.startedAt, now)}`}</Mark>
    );
  return (
    <span className="soft">{`written ${ago(workspace.publishedAt, now)}${workspace.pushed ? '' : ', watched file'}`}</span>
  );
}
