// The managed instances of one workspace: in sync, drifted, or unknown and why.
import type { ResourceJson } from '../../api/types.ts';
import { type Changes, useReloadOn } from '../live.ts';
import { usePages } from '../load.ts';
import { addressOf, Link, useAddress } from '../route.tsx';
import { client } from '../session.ts';
import { Answer, Empty, More } from './answer.tsx';
import { Search, Select } from './filters.tsx';
import { Mark } from './marks.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

const STATUSES: readonly (readonly [ResourceJson['status'] | '', string])[] = [
  ['', 'All'],
  ['drifted', 'Drifted'],
  ['unknown', 'Unknown'],
  ['in_sync', 'In sync'],
];
const PAGE = 50;
const APART_MS = 5_000;

interface ResourcesProps {
  workspace: string;
  changes: Changes;
  now: number;
}

export function Resources({ workspace, changes, now }: ResourcesProps) {
  const { query } = useAddress();
  const text = query.get('q') ?? '';
  const status = query.get('status') ?? '';
  const filters = {
    workspace,
    limit: PAGE,
    ...(text ? { q: text } : {}),
    ...(isStatus(status) ? { status: [status] } : {}),
  };
  const resources = usePages(
    `resources ${JSON.stringify(filters)}`,
    (resource: ResourceJson) => `${resource.objectKey} ${resource.address} ${resource.deposed}`,
    (cursor, signal) => client.resources.list({ ...filters, ...(cursor ? { cursor } : {}) }, { signal }),
  );
  useReloadOn(changes, ['drift', 'workspace', 'snapshot'], resources.reload, APART_MS);
  return (
    <section className="group" aria-label="Resources" data-stale={resources.stale}>
      <h2>Resources</h2>
      <search className="filters">
        <Search value={text} label="Search address or id" />
        <Select name="status" label="Status" value={status} options={STATUSES} />
      </search>
      <Answer of={resources}>
        {(items) =>
          items.length === 0 ? (
            <Empty title={text || status ? 'Nothing matches' : 'Nothing is declared'} />
          ) : (
            <>
              <div className="scroll">
                <table className="stack compact">
                  <thead>
                    <tr>
                      <th scope="col">Address</th>
                      <th scope="col">Status</th>
                      <th scope="col">Observed</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((resource) => (
                      <Row
                        key={`${resource.objectKey} ${resource.address} ${resource.deposed}`}
                        resource={resource}
                        now={now}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
              {resources.more && <More shown={items.length} word="resource" onMore={resources.loadMore} />}
            </>
          )
        }
      </Answer>
    </section>
  );
}

const isStatus = (text: string): text is ResourceJson['status'] =>
  STATUSES.some(([status]) => status !== '' && status === text);

function Row({ resource, now }: { resource: ResourceJson; now: number }) {
  const [drift] = resource.drifts;
  return (
    <tr>
      <td>
        <span className="mono">
          {drift ? (
            <Link to={addressOf.drift(drift)}>
              <Name>{resource.address}</Name>
            </Link>
          ) : (
            <Name>{resource.address}</Name>
          )}
        </span>
        <p className="faint mono">
          <Name>{resource.resourceId}</Name>
        </p>
      </td>
      <td>
        <span className="marks">
          <Status resource={resource} />
          {resource.tainted && <Mark tone="high">tainted</Mark>}
          {resource.deposed && <Mark>deposed</Mark>}
        </span>
        {resource.status === 'unknown' && (resource.statusReason ?? resource.scopeProblem) && (
          <p className="faint">{resource.statusReason ?? resource.scopeProblem}</p>
        )}
      </td>
      <td className="soft nowrap" data-label="Observed">
        {resource.observedAsOf ? <Ago time={resource.observedAsOf} now={now} /> : 'never'}
      </td>
    </tr>
  );
}

function Status({ resource }: { resource: ResourceJson }) {
  if (resource.status === 'in_sync') return <Mark tone="good">in sync</Mark>;
  if (resource.status === 'drifted') return <Mark tone="high">drifted</Mark>;
  return <Mark>unknown</Mark>;
}
