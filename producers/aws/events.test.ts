// Every row of the event table, with a record made from the row itself: the change must land on the key of the resource.
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { concernsOf } from './concerns.ts';
import type { EventRow, Touch } from './event-row.ts';
import { EVENT_NAMES, operationOf, readsOnly, rowOf, touchesNoResource, verbOfName } from './events.ts';
import { ACCOUNT, REGION, SAMPLES } from './fixtures/samples.ts';
import { aws } from './index.ts';
import type { KindName } from './objects.ts';
import { KINDS } from './objects.ts';
import { checkRecord } from './record.ts';
import { RESOURCES } from './resources.ts';

/** A candidate without the mark for what is made or removed. */
const bare = (target: string): string => target.replace(/^[+~-]/, '');
const PLACEHOLDERS = /\{([^}]+)\}/g;
const placeholders = (template: string): string[] =>
  [...template.matchAll(PLACEHOLDERS)].map((match) => match[1]!.replace(/\?$/, ''));

/** Writes a value where a path leads, in the shapes CloudTrail uses for lists in turn. */
function put(root: JsonObject, path: string, value: string, shape: number): void {
  const steps = path.split('.');
  let at = root;
  steps.forEach((step, index) => {
    const each = step.endsWith('[]');
    const name = each ? step.slice(0, -2) : step;
    if (index === steps.length - 1) {
      at[name] = each ? [value] : value;
      return;
    }
    const inner: JsonObject = {};
    if (!each) at[name] ??= inner;
    else
      at[name] ??= shape === 0 ? [inner] : name === 'items' || name === 'item' ? inner : { items: [inner] };
    const next = at[name] as JsonObject | JsonObject[];
    const list = Array.isArray(next) ? next : ((next.items as JsonObject[] | undefined) ?? next);
    at = (Array.isArray(list) ? list[0]! : each ? list : next) as JsonObject;
  });
}

/** The values that fill a template for an object of the kind: the whole id, or its parts. */
function parts(kind: string, template: string, names: string[]): string[] {
  const [plain, arn] = SAMPLES[kind]!;
  if (names.length === 1) {
    const name = names[0]!.toLowerCase();
    const wantsArn = plain === null || /arn$|secretid$/.test(name) || (kind === 'secret' && /id$/.test(name));
    if (/queueurl$|queue_url$|\burl$/.test(name))
      return [`https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${plain}`];
    return [wantsArn && arn !== null ? arn : plain!];
  }
  // Cut the plain id where the template's own text stands.
  const literal = template
    .split(PLACEHOLDERS)
    .filter((_, index) => index % 2 === 0)
    .slice(1, -1);
  let rest = plain!;
  const found: string[] = [];
  for (const text of literal) {
    const at = rest.indexOf(text);
    found.push(at < 0 ? rest : rest.slice(0, at));
    rest = at < 0 ? '' : rest.slice(at + text.length);
  }
  return [...found, rest];
}

/** Request, response and resources that name an object of the kind the way this row's template reads it. */
function rootFor(touch: Touch, template: string, kind: string, shape: number): JsonObject {
  const root: JsonObject = { req: {}, resp: {} };
  const names = placeholders(template).map((name) => name.split('|')[0]!);
  const values = parts(kind, template, names);
  // What the object's own template does not read of an element is there all the same.
  if (touch.each !== null && !template.includes('{item')) put(root, touch.each, 'x', shape);
  names.forEach((name, index) => {
    const value = values[index] ?? '';
    if (value === '' && names.length > 1) return;
    put(
      root,
      touch.each ? name.replace(/^item(?=\.|$)/, touch.each) : name,
      value,
      name.startsWith('resources') ? 0 : shape,
    );
  });
  return root;
}

function recordOf(row: EventRow, name: string, root: JsonObject, wrapped: boolean): JsonObject {
  const wrap = (suffix: string, value: unknown) => (wrapped ? { [`${name}${suffix}`]: value } : value);
  return {
    eventID: 'e1',
    eventTime: '2026-03-01T10:00:00Z',
    eventSource: `${row.source}.amazonaws.com`,
    eventName: name,
    awsRegion: REGION,
    recipientAccountId: ACCOUNT,
    requestParameters: wrap('Request', root.req) as JsonObject,
    responseElements: wrap('Response', root.resp) as JsonObject,
    resources: (root.resources ?? []) as JsonObject[],
  };
}

/** Attributes a state would hold of a resource of the type that concerns the object. */
function attributesOf(type: string, kind: string): JsonObject {
  const row = RESOURCES[type.replace(/^aws_alb/, 'aws_lb')]!;
  const template = row.kind === kind ? row.object : row.also.find(([also]) => also === kind)?.[1];
  expect(template, `${type} says nothing of ${kind}`).toBeDefined();
  const attributes: JsonObject = {};
  const names = placeholders(template!).map((name) => name.split('|')[0]!);
  const values = parts(kind, template!, names);
  names.forEach((name, index) => {
    put(attributes, name, values[index] ?? '', 0);
  });
  // An instance that only mentions the object has an id and an object of its own.
  if (row.kind !== kind)
    for (const name of placeholders(row.object))
      if (!(name.split('|')[0]! in attributes)) put(attributes, name.split('|')[0]!, 'own-id', 0);
  return attributes;
}

const identify = (type: string, attributes: JsonObject) =>
  aws.identify({ org: 'default', type, attributes, scope: { account: ACCOUNT, region: REGION } });

function concernsOfRecord(record: JsonObject) {
  const checked = checkRecord(record);
  if ('unreadable' in checked) throw new Error(checked.unreadable);
  return concernsOf('default', checked.record);
}

describe('the event table', () => {
  test.each(EVENT_NAMES)('%s lands on the key the state gives the same object', (eventName) => {
    const [source, name] = eventName.split(':') as [string, string];
    const row = rowOf(source, name)!;
    for (const touch of row.touches) {
      const kinds =
        touch.kind === 'by-prefix'
          ? ['ebs-volume', 'security-group', 'instance']
          : touch.kind === 'by-arn'
            ? ['lambda-function', 'log-group']
            : [touch.kind];
      for (const kind of kinds)
        for (const template of touch.ids.filter((id) => id.includes('{') || id === SAMPLES[kind]![0]))
          for (const shape of [0, 1]) {
            const forKind =
              touch.kind === 'by-arn' ? template.replace(/\{([^}]+?)(\[\])?\}/, '{$1$2}') : template;
            const root = rootFor(touch, forKind, kind, shape);
            if (touch.kind === 'by-arn') {
              const path = placeholders(template)[0]!.split('|')[0]!;
              put(root, path, SAMPLES[kind]![1]!, shape);
            }
            const concerns = concernsOfRecord(recordOf(row, name, root, shape === 1));
            const mine = concerns.find((concern) => concern.objectKey.split('/')[4] === kind);
            const types = mine?.targets.map((target) => target.type) ?? [];
            expect(mine, `${eventName} of ${kind} by ${template}: ${JSON.stringify(concerns)}`).toBeDefined();
            for (const type of types) {
              if (!(type.replace(/^aws_alb/, 'aws_lb') in RESOURCES)) continue;
              const row2 = RESOURCES[type.replace(/^aws_alb/, 'aws_lb')]!;
              if (row2.kind !== kind && !row2.also.some(([also]) => also === kind)) continue;
              const { objectKeys, scopeProblem } = identify(type, attributesOf(type, kind));
              expect(objectKeys, `${eventName}: ${type}`).toContain(mine!.objectKey);
              expect(scopeProblem).toBeNull();
            }
          }
    }
  });

  test('every candidate type has an identity row', () => {
    const types = new Set(
      EVENT_NAMES.flatMap((eventName) => {
        const [source, name] = eventName.split(':') as [string, string];
        return rowOf(source, name)!.touches.flatMap((touch) =>
          touch.targets
            .map(bare)
            .flatMap((target) =>
              target === '*' ? (KINDS[touch.kind as KindName]?.types ?? []) : [target.split('=')[0]!],
            ),
        );
      }),
    );
    const missing = [...types].filter((type) => !(type.replace(/^aws_alb/, 'aws_lb') in RESOURCES));
    expect(missing).toEqual([]);
  });

  test('what a call may make, a call of the same service removes: else it would stay unmanaged for ever', () => {
    const touches = EVENT_NAMES.flatMap((eventName) => {
      const [source, name] = eventName.split(':') as [string, string];
      const { touches, verb } = rowOf(source, name)!;
      return touches.flatMap(({ kind, targets }) =>
        targets.map((target) => ({ source, verb, kind, target })),
      );
    });
    const typesOf = ({ kind, target }: { kind: string; target: string }): readonly string[] =>
      bare(target) === '*' ? KINDS[kind as KindName].types : [bare(target).split('=')[0]!];
    const removed = new Set(
      touches
        .filter(({ verb, target }) => target.startsWith('-') || verb === 'delete')
        .flatMap((one) => typesOf(one).map((type) => `${one.source} ${one.kind} ${type}`)),
    );
    const made = touches
      .filter(({ target }) => target.startsWith('+'))
      .flatMap((one) => typesOf(one).map((type) => `${one.source} ${one.kind} ${type}`));
    expect(made.length).toBeGreaterThan(20);
    expect(made.filter((one) => !removed.has(one))).toEqual([]);
  });

  test('a call on a sub-resource also names the types of the object it is part of', () => {
    const without = EVENT_NAMES.filter((eventName) => {
      const [source, name] = eventName.split(':') as [string, string];
      const row = rowOf(source, name)!;
      const types = KINDS[row.touches[0]!.kind as KindName]?.types ?? [];
      const targets = row.touches[0]!.targets.map((target) => bare(target).split('=')[0]!);
      return (
        row.verb === 'update' &&
        types.length > 0 &&
        !targets.includes('*') &&
        !targets.some((type) => types.includes(type))
      );
    });
    // A grant or an association says nothing of the key or the list itself, and services make them all day.
    expect(without).toEqual(['kms:CreateGrant', 'kms:RevokeGrant', 'wafv2:AssociateWebACL']);
  });

  test('every type of a kind has that kind as its own', () => {
    const wrong = Object.entries(KINDS).flatMap(([kind, { types }]) =>
      types.filter((type) => {
        const row = RESOURCES[type.replace(/^aws_alb/, 'aws_lb')];
        return !row || (row.kind !== kind && !row.also.some(([also]) => also === kind));
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('versions in names are no part of the operation', () => {
    expect(operationOf('CreateFunction20150331')).toBe('CreateFunction');
    expect(operationOf('UpdateFunctionConfiguration20150331v2')).toBe('UpdateFunctionConfiguration');
    expect(operationOf('CreateDistribution2020_05_31')).toBe('CreateDistribution');
    expect(operationOf('RunInstances')).toBe('RunInstances');
  });

  test.each([
    ['CreateThing', 'create'],
    ['DeleteThing', 'delete'],
    ['PutThing', 'update'],
    ['AttachThing', 'update'],
    ['RemoveThing', 'update'],
    ['TagResource', 'tag'],
    ['UntagResource', 'tag'],
    ['Frobnicate', 'unknown'],
  ])('%s is read as %s', (name, verb) => {
    expect(verbOfName(name)).toBe(verb);
  });

  test('names of reading calls are told from those of writing ones', () => {
    for (const name of ['GetObject', 'ListRoles', 'DescribeInstances', 'HeadBucket', 'BatchGetImage'])
      expect(readsOnly(name)).toBe(true);
    for (const name of ['Getaway', 'ListenerCreate', 'CreateRole', 'TestamentPut'])
      expect(readsOnly(name)).toBe(false);
  });

  test('no row is for a call that is said to touch no resource', () => {
    expect(EVENT_NAMES.filter((key) => touchesNoResource(key.split(':')[0]!, key.split(':')[1]!))).toEqual(
      [],
    );
  });
});
