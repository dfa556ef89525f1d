// Comparing by what a provider's schema says, for types that no rule names.
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import { compare } from './compare.ts';
import type { Comparison, Configured } from './comparison.ts';

const TYPE = 'acme_thing';
const facts = (some: Partial<TypeFacts> = {}): TypeFacts => ({
  computed: [],
  optionalComputed: [],
  sets: [],
  maps: [],
  blocks: [],
  sensitive: [],
  writeOnly: [],
  ...some,
});
const run = (
  some: Partial<TypeFacts>,
  declared: JsonObject,
  observed: JsonObject,
  configuration: Configured | null = null,
  type = TYPE,
): Comparison => compare({ type, declared, observed, facts: facts(some), configuration });
const paths = (...args: Parameters<typeof run>): string[] => run(...args).differences.map((one) => one.path);
const sets = (known: boolean | undefined): Configured => ({ sets: () => known, ignores: () => false });

describe('comparing by the schema alone', () => {
  it('never compares what is computed and not optional, at any depth', () => {
    const some = { computed: ['status', 'disk.device', 'computed_blocks'], blocks: ['disk'] };
    expect(
      paths(
        some,
        { status: 'a', size: 1, disk: [{ device: 'x', size: 1 }], computed_blocks: [{ a: 1 }] },
        { status: 'b', size: 2, disk: [{ device: 'y', size: 3 }], computed_blocks: [] },
      ),
    ).toEqual(['size', 'disk[0].size']);
    const inSet = { computed: ['disk.device'], blocks: ['disk'], sets: ['disk'] };
    expect(
      paths(
        inSet,
        {
          disk: [
            { device: 'a', size: 1 },
            { device: 'b', size: 2 },
          ],
        },
        {
          disk: [
            { device: 'c', size: 2 },
            { device: 'd', size: 1 },
          ],
        },
      ),
    ).toEqual([]);
  });

  it('compares sets as multisets: attributes, blocks, sets inside blocks, sets inside sets', () => {
    const some = {
      sets: ['names', 'rule', 'list.ports', 'rule.ports', 'rule.inner', 'rule.inner.ids'],
      blocks: ['rule', 'list', 'rule.inner'],
    };
    const declared = {
      names: ['a', 'b', 'b'],
      list: [{ ports: [1, 2] }],
      rule: [
        { name: 'x', ports: [1, 2], inner: [{ ids: ['p', 'q'] }, { ids: ['r'] }] },
        { name: 'y', ports: [], inner: [] },
      ],
    };
    const observed = {
      names: ['b', 'a', 'b'],
      list: [{ ports: [2, 1] }],
      rule: [
        { name: 'y', ports: null, inner: null },
        { name: 'x', ports: [2, 1], inner: [{ ids: ['r'] }, { ids: ['q', 'p'] }] },
      ],
    };
    expect(paths(some, declared, observed)).toEqual([]);
    expect(paths(some, declared, { names: ['a', 'b'] })).toEqual(['names']);
    expect(paths(some, declared, { list: [{ ports: [2, 3] }] })).toEqual(['list[0].ports']);
    const other = structuredClone(observed);
    other.rule[1]!.inner![1]!.ids = ['q', 'z'];
    expect(run(some, declared, other).differences).toMatchObject([
      {
        path: 'rule',
        op: 'changed',
        declared: expect.stringContaining('"p"'),
        observed: expect.stringContaining('"z"'),
      },
    ]);
    expect(paths({}, { names: ['a', 'b'] }, { names: ['b', 'a'] })).toEqual(['names']);
  });

  it('takes an empty nested block for none, also one of nothing but empty values', () => {
    const some = { blocks: ['b', 'b.c'], computed: ['b.id'] };
    const pairs: [Json, Json][] = [
      [[], null],
      [null, []],
      [[], [{ a: null, c: [], id: 'x' }]],
      [[{ a: '', c: null, id: 'x' }], []],
    ];
    for (const [declared, observed] of pairs)
      expect(paths(some, { b: declared }, { b: observed }), JSON.stringify([declared, observed])).toEqual([]);
    expect(paths(some, { b: [] }, { b: [{ a: false }] })).toEqual(['b']);
    expect(paths(some, { b: [] }, { b: [{ a: 0 }] })).toEqual(['b']);
  });

  it('does not compare an unset Optional+Computed value, in attributes, blocks and elements of sets', () => {
    const some = {
      optionalComputed: ['size', 'disk.kind', 'rule.note', 'root.kind'],
      blocks: ['disk', 'rule', 'root'],
      sets: ['rule'],
    };
    expect(paths(some, { size: null }, { size: 3 })).toEqual([]);
    expect(paths(some, { disk: [{ kind: '' }] }, { disk: [{ kind: 'ssd' }] })).toEqual([]);
    expect(
      paths(
        some,
        {
          rule: [
            { port: 1, note: null },
            { port: 2, note: 'mine' },
          ],
        },
        {
          rule: [
            { port: 2, note: 'mine' },
            { port: 1, note: 'filled in' },
          ],
        },
      ),
    ).toEqual([]);
    expect(
      run(
        some,
        {
          rule: [
            { port: 1, note: null },
            { port: 2, note: 'mine' },
          ],
        },
        {
          rule: [
            { port: 2, note: 'theirs' },
            { port: 1, note: 'filled in' },
          ],
        },
      ).differences,
    ).toMatchObject([
      { path: 'rule', declared: '{"note":"mine","port":2}', observed: '{"note":"theirs","port":2}' },
    ]);
    expect(paths(some, { root: [] }, { root: [{ kind: 'ssd' }] })).toEqual([]);
    expect(paths(some, { disk: [] }, { disk: [{ kind: 'ssd', size: 4 }] })).toEqual(['disk']);
  });

  it('is sure of an Optional+Computed difference only where the configuration is known to set it', () => {
    const some = { optionalComputed: ['size', 'block.size'], blocks: ['block'] };
    expect(run(some, { size: 1 }, { size: 2 })).toMatchObject({
      certainty: 'low',
      differences: [{ configured: null }],
    });
    expect(run(some, { size: 1 }, { size: 2 }, sets(undefined)).certainty).toBe('low');
    expect(run(some, { size: 1 }, { size: 2 }, sets(true))).toMatchObject({
      certainty: 'high',
      differences: [{ configured: true }],
    });
    expect(run(some, { size: 1 }, { size: 2 }, sets(false)).differences).toEqual([]);
    expect(run(some, { block: [{ size: 1 }] }, { block: [{ size: 2 }] }).certainty).toBe('low');
    // Not left to the provider: what is not configured and yet there was put there by someone.
    expect(run(some, { note: null }, { note: 'x' }, sets(false))).toMatchObject({
      certainty: 'high',
      differences: [{ configured: false }],
    });
  });

  it('knows maps: every key counts, and an empty value is not an absent one', () => {
    const some = { maps: ['settings', 'by_name'], computed: ['by_name.id'] };
    expect(
      paths(
        some,
        { settings: { a: '', created_at: 'x', 'k/e.y': '1' } },
        { settings: { created_at: 'y', 'k/e.y': '2' } },
      ),
    ).toEqual(['settings.a', 'settings.created_at', 'settings["k/e.y"]']);
    expect(
      paths(some, { by_name: { one: { id: 'a', size: 1 } } }, { by_name: { one: { id: 'b', size: 1 } } }),
    ).toEqual([]);
    expect(
      paths(
        some,
        { by_name: { one: { id: 'a', size: 1 } } },
        { by_name: { one: { id: 'b', size: 2 }, two: { size: 1 } } },
      ),
    ).toEqual(['by_name.one.size', 'by_name.two']);
  });

  it('compares a value that only a user can set, whatever its name', () => {
    expect(paths({}, { owner_id: 'a', name: 'x' }, { owner_id: 'b', name: 'y' })).toEqual([
      'owner_id',
      'name',
    ]);
    expect(run({}, { name: 'x' }, { name: 'y' }).certainty).toBe('high');
    expect(paths({ optionalComputed: ['owner_id'] }, { owner_id: 'a' }, { owner_id: 'b' })).toEqual([]);
  });

  it('compares sensitive values by fingerprint, tells one that came or went, and never a plain one', () => {
    const [a, b] = [{ $secret: 'aa' }, { $secret: 'bb' }];
    const some = { sensitive: ['token', 'made'], optionalComputed: ['made'] };
    expect(paths(some, { token: a }, { token: { ...a } })).toEqual([]);
    expect(paths(some, { token: a }, { token: b })).toEqual(['token']);
    expect(run(some, { token: a }, { token: null }).differences).toMatchObject([
      { path: 'token', op: 'removed' },
    ]);
    expect(run(some, { token: null }, { token: a }).differences).toMatchObject([
      { path: 'token', op: 'added' },
    ]);
    expect(paths(some, { made: null }, { made: a })).toEqual([]);
    for (const plain of ['planted', ['planted'], { k: 'planted' }])
      for (const [declared, observed] of [
        [a, plain],
        [plain, a],
        [null, plain],
        [plain, null],
        ['other', plain],
      ] as const) {
        const result = run(some, { token: declared }, { token: observed });
        expect(result.unverifiable, JSON.stringify([declared, observed])).toEqual(['token']);
        expect(JSON.stringify(result)).not.toContain('planted');
      }
  });

  it('leaves write-only attributes out, and says so where they are set', () => {
    const some = { writeOnly: ['password_wo'] };
    expect(run(some, { password_wo: null }, { password_wo: null })).not.toHaveProperty('unverifiable');
    expect(run(some, { password_wo: null }, { password_wo: null }, sets(true))).toMatchObject({
      differences: [],
      unverifiable: ['password_wo'],
    });
    expect(run(some, { password_wo: 'x' }, { password_wo: 'y' })).toMatchObject({
      differences: [],
      unverifiable: ['password_wo'],
    });
  });

  it('does not compare what the state never heard of, as after a newer provider version', () => {
    const some = { blocks: ['b'], sets: ['s'] };
    const declared = { b: [{ a: 1 }], s: [{ a: 1 }] };
    expect(
      paths({ blocks: ['b', 's'], sets: ['s'] }, declared, {
        fresh: false,
        b: [{ a: 1, fresh: 0 }],
        s: [{ a: 1, fresh: 'x' }],
      }),
    ).toEqual([]);
    expect(paths(some, { fresh: null }, { fresh: false })).toEqual(['fresh']);
    expect(paths(some, {}, { fresh: false }, sets(true))).toEqual(['fresh']);
  });

  it('lets rules win where they speak: a default, a set by rule, an equivalence, a co-manager', () => {
    const queue = (declared: JsonObject, observed: JsonObject): string[] =>
      paths({}, declared, observed, null, 'aws_sqs_queue');
    expect(queue({ delay_seconds: null }, { delay_seconds: 0 })).toEqual([]);
    expect(queue({ redrive_policy: '{"a":1,"b":2}' }, { redrive_policy: '{"b":2,"a":1}' })).toEqual([]);
    expect(paths({}, { subnets: ['a', 'b'] }, { subnets: ['b', 'a'] }, null, 'aws_lb')).toEqual([]);
    expect(
      run({}, { desired_capacity: 1 }, { desired_capacity: 2 }, null, 'aws_autoscaling_group').ignoredBy,
    ).toBe('aws.co-managed.autoscaling-capacity');
    expect(
      run({}, { user_data: 'a', monitoring: true }, { monitoring: false }, null, 'aws_instance'),
    ).toMatchObject({
      certainty: 'low',
    });
  });
});
