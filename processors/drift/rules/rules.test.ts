import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { compare } from '../compare.ts';
import { type EquivalenceName, equivalence } from './equivalence.ts';
import { VOLATILE_NAME } from './general.ts';
import { RULES, rulesOf } from './index.ts';
import type { Rule } from './rule.ts';

/** A type the row concerns; one that no other row knows where the row holds for many. */
const typeOf = ({ types }: Rule): string => types[0]!.replace('*', 'some_type');
const pathOf = (path: string): string =>
  path === '**' ? 'some_attribute' : path.replace('**.', 'block.').replace(/\*$/, 'something');

/** A resource that has a value at a path without indices: blocks are lists of one. */
function at(path: string, value: Json, more: JsonObject = {}): JsonObject {
  const [first, ...rest] = path.split('.');
  const inner = rest.length === 0 ? value : [at(rest.join('.'), value)];
  return { id: 'x-1', ...more, [first!]: inner };
}

function diff(rule: Rule, path: string, declared: Json, observed: Json, more: JsonObject = {}) {
  return compare({
    type: typeOf(rule),
    declared: at(pathOf(path), declared, more),
    observed: at(pathOf(path), observed),
    facts: null,
    configuration: null,
  });
}
const paths = (...args: Parameters<typeof diff>): string[] =>
  diff(...args).differences.map((one) => one.path);

/** Pairs that an equivalence takes for one thing, and pairs it must not. */
const PAIRS: Record<EquivalenceName, { same: [Json, Json][]; different: [Json, Json][] }> = {
  scalar: {
    same: [
      ['80', 80],
      [1.5, '1.5'],
      ['traffic-port ', 'traffic-port'],
    ],
    different: [
      ['80', 81],
      ['007', 7],
      ['false', false],
    ],
  },
  toggle: {
    same: [
      ['true', true],
      ['on', true],
      ['1', true],
      ['disabled', false],
      [0, false],
    ],
    different: [
      ['true', false],
      ['use_load_balancer_configuration', true],
    ],
  },
  json: {
    same: [
      ['{"a":1,"b":[1,2]}', '{ "b": [1, 2], "a": 1 }'],
      [' text', 'text'],
    ],
    different: [
      ['{"a":1}', '{"a":2}'],
      ['[1,2]', '[2,1]'],
    ],
  },
  'json-or-yaml': {
    same: [
      ['{"Resources":{"A":{"Type":"T"}}}', 'Resources:\n  A:\n    Type: T\n'],
      ['a: 1\r\n', 'a: 1'],
    ],
    different: [
      ['a: !Ref x', 'a: x'],
      ['a: 1', 'a: 2'],
    ],
  },
  policy: {
    same: [
      [
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":["*"]}}',
      ],
    ],
    different: [
      ['{"Version":"2012-10-17","Statement":[]}', '{"Version":"2012-10-17","Statement":[{"Effect":"Deny"}]}'],
    ],
  },
  time: {
    same: [
      ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000+00:00'],
      ['2026-01-02T04:04:05+01:00', '2026-01-02T03:04:05Z'],
      ['1:00', '01:00'],
      ['01:00', '01:00:00'],
      ['sun:05:00-sun:06:00', 'sun:5:00-sun:6:00'],
    ],
    different: [
      ['2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'],
      ['01:00', '01:01'],
      ['01:00', '11:00'],
      ['01:00:00', '01:00:30'],
    ],
  },
  duration: {
    same: [
      ['60s', '60.0s'],
      ['1m', '60s'],
      ['1m0s', '60s'],
      ['rate(60 minutes)', 'rate(1 hour)'],
      ['rate(1 day)', 'rate(24 hours)'],
    ],
    different: [
      ['60s', '61s'],
      ['rate(1 hour)', '1h'],
      ['cron(0 12 * * ? *)', 'cron(0 13 * * ? *)'],
    ],
  },
  cidr: {
    same: [
      ['2001:DB8::/32', '2001:db8:0:0:0:0:0:0/32'],
      ['10.0.0.5/8', '10.0.0.0/8'],
      ['1.2.3.4', '1.2.3.4/32'],
      ['::1', '::1/128'],
    ],
    different: [
      ['10.0.0.0/8', '10.0.0.0/9'],
      ['0.0.0.0/0', '::/0'],
      ['10.0.0.0/8', '11.0.0.0/8'],
    ],
  },
  ports: {
    same: [
      ['80', '80-80'],
      ['all', '0'],
      ['1-65535', 'all'],
      ['', '0'],
    ],
    different: [
      ['80', '80-81'],
      ['80', 'all'],
    ],
  },
  'ssh-key': {
    same: [['ssh-rsa AAAA me@laptop', ' ssh-rsa  AAAA\n']],
    different: [['ssh-rsa AAAA me', 'ssh-rsa AAAB me']],
  },
  pem: {
    same: [['-----BEGIN-----\nab\ncd\n-----END-----\n', '-----BEGIN-----\r\nabcd\r\n-----END-----']],
    different: [['-----BEGIN-----\nab', '-----BEGIN-----\nac']],
  },
  dns: {
    same: [
      ['WWW.Example.com.', 'www.example.com'],
      [' a.b ', 'a.b'],
    ],
    different: [['a.example.com', 'b.example.com']],
  },
  'trailing-dot': {
    same: [['mail.example.com.', 'mail.example.com']],
    different: [['V=spf1', 'v=spf1']],
  },
  url: {
    same: [['https://a.example/', 'https://a.example']],
    different: [['https://a.example/x', 'https://a.example/y']],
  },
  space: { same: [[' a text ', 'a text']], different: [['a text', 'A text']] },
  case: { same: [['Nyc3', 'nyc3']], different: [['nyc3', 'ams3']] },
  protocol: {
    same: [
      ['tcp', '6'],
      ['all', '-1'],
      ['ICMPv6', 58],
    ],
    different: [
      ['tcp', 'udp'],
      ['tcp', '-1'],
    ],
  },
  'last-part': {
    same: [
      ['arn:aws:kms:us-east-1:123456789012:key/1a2b', '1a2b'],
      ['arn:aws:lambda:us-east-1:123456789012:function:f', 'f'],
    ],
    different: [['arn:aws:kms:us-east-1:123456789012:key/1a2b', '1a2c']],
  },
  'arm-id': {
    same: [
      ['/subscriptions/S/resourceGroups/R', '/SUBSCRIPTIONS/s/resourcegroups/r'],
      ['/providers/Microsoft.Insights/x', '/providers/microsoft.insights/x/'],
      ['{"a":1,"b":2}', '{"b":2,"a":1}'],
    ],
    different: [
      ['/subscriptions/s/resourceGroups/r', '/subscriptions/s/resourceGroups/r2'],
      ['Name', 'name'],
    ],
  },
  'azure-location': {
    same: [
      ['East US', 'eastus'],
      ['West Europe 2', 'westeurope2'],
    ],
    different: [['East US', 'East US 2']],
  },
  'google-link': {
    same: [
      ['https://www.googleapis.com/compute/v1/projects/p/global/networks/n', 'projects/p/global/networks/n'],
      [
        'https://compute.googleapis.com/compute/beta/projects/p/global/networks/n',
        'projects/p/global/networks/n',
      ],
      ['//cloudresourcemanager.googleapis.com/projects/p', 'projects/p'],
      ['n', 'https://www.googleapis.com/compute/v1/projects/p/global/networks/n'],
      ['global/networks/n', 'projects/p/global/networks/n'],
      ['projects/p/zones/z/disks/d', 'projects/p/locations/z/disks/d'],
      ['projects/123/topics/t', 'projects/p/topics/t'],
    ],
    different: [
      ['projects/p/global/networks/n', 'projects/p/global/networks/m'],
      ['projects/p/global/networks/n', 'projects/q/global/networks/n'],
      ['projects/1/topics/t', 'projects/2/topics/t'],
      ['projects/p/zones/z/disks/d', 'projects/p/zones/y/disks/d'],
      ['n', 'm'],
      ['a', 'b/a'],
      ['12', '1'],
    ],
  },
  'google-policy': {
    same: [
      [
        '{"bindings":[{"role":"r","members":["user:A@x.com","group:g@x.com"]},{"role":"q","members":["allUsers"]}],"etag":"a"}',
        '{"etag":"b","version":1,"bindings":[{"members":["allUsers"],"role":"q"},{"role":"r","members":["group:g@x.com"]},{"role":"r","members":["user:a@x.com"]}]}',
      ],
    ],
    different: [
      [
        '{"bindings":[{"role":"r","members":["user:a"]}]}',
        '{"bindings":[{"role":"q","members":["user:a"]}]}',
      ],
      [
        '{"bindings":[{"role":"r","members":["user:a"]}]}',
        '{"bindings":[{"role":"r","members":["user:a","allUsers"]}]}',
      ],
      [
        '{"bindings":[{"role":"r","members":["user:a"]}]}',
        '{"bindings":[{"role":"r","members":["user:a"],"condition":{"expression":"x"}}]}',
      ],
      [
        '{"bindings":[{"role":"r","members":["user:a"]}]}',
        '{"bindings":[{"role":"r","members":["deleted:user:a?uid=1"]}]}',
      ],
    ],
  },
  version: {
    same: [
      ['13', '13.4'],
      ['latest', '9.9'],
      ['1.31', '1.31-do.1'],
    ],
    different: [
      ['13', '14.1'],
      ['13.4', '13'],
      ['1', '13'],
    ],
  },
  hashed: {
    same: [
      ['a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', 'test'],
      ['test', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
    ],
    different: [
      ['a94a8fe5ccb19ba61c4c0873d391e987982fbbd3', 'tost'],
      ['test', 'tost'],
    ],
  },
  image: {
    same: [
      ['ubuntu-22-04-x64', '63663980'],
      ['63663980', 63663980],
    ],
    different: [
      ['ubuntu-22-04-x64', 'debian-12-x64'],
      ['1', '2'],
    ],
  },
};

/** Proves that one row does at one of its paths what it says. */
function prove(rule: Rule, path: string): void {
  const { treatment } = rule;
  const shown = pathOf(path);
  const name = shown.split('.').at(-1)!;
  const type = typeOf(rule);
  if ('skip' in treatment) {
    expect(paths(rule, path, 'one', 'other')).toEqual([]);
    const reported = diff(rule, path, 'one', 'other').unverifiable ?? [];
    expect(reported.length).toBe(treatment.skip === 'write-only' ? 1 : 0);
    return;
  }
  const at = rulesOf(type).at(shown);
  if ('order' in treatment) {
    if (at.freeForm) expect(paths(rule, path, ['a', 'b'], ['b', 'a'])).toEqual([]);
    if (at.keyedBy !== null || at.elements !== null || at.skip !== null) return;
    const [a, b, c] = at.equal === 'cidr' ? ['10.0.0.0/8', '11.0.0.0/8', '12.0.0.0/8'] : ['a', 'b', 'c'];
    const reordered = paths(rule, path, [a!, b!], [b!, a!]);
    expect(reordered).toEqual(treatment.order === 'set' ? [] : [expect.anything()]);
    expect(paths(rule, path, [a!, b!], [c!, b!, a!])).toHaveLength(1);
    // Inside a set of blocks it is the block that differs.
    if (!path.includes('.') || path.startsWith('**.'))
      expect(diff(rule, path, [a!, b!], [c!, b!, a!]).differences[0]).toMatchObject({
        op: 'added',
        observed: JSON.stringify(c),
      });
  } else if ('equal' in treatment) {
    if (at.equal !== treatment.equal || at.elements !== null || at.skip !== null) return;
    const { same, different } = PAIRS[treatment.equal];
    const listed = at.order === 'set';
    for (const [one, other] of same)
      expect(paths(rule, path, listed ? [one] : one, listed ? [other] : other), `${one} = ${other}`).toEqual(
        [],
      );
    for (const [one, other] of different)
      expect(
        paths(rule, path, listed ? [one] : one, listed ? [other] : other),
        `${one} ≠ ${other}`,
      ).toHaveLength(1);
  } else if ('default' in treatment) {
    expect(paths(rule, path, null, treatment.default)).toEqual([]);
    expect(paths(rule, path, treatment.default, null)).toEqual([]);
    const other =
      typeof treatment.default === 'boolean'
        ? !treatment.default
        : typeof treatment.default === 'number'
          ? treatment.default + 7
          : 'other';
    expect(paths(rule, path, treatment.default, other)).toHaveLength(1);
    if (!at.optionalComputed) expect(paths(rule, path, null, other)).toHaveLength(1);
  } else if ('optionalComputed' in treatment) {
    expect(paths(rule, path, null, 'filled in')).toEqual([]);
    if (at.elements !== null || at.freeForm || at.equal !== null || at.coManaged !== null) return;
    const result = diff(rule, path, 'one', 'other');
    expect(result.differences).toHaveLength(1);
    expect(result.certainty).toBe('low');
  } else if ('freeForm' in treatment) {
    expect(
      paths(rule, path, { created_at: 'a', empty: '' }, { created_at: 'b' }).map((one) =>
        one.replace('[0]', ''),
      ),
    ).toEqual([
      `${shown.replace('tags_all', 'tags')}.created_at`,
      `${shown.replace('tags_all', 'tags')}.empty`,
    ]);
  } else if ('systemKeys' in treatment) {
    const reported = name === 'tags_all' ? 'tags' : name;
    const system = ['aws:created', 'kubernetes.io/cluster/c', 'goog-managed', 'created-by'].filter((key) =>
      new RegExp(treatment.systemKeys).test(key),
    );
    expect(system.length).toBeGreaterThan(0);
    const added = Object.fromEntries(system.map((key) => [key, 'x']));
    expect(paths(rule, path, { Name: 'a' }, { Name: 'a', ...added })).toEqual([]);
    expect(paths(rule, path, { Name: 'a' }, { Name: 'b' })).toEqual([`${reported}.Name`]);
  } else if ('coManaged' in treatment) {
    if (treatment.coManaged !== 'always' && treatment.coManaged.only !== undefined) {
      const { when } = treatment.coManaged;
      const versions = (from: string, to: string, on: boolean) =>
        diff(rule, path, from, to, { [when]: on }).ignoredBy;
      expect(versions('13.4', '13.7', true)).toBe(rule.name);
      expect(versions('13.4', '14.7', true)).toBeNull();
      expect(versions('13.7', '13.4', true)).toBeNull();
      expect(versions('13.4', '13.7', false)).toBeNull();
      return;
    }
    const ignored =
      treatment.coManaged === 'always'
        ? diff(rule, path, 3, 5)
        : diffWhenOn(rule, path, treatment.coManaged.when, true);
    expect(ignored.ignoredBy).toBe(rule.name);
    expect(ignored.differences).toHaveLength(1);
    if (treatment.coManaged !== 'always')
      expect(diffWhenOn(rule, path, treatment.coManaged.when, false).ignoredBy).toBeNull();
  } else if ('keyedBy' in treatment) {
    const key = treatment.keyedBy;
    expect(
      paths(
        rule,
        path,
        [
          { [key]: 'a', v: 'x' },
          { [key]: 'b', v: 'y' },
        ],
        [
          { [key]: 'b', v: 'y' },
          { [key]: 'a', v: 'x' },
        ],
      ),
    ).toEqual([]);
    expect(
      paths(
        rule,
        path,
        [
          { [key]: 'a', v: 'x' },
          { [key]: 'b', v: 'y' },
        ],
        [
          { [key]: 'b', v: 'z' },
          { [key]: 'a', v: 'x' },
        ],
      ),
    ).toEqual([`${shown}["b"].v`]);
  } else {
    expect(treatment.elements).toMatch(
      /security-group-rules|network-acl-entries|routes|subnets|security-rules/,
    );
  }
}

/** With its switch beside it, as `node_pool.auto_scale` stands beside `node_pool.node_count`. */
function diffWhenOn(rule: Rule, path: string, when: string, on: boolean) {
  const steps = path.split('.');
  const [first, ...rest] = when.split('.');
  if (steps.length === 1 && rest.length > 0)
    return diff(rule, path, 3, 5, { [first!]: [at(rest.join('.'), on ? 4 : null)] });
  const block = (number: number): JsonObject => ({ [steps.at(-1)!]: number, [when.split('.').at(-1)!]: on });
  const build = (number: number): JsonObject =>
    steps.length === 1 ? block(number) : { [steps[0]!]: [block(number)] };
  return compare({
    type: typeOf(rule),
    declared: build(3),
    observed: build(5),
    facts: null,
    configuration: null,
  });
}

describe('rules', () => {
  it('are named once each and say where they come from', () => {
    const names = RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { basis } of RULES) expect(basis).toMatch(/^([AGOPZ]\d+)( [AGOPZ]\d+)*$/);
  });

  for (const rule of RULES)
    it(`${rule.name} (${rule.basis}) does what it says on each of its paths`, () => {
      for (const path of rule.paths) prove(rule, path);
    });

  it('every equivalence takes its examples for the same, both ways where it has only a form, and no others', () => {
    for (const [name, { same, different }] of Object.entries(PAIRS)) {
      const { form, same: relation } = equivalence(name as EquivalenceName);
      const holds = (one: Json, other: Json): boolean =>
        relation?.(one, other) === true ||
        (form !== undefined && JSON.stringify(form(one)) === JSON.stringify(form(other)));
      for (const [one, other] of same) {
        expect(holds(one, other), `${name}: ${one} = ${other}`).toBe(true);
        if (relation === undefined) expect(holds(other, one), `${name}: ${other} = ${one}`).toBe(true);
      }
      for (const [one, other] of different)
        expect(holds(one, other), `${name}: ${one} ≠ ${other}`).toBe(false);
    }
  });

  it('server fields are told by their whole name, in every spelling', () => {
    for (const name of [
      'created_at',
      'createdAt',
      'creation_date',
      'creationTimestamp',
      'last_modified',
      'lastModifiedTime',
      'update_time',
      'modification_date',
      'etag',
      'fingerprint',
      'revision_id',
      'generation',
      'owner_id',
    ])
      expect(VOLATILE_NAME.test(name), name).toBe(true);
    for (const name of [
      'create',
      'updated',
      'date',
      'time',
      'not_created_at',
      'created_at_by',
      'update_policy',
      'peer_owner_id',
      'created_by',
      'tag',
      'etags',
    ])
      expect(VOLATILE_NAME.test(name), name).toBe(false);
  });
});
