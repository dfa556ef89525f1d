import { describe, expect, it } from 'vitest';
import { typeFactsOf } from '../../../schemas/type-facts.ts';
import { ExactNumber } from '../exact-json.ts';
import { type Attribute, type Block, typeOfBlock } from '../plugin/values/schema.ts';
import { BOOL, NUMBER, STRING, type Type } from '../plugin/values/type.ts';
import { UNKNOWN } from '../plugin/values/value.ts';
import { stateForm } from './answered.ts';
import { standingOf } from './callers.ts';
import { factsOf } from './facts.ts';

const attribute = (name: string, of: Attribute['of'], more: Partial<Attribute> = {}): Attribute => ({
  name,
  of,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  writeOnly: false,
  deprecated: false,
  ...more,
});
const block = (attributes: Attribute[], blocks: Block['blocks'] = []): Block => ({
  attributes,
  blocks,
  deprecated: false,
});
const set = (element: Type): Type => ({ kind: 'set', element });
const object = (attributes: Record<string, Type>): Type => ({ kind: 'object', attributes, optional: [] });

describe("what a provider's schema says of a type", () => {
  const schema = {
    version: 2,
    block: block(
      [
        attribute('arn', STRING, { optional: false, computed: true }),
        attribute('zone', STRING, { computed: true }),
        attribute('tags', { kind: 'map', element: STRING }),
        attribute('ports', set(NUMBER)),
        attribute('rules', { kind: 'list', element: object({ cidrs: set(STRING), on: BOOL }) }),
        attribute('password', STRING, { sensitive: true }),
        attribute('password_wo', STRING, { writeOnly: true, sensitive: true }),
        attribute('nested', {
          kind: 'nested',
          nesting: 'set',
          attributes: [attribute('made', STRING, { optional: false, computed: true })],
        }),
        attribute('named', {
          kind: 'nested',
          nesting: 'map',
          attributes: [attribute('key', STRING, { sensitive: true })],
        }),
      ],
      [
        {
          name: 'ingress',
          nesting: 'set',
          minItems: 0,
          maxItems: 0,
          block: block(
            [attribute('id', STRING, { optional: false, computed: true })],
            [
              {
                name: 'auth',
                nesting: 'list',
                minItems: 0,
                maxItems: 1,
                block: block([attribute('token', STRING, { sensitive: true })]),
              },
            ],
          ),
        },
      ],
    ),
  };

  it('stands under paths without indices, nested attributes and blocks alike', () => {
    expect(factsOf(schema)).toEqual({
      computed: ['arn', 'nested.made', 'ingress.id'],
      optionalComputed: ['zone'],
      sets: ['ports', 'rules.cidrs', 'nested', 'ingress'],
      maps: ['tags', 'named'],
      blocks: ['ingress', 'ingress.auth'],
      sensitive: ['password', 'password_wo', 'named.key', 'ingress.auth.token'],
      writeOnly: ['password_wo'],
    });
    expect(typeOfBlock(schema.block).kind).toBe('object');
  });

  it('is what readers of the event understand', () => {
    expect(typeFactsOf(JSON.stringify(factsOf(schema)))).toEqual(factsOf(schema));
  });
});

describe("a provider's answer", () => {
  it('takes the form of the state: numbers lose no digit, nothing is left out', () => {
    const long = new ExactNumber('123456789012345678901');
    expect(stateForm({ a: null, b: [1, { c: long }], d: {} })).toEqual({
      a: null,
      b: [1, { c: long }],
      d: {},
    });
  });
  it('that holds what only an apply would decide is told by path', () => {
    expect(() => stateForm({ a: [{ b: UNKNOWN }] })).toThrow(/a\[0\]\.b/);
  });
});

describe('whether not finding it proves anything', () => {
  const plain = { version: 0, block: block([attribute('id', STRING, { optional: false, computed: true })]) };
  const own = (name: string) => ({ version: 0, block: block([attribute(name, STRING, { computed: true })]) });
  const at = { account: '1', region: 'r', configuredRegion: 'r', inDirectory: false };
  it.each([
    ['aws', { account: '1', region: 'r' }, at, plain, 'verified'],
    ['aws', { account: '2', region: 'r' }, at, plain, 'wrong-account'],
    ['aws', { account: '1', region: 's' }, at, plain, 'wrong-region'],
    ['aws', { account: '1', region: 's' }, { ...at, region: null }, plain, 'wrong-region'],
    ['aws', { account: '1', region: 's' }, { ...at, configuredRegion: null }, plain, 'wrong-region'],
    // Its own `region` says where it is looked for (aws 6).
    ['aws', { account: '1', region: 's' }, at, own('region'), 'verified'],
    ['aws', { account: '1', region: 'r' }, { ...at, account: null }, plain, 'unverified'],
    [
      'aws',
      { account: '1', region: 'r' },
      { account: '1', region: null, configuredRegion: null, inDirectory: false },
      plain,
      'unverified',
    ],
    ['aws', { account: '1', region: null }, at, plain, 'unverified'],
    ['aws', { account: null, region: 'r' }, at, plain, 'unverified'],
    ['aws', null, at, plain, 'unverified'],
    ['google', { account: 'p', region: null }, { ...at, account: 'q' }, plain, 'wrong-account'],
    ['google', { account: 'p', region: null }, { ...at, account: 'q' }, own('project'), 'verified'],
    ['azurerm', { account: '1', region: null }, at, plain, 'verified'],
    ['digitalocean', { account: '1', region: null }, { ...at, account: null }, plain, 'unverified'],
    ['random', null, at, plain, 'verified'],
    ['local', null, { ...at, inDirectory: true }, plain, 'verified'],
    // A relative path starts where Terraform runs: anywhere else, not found proves nothing.
    ['local', null, at, plain, 'unverified'],
    ['somebody', { account: '1', region: 'r' }, at, plain, 'unverified'],
    ['constructor', { account: '1', region: 'r' }, at, plain, 'unverified'],
  ] as const)('%s, by %j, expected %j: %s', (name, caller, expected, schema, comes) => {
    const standing = standingOf(caller, expected, name, schema);
    expect(standing.kind === 'wrong' ? standing.code : standing.kind).toBe(comes);
  });
});
