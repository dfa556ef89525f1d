// One workspace: is the state fresh, does a run hold it, what drifted, what is unknown; now or as of a time.

import type { ResourceJson, WorkspaceDetail } from '../../api/types.ts';
import { ago, plural } from '../format.ts';
import { useLoad } from '../load.ts';
import { Answer, Empty } from '../parts/answer.tsx';
import { DriftRow } from '../parts/drift-row.tsx';
import { Search, Select } from '../parts/filters.tsx';
import { Mark } from '../parts/marks.tsx';
import { useReloadOn } from '../reload.ts';
import { Link, setFilters, useAddress } from '../route.tsx';
import { client } from '../session.ts';
import { Freshness } from './workspaces.tsx';

export function WorkspacePage({ name, change, now }: { name: string; change: number; now: number }) {
  const { query } = useAddress();
  const at = query.get('at') ?? '';
  const workspace = useLoad(`workspace ${name}`, (signal) => client.workspaces.get(name, { signal }));
  const drifts = useLoad(`workspace drifts ${name} ${at}`, (signal) =>
    client.workspaces.drifts(name, at ? { at: new Date(at).toISOString() } : {}, { signal }),
  );
  useReloadOn(change, workspace.reload, drifts.reload);

  return (
    <Answer of={workspace}>
      {(value) => (
        <>
          <div className="lead">
            <p className="crumb">
              <Link to="/workspaces">Workspaces</Link> / {value.owner ?? 'no owner configured'}
            </p>
            <h1>{value.name}</h1>
            <Freshness workspace={value} now={now} />
          </div>
          <Overview workspace={value} now={now} />
          <section className="group">
            <div className="group-head">
              <h2>{at ? 'Drifts as of then' : 'Unresolved drifts'}</h2>
              <label className="field">
                <span className="hidden">As of</span>
                <input
                  className="input"
                  type="datetime-local"
                  aria-label="As of"
                  value={at}
                  onChange={(event) => setFilters({ at: event.target.value })}
                />
              </label>
              {at && (
                <button type="button" className="button plain" onClick={() => setFilters({ at: '' })}>
                  Back to now
                </button>
              )}
            </div>
            <Answer of={drifts}>
              {({ items }) =>
                items.length === 0 ? (
                  <Empty title="No drift known" />
                ) : (
                  <ul className="rows">
                    {items.map((drift) => (
                      <DriftRow key={drift.id} drift={drift} now={now} />
                    ))}
                  </ul>
                )
              }
            </Answer>
          </section>
          <Resources workspace={name} change={change} now={now} />
        </>
      )}
    </Answer>
  );
}

function Overview({ workspace, now }: { workspace: WorkspaceDetail; now: number }) {
  const { declared, inSync, drifted, unknown } = workspace.resources;
  const part = (count: number): string => `${declared === 0 ? 0 : (100 * count) / declared}%`;
  return (
    <section className="card">
      <div className="card-head">
        <h2>{plural(declared, 'managed instance')}</h2>
        <span className="marks">
          <Mark tone="good">{`${inSync} in sync`}</Mark>
          {drifted > 0 && <Mark tone="high">{`${drifted} drifted`}</Mark>}
          <Mark>{`${unknown} unknown`}</Mark>
        </span>
      </div>
      <div
        className="meter"
        role="img"
        aria-label={`${inSync} in sync, ${drifted} drifted, ${unknown} unknown`}
      >
        <i style={{ width: part(inSync) }} />
        <i data-tone="high" style={{ width: part(drifted) }} />
        <i data-tone="info" style={{ width: part(unknown) }} />
      </div>
      <dl className="facts">
        <dt>State</dt>
        <dd>
          serial {workspace.serial}, {workspace.backend}, last boundary: {workspace.kind}{' '}
          {ago(workspace.publishedAt, now)}
          {workspace.writtenBy && ` by ${workspace.writtenBy}`}
        </dd>
        <dt>Terraform</dt>
        <dd>{workspace.terraformVersion ?? 'unknown'}</dd>
        <dt>Last run ended</dt>
        <dd>{workspace.lastRunFinishedAt ? ago(workspace.lastRunFinishedAt, now) : 'none seen'}</dd>
      </dl>
    </section>
  );
}

const STATUS: readonly (readonly [string, string])[] = [
  ['', 'Any status'],
  ['drifted', 'Drifted'],
  ['unknown', 'Unknown'],
  ['in_sync', 'In sync'],
];

function Resources({ workspace, change, now }: { workspace: string; change: number; now: number }) {
  const { query } = useAddress();
  const [text = '', status = ''] = [query.get('q') ?? '', query.get('status') ?? ''];
  const filters = {
    workspace,
    limit: 100,
    ...(text ? { q: text } : {}),
    ...(status ? { status: [status as ResourceJson['status']] } : {}),
  };
  const resources = useLoad(`resources ${JSON.stringify(filters)}`, (signal) =>
    client.resources.list(filters, { signal }),
  );
  useReloadOn(change, resources.reload);
  return (
    <section className="group">
      <h2>Resources</h2>
      <div className="filters">
        <Search value={text} label="Search address or id" />
        <Select name="status" label="Status" value={status} options={STATUS} />
      </div>
      <Answer of={resources}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty title="Nothing matches" />
          ) : (
            <>
              <div className="scroll">
                <table className="stack">
                  <thead>
                    <tr>
                      <th>Address</th>
                      <th>Status</th>
                      <th>Observed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((resource) => (
                      <tr key={`${resource.objectKey} ${resource.address}`}>
                        <td>
                          <span className="mono">{resource.address}</span>
                          <p className="faint mono">{resource.resourceId}</p>
                        </td>
                        <td>
                          <ResourceStatus resource={resource} />
                        </td>
                        <td className="soft" data-label="Observed">
                          {resource.observedAsOf ? ago(resource.observedAsOf, now) : 'never'}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
              {next && <p className="faint">The first {items.length} are shown; search to find others.</p>}
            </>
          )
        }
      </Answer>
    </section>
  );
}

function ResourceStatus({ resource }: { resource: ResourceJson }) {
  if (resource.status === 'in_sync') return <Mark tone="good">in sync</Mark>;
  if (resource.status === 'drifted') return <Mark tone="high">drifted</Mark>;
  return (
    <>
      <Mark>unknown</Mark>
      {resource.statusReason && <p className="faint">{resource.statusReason}</p>}
    </>
  );
}
