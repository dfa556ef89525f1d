// Which cloud objects a CloudTrail record concerns, under which candidate Terraform types and ids. Pure: the event table,
// then, for calls without a row, what the record's ARNs and its own parameters name.
import type { Json, Target, Verb } from '../../schemas/index.ts';
import { parseArn } from './arn.ts';
import type { EventRow, Touch } from './event-row.ts';
import { operationOf, rowOf, sourceOf, verbOfName } from './events.ts';
import type { CloudObject } from './objects.ts';
import { keyOf, kindOfEc2Id, objectOf, objectOfArn, stateIdOf, typesOf } from './objects.ts';
import { type Found, type Marked, type Outcome, outcomesOf } from './outcomes.ts';
import { fill, isObject, nodes, values } from './path.ts';
import type { CloudtrailRecord } from './record.ts';
import { resourceRowOf } from './resources.ts';

/** Objects one call may concern; a call that names more is cut there (CreateTags allows 1,000 resources). */
const MAX_OBJECTS = 1_000;
const MAX_TARGETS = 50;

/** What a record concerns. Never empty: a call that names no known object is kept under one key a service and account. */
export function concernsOf(org: string, record: CloudtrailRecord): Outcome[] {
  const row = rowOf(record.eventSource, record.eventName);
  const found = new Map<string, Found>();
  if (row) fromRow(org, record, row, found);
  if (found.size === 0) fromNames(org, record, row?.verb ?? verbOfName(record.eventName), found);
  if (found.size === 0) {
    const id = `${sourceOf(record.eventSource)}:${operationOf(record.eventName)}`;
    add(
      found,
      org,
      { ...placeless(record), kind: 'call', id },
      [],
      row?.verb ?? verbOfName(record.eventName),
    );
  }
  return namedOnce([...found.values()]).flatMap(outcomesOf);
}

const placeless = (record: CloudtrailRecord): CloudObject => ({
  kind: '',
  id: '',
  placed: 'region',
  account: record.account,
  region: record.region,
  arn: null,
  incomplete: false,
});

function add(
  found: Map<string, Found>,
  org: string,
  object: CloudObject,
  targets: Marked[],
  verb: Verb,
): void {
  const objectKey = keyOf(org, object);
  const before = found.get(objectKey);
  if (!before) {
    if (found.size < MAX_OBJECTS)
      found.set(objectKey, {
        objectKey,
        kind: object.kind,
        account: object.account,
        region: object.region,
        verb,
        targets,
      });
    return;
  }
  for (const target of targets)
    if (!before.targets.some((known) => known.type === target.type && known.id === target.id))
      before.targets.push(target);
  if (before.verb !== verb) before.verb = 'update';
}

/**
 * One call may touch several objects that an instance concerns (an association: its route table and its subnet). The change
 * of the instance is then told once, under the object that is its own, so that it is one drift.
 */
function namedOnce(found: readonly Found[]): Found[] {
  if (found.length < 2) return [...found];
  const isHome = (kind: string, type: string): boolean => resourceRowOf(type)?.kind === kind;
  const toldAtHome = new Map<string, Set<string | null>>();
  for (const { kind, targets } of found)
    for (const { type, id } of targets)
      if (isHome(kind, type)) toldAtHome.set(type, (toldAtHome.get(type) ?? new Set()).add(id));
  const isToldAtHome = ({ type, id }: Target): boolean => {
    const ids = toldAtHome.get(type);
    return ids !== undefined && (id === null || ids.has(id) || ids.has(null));
  };
  return found.flatMap((one) => {
    const targets = one.targets.filter((target) => isHome(one.kind, target.type) || !isToldAtHome(target));
    // Without candidates a change is one of whatever is declared under the key: not if it had some.
    return targets.length === 0 && one.targets.length > 0 ? [] : [{ ...one, targets }];
  });
}

/** Words for what happened to an object, and the mark of its candidates. */
const WORDS: Readonly<Record<string, { verb: Verb; does: Marked['does'] }>> = {
  CREATE: { verb: 'create', does: null },
  DELETE: { verb: 'delete', does: null },
  UPSERT: { verb: 'update', does: 'make' },
};

function fromRow(org: string, record: CloudtrailRecord, row: EventRow, found: Map<string, Found>): void {
  const root = {
    req: record.request,
    resp: record.response,
    resources: record.resources,
  };
  for (const touch of row.touches) {
    const roots = touch.each === null ? [root] : nodes(root, touch.each).map((item) => ({ ...root, item }));
    for (const each of roots) {
      const word = touch.verb === undefined ? undefined : values(each, touch.verb)[0];
      const said = (word !== undefined && WORDS[word.toUpperCase()]) || { verb: row.verb, does: null };
      for (const object of objectsOf(touch, each, record)) {
        const targets = targetsOf(touch, object, each).map((one) => ({
          ...one,
          does: one.does ?? said.does,
        }));
        add(found, org, object, targets, said.verb);
      }
    }
  }
}

function objectsOf(touch: Touch, root: Json, record: CloudtrailRecord): CloudObject[] {
  for (const template of touch.ids) {
    const objects: CloudObject[] = [];
    for (const value of fill(template, root)) {
      const object = objectOfValue(touch.kind, value, record);
      if (object && !object.incomplete) objects.push(object);
    }
    if (objects.length > 0) return objects;
  }
  return [];
}

function objectOfValue(kind: Touch['kind'], value: string, record: CloudtrailRecord): CloudObject | null {
  const place = { account: record.account, region: record.region };
  if (kind === 'by-arn') return objectOfArn(value, place);
  if (kind !== 'by-prefix') return objectOf(kind, value, place);
  const ec2 = kindOfEc2Id(value);
  return ec2 ? objectOf(ec2, value, place) : objectOfArn(value, place);
}

const MARKS: Readonly<Record<string, Marked['does']>> = { '+': 'make', '-': 'remove', '~': 'each' };

function targetsOf(touch: Touch, object: CloudObject, root: Json): Marked[] {
  const targets: Marked[] = [];
  const own = { '@id': object.id, '@': stateIdOf(object), '@account': object.account };
  const scope = isObject(root) ? { ...root, ...own } : own;
  for (const marked of touch.targets) {
    const does = MARKS[marked[0]!] ?? null;
    const spec = does ? marked.slice(1) : marked;
    if (spec === '*') {
      for (const type of typesOf(object.kind)) targets.push({ type, id: stateIdOf(object), does });
      continue;
    }
    const at = spec.indexOf('=');
    const type = at < 0 ? spec : spec.slice(0, at);
    const template = at < 0 ? null : spec.slice(at + 1);
    const ids = template === null ? [] : fill(template === '*' ? '{@id}' : template, scope);
    if (does === 'each') {
      for (const id of ids) targets.push({ type, id, does: null });
      if (template === null || ids.length > 0) targets.push({ type, id: null, does });
      continue;
    }
    if (ids.length === 0) targets.push({ type, id: null, does });
    for (const id of ids) targets.push({ type, id, does });
  }
  return targets.slice(0, MAX_TARGETS);
}

/** ARN services that write their events under another name. */
const ARN_SERVICE: Readonly<Record<string, string>> = {
  monitoring: 'cloudwatch',
  'application-autoscaling': 'autoscaling',
  email: 'ses',
};

const VERB_PREFIX = /^[A-Z][a-z]+(?=[A-Z])/;

/**
 * Objects a call without a row names: the record's own resources; else ARNs of the called service in the parameters whose
 * name speaks of the noun of the call (`FooArn`, `ResourceArn`, `Arn`), in the answer too; else an EC2 id under the noun's
 * name. What is merely referred to (the role a thing runs as) is not taken.
 */
function fromNames(org: string, record: CloudtrailRecord, verb: Verb, found: Map<string, Found>): void {
  const place = { account: record.account, region: record.region };
  const take = (object: CloudObject | null): void => {
    if (!object || object.incomplete) return;
    const id = stateIdOf(object);
    add(
      found,
      org,
      object,
      typesOf(object.kind).map((type) => ({ type, id, does: null })),
      verb,
    );
  };
  for (const arn of values({ resources: record.resources }, 'resources[].ARN')) take(objectOfArn(arn, place));
  if (found.size > 0) return;

  const source = sourceOf(record.eventSource);
  const service = ARN_SERVICE[source] ?? source;
  const noun = operationOf(record.eventName).replace(VERB_PREFIX, '').toLowerCase();
  const singular = noun.replace(/s$/, '');
  const speaks = (name: string): boolean => {
    const subject = name.toLowerCase().replace(/(?:arn|identifier|id|name)s?$/, '');
    return subject === '' || subject === 'resource' || (singular !== '' && singular.startsWith(subject));
  };
  for (const side of [record.request, record.response]) {
    for (const [name, value] of scalars(side)) {
      if (!speaks(name)) continue;
      const arn = parseArn(value);
      if (arn && arn.service === service) take(objectOfArn(value, place));
      else if (!arn && service === 'ec2') {
        const kind = kindOfEc2Id(value);
        if (kind) take(objectOf(kind, value, place));
      }
    }
    if (found.size > 0) return;
  }
}

/** Names and texts of an object's members, two levels down, lists included. */
function scalars(value: Json, depth = 0, name = ''): [string, string][] {
  if (typeof value === 'string') return [[name, value]];
  if (depth > 3) return [];
  if (Array.isArray(value)) return value.slice(0, 100).flatMap((item) => scalars(item, depth + 1, name));
  if (!isObject(value)) return [];
  return Object.entries(value)
    .slice(0, 100)
    .flatMap(([member, inner]) => scalars(inner, depth + 1, member));
}
