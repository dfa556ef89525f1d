// Single objects of the stand-in: made, read, changed and deleted as the API's reference documents it
// (https://docs.digitalocean.com/reference/api/), in the same lists that its pages show. Pure but for the lists it changes.
import type { Json, JsonObject } from '../../schemas/index.ts';

export interface ObjectCall {
  method: string;
  path: string;
  body: JsonObject;
}

interface Row {
  list: RegExp;
  /** Member of the answer that holds the object. */
  one: string;
  key: 'id' | 'name';
  /** What is there beside what was asked for. */
  made(asked: JsonObject, number: number): JsonObject;
}

const uuid = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
const AT = '2026-01-01T00:00:00Z';
const NONE: JsonObject = { count: 0, last_tagged_uri: '' };
const TAGGED = ['droplets', 'images', 'volumes', 'volume_snapshots', 'databases'];
const ABSENT: JsonObject = { priority: null, port: null, weight: null, flags: null, tag: null };

const ROWS: readonly Row[] = [
  {
    list: /^\/v2\/vpcs$/,
    one: 'vpc',
    key: 'id',
    made: (asked, number) => ({
      ip_range: '10.10.10.0/24',
      description: '',
      ...asked,
      id: uuid(number),
      urn: `do:vpc:${uuid(number)}`,
      default: false,
      created_at: AT,
    }),
  },
  {
    list: /^\/v2\/tags$/,
    one: 'tag',
    key: 'name',
    made: (asked) => ({
      ...asked,
      resources: { ...NONE, ...Object.fromEntries(TAGGED.map((of) => [of, NONE])) },
    }),
  },
  {
    list: /^\/v2\/domains$/,
    one: 'domain',
    key: 'name',
    made: ({ name }) => ({ name: name!, ttl: 1800, zone_file: `$ORIGIN ${String(name)}.` }),
  },
  {
    list: /^\/v2\/domains\/[^/]+\/records$/,
    one: 'domain_record',
    key: 'id',
    made: (asked, number) => ({ ...ABSENT, ttl: 1800, ...asked, id: number }),
  },
  {
    list: /^\/v2\/account\/keys$/,
    one: 'ssh_key',
    key: 'id',
    made: (asked, number) => ({
      ...asked,
      id: number,
      fingerprint: '3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa',
    }),
  },
  {
    list: /^\/v2\/volumes$/,
    one: 'volume',
    key: 'id',
    made: ({ region, ...asked }, number) => ({
      description: '',
      tags: [],
      filesystem_type: '',
      filesystem_label: '',
      ...asked,
      id: uuid(number),
      region: { slug: region!, name: region!, available: true, features: [], sizes: [] },
      droplet_ids: [],
      created_at: AT,
    }),
  },
  {
    list: /^\/v2\/firewalls$/,
    one: 'firewall',
    key: 'id',
    made: (asked, number) => ({
      droplet_ids: [],
      tags: [],
      ...asked,
      id: uuid(number),
      status: 'succeeded',
      created_at: AT,
      pending_changes: [],
    }),
  },
];

/** Status and body; null: no list of such objects is kept. */
export function answerObject(
  lists: Record<string, JsonObject[]>,
  { method, path, body }: ObjectCall,
  number: number,
): { status: number; body: Json | null } | null {
  if (method === 'POST') {
    const row = ROWS.find(({ list }) => list.test(path));
    if (!row) return null;
    const made = row.made(body, number);
    lists[path] = [...(lists[path] ?? []), made];
    if (row.one === 'domain') lists[`${path}/${String(made.name)}/records`] ??= [];
    return { status: row.one === 'firewall' ? 202 : 201, body: { [row.one]: made } };
  }
  const slash = path.lastIndexOf('/');
  const list = path.slice(0, slash);
  const row = ROWS.find((one) => one.list.test(list));
  if (!row) return null;
  const key = decodeURIComponent(path.slice(slash + 1));
  const found = lists[list]?.find((one) => String(one[row.key]) === key);
  if (!found) return { status: 404, body: { id: 'not_found', message: 'The resource could not be found.' } };
  if (method === 'DELETE') {
    lists[list] = lists[list]!.filter((one) => one !== found);
    return { status: 204, body: null };
  }
  if (method === 'PUT' || method === 'PATCH') Object.assign(found, body);
  return { status: 200, body: { [row.one]: found } };
}
