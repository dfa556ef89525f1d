// Random policies: any other spelling is the same policy, any one change of meaning is another.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { samePolicy } from './policy.ts';

const ACCOUNTS = ['123456789012', '210987654321', '555555555555'];
const some = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.uniqueArray(values, { minLength: 1, maxLength: 3 });
const actions = some(
  fc.constantFrom('s3:GetObject', 's3:PutObject', 's3:*', 'iam:PassRole', 'sqs:SendMessage'),
);
const resources = some(fc.constantFrom('*', 'arn:aws:s3:::a', 'arn:aws:s3:::a/*', 'arn:aws:s3:::B'));
const principals = fc.oneof(
  fc.constant<JsonObject | '*'>('*'),
  fc
    .record(
      {
        AWS: some(fc.constantFrom(...ACCOUNTS, 'arn:aws:iam::123456789012:role/r')),
        Service: some(fc.constantFrom('ec2.amazonaws.com', 'lambda.amazonaws.com')),
      },
      { requiredKeys: ['AWS'] },
    )
    .map((kinds): JsonObject => kinds),
);
const conditions = fc.dictionary(
  fc.constantFrom('StringEquals', 'Bool', 'ForAnyValue:StringLike'),
  fc.dictionary(
    fc.constantFrom('aws:SourceArn', 'aws:SecureTransport', 's3:prefix'),
    some(fc.constantFrom('true', '5', 'x', 'y*')),
    {
      minKeys: 1,
      maxKeys: 2,
    },
  ),
  { minKeys: 1, maxKeys: 2 },
);

interface Statement {
  sid: string;
  effect: 'Allow' | 'Deny';
  negatedAction: boolean;
  negatedResource: boolean;
  actions: string[];
  resources: string[];
  principal: JsonObject | '*';
  condition: Record<string, Record<string, string[]>> | undefined;
}
const statements: fc.Arbitrary<Statement[]> = fc.uniqueArray(
  fc.record({
    sid: fc.constantFrom('', 'One', 'Two'),
    effect: fc.constantFrom('Allow', 'Deny'),
    negatedAction: fc.boolean(),
    negatedResource: fc.boolean(),
    actions,
    resources,
    principal: principals,
    condition: fc.option(conditions, { nil: undefined }),
  }),
  { minLength: 1, maxLength: 4, selector: (statement) => JSON.stringify(plain(statement)) },
);

/** A statement as it would be written without any thought. */
function plain(one: Statement): JsonObject {
  return {
    ...(one.sid === '' ? {} : { Sid: one.sid }),
    Effect: one.effect,
    [one.negatedAction ? 'NotAction' : 'Action']: [...one.actions].sort(),
    [one.negatedResource ? 'NotResource' : 'Resource']: [...one.resources].sort(),
    Principal: one.principal,
    ...(one.condition ? { Condition: one.condition } : {}),
  };
}
const written = (all: Statement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: all.map(plain) });

/** Chooses as the numbers tell it, over and over. */
function chooser(numbers: number[]): (below: number) => number {
  let at = 0;
  return (below) => numbers[at++ % numbers.length]! % below;
}
type Choose = (below: number) => number;

function shuffled<T>(values: T[], choose: Choose): T[] {
  const left = [...values];
  const out: T[] = [];
  while (left.length > 0) out.push(...left.splice(choose(left.length), 1));
  return out;
}
/** A list as list, as the one value it holds, with something said twice, with values that are no texts. */
function list(values: string[], choose: Choose, spell: (text: string) => Json = (text) => text): Json {
  const out = shuffled(values, choose).map(spell);
  if (out.length === 1 && choose(2) === 0) return out[0]!;
  return choose(3) === 0 ? [...out, out[0]!] : out;
}
const cased = (text: string, choose: Choose): string =>
  choose(2) === 0 ? text.toUpperCase() : choose(2) === 0 ? text.toLowerCase() : text;
const object = (members: [string, Json][], choose: Choose): JsonObject =>
  Object.fromEntries(shuffled(members, choose));

/** The same policy in another spelling. */
function respelled(all: Statement[], choose: Choose): string {
  const account = (id: string): Json =>
    /^\d{12}$/.test(id) && choose(2) === 0 ? `arn:aws:iam::${id}:root` : id;
  const of = (one: Statement): JsonObject => {
    const members: [string, Json][] = [
      ['Effect', cased(one.effect, choose)],
      [one.negatedAction ? 'NotAction' : 'Action', list(one.actions, choose, (text) => cased(text, choose))],
      [one.negatedResource ? 'NotResource' : 'Resource', list(one.resources, choose)],
      [
        'Principal',
        one.principal === '*'
          ? choose(2) === 0
            ? '*'
            : { AWS: choose(2) === 0 ? '*' : ['*'] }
          : object(
              Object.entries(one.principal).map(([kind, members]) => [
                kind,
                list(members as string[], choose, kind === 'AWS' ? account : undefined),
              ]),
              choose,
            ),
      ],
    ];
    if (one.sid !== '') members.push(['Sid', one.sid]);
    else if (choose(3) === 0) members.push(['Sid', choose(2) === 0 ? '' : '7']);
    if (one.condition)
      members.push([
        'Condition',
        object(
          Object.entries(one.condition).map(([operator, keys]) => [
            cased(operator, choose),
            object(
              Object.entries(keys).map(([key, values]) => [
                cased(key, choose),
                list(values, choose, (value) =>
                  choose(2) === 0 && (value === 'true' || value === '5')
                    ? (JSON.parse(value) as Json)
                    : value,
                ),
              ]),
              choose,
            ),
          ]),
          choose,
        ),
      ]);
    else if (choose(3) === 0) members.push(['Condition', {}]);
    return object(members, choose);
  };
  const body = shuffled(all, choose).map(of);
  const document = object(
    [
      ['Version', '2012-10-17'],
      ['Statement', body.length === 1 && choose(2) === 0 ? body[0]! : body],
    ],
    choose,
  );
  const text = JSON.stringify(document, null, choose(3));
  return choose(3) === 0 ? encodeURIComponent(text) : text;
}

const foreign = (principal: JsonObject | '*'): JsonObject =>
  principal === '*' ? { Service: '*' } : { ...principal, Federated: 'accounts.example.com' };

/** One change of meaning in one statement; each gives a statement that the original does not have. */
const CHANGES: ((one: Statement) => Statement)[] = [
  (one) => ({ ...one, effect: one.effect === 'Allow' ? 'Deny' : 'Allow' }),
  (one) => ({ ...one, actions: [...one.actions, 'kms:Decrypt'] }),
  (one) => ({ ...one, actions: ['kms:Decrypt', ...one.actions.slice(1)] }),
  (one) => ({ ...one, negatedAction: !one.negatedAction }),
  (one) => ({ ...one, resources: [...one.resources, 'arn:aws:s3:::another'] }),
  (one) => ({ ...one, negatedResource: !one.negatedResource }),
  (one) => ({ ...one, sid: 'Three' }),
  (one) => ({ ...one, principal: { AWS: '999999999999' } }),
  (one) => ({ ...one, principal: { CanonicalUser: '123456789012' } }),
  (one) => ({
    ...one,
    principal: foreign(one.principal),
  }),
  (one) => ({ ...one, condition: { ...one.condition, IpAddress: { 'aws:SourceIp': ['10.0.0.0/8'] } } }),
  (one) => {
    const [operator, keys] = Object.entries(one.condition ?? {})[0] ?? ['Bool', {}];
    return { ...one, condition: { ...one.condition, [operator]: { ...keys, 'aws:added': ['z'] } } };
  },
];

describe('random policies', () => {
  const numbers = fc.array(fc.nat(1_000), { minLength: 30, maxLength: 60 });

  it('in any other spelling are the same', () => {
    fc.assert(
      fc.property(statements, numbers, (all, chosen) => {
        expect(samePolicy(written(all), respelled(all, chooser(chosen)))).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('with one change of meaning, in any spelling, are others', () => {
    fc.assert(
      fc.property(statements, numbers, fc.nat(), fc.nat(), (all, chosen, which, what) => {
        const changed = [...all];
        changed[which % all.length] = CHANGES[what % CHANGES.length]!(all[which % all.length]!);
        expect(samePolicy(written(all), respelled(changed, chooser(chosen)))).toBe(false);
        expect(samePolicy(respelled(changed, chooser(chosen)), written(all))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('with one statement fewer, or another version, are others', () => {
    fc.assert(
      fc.property(statements, numbers, (all, chosen) => {
        const text = respelled(all, chooser(chosen));
        expect(samePolicy(written(all.slice(1)), text)).toBe(false);
        expect(samePolicy(written(all).replace('2012', '2008'), text)).toBe(false);
      }),
    );
  });
});
