// What is observed reads exactly like what is declared, and nothing secret can be read in either.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../schemas/index.ts';
import { type ExactObject, exactText, parseExact } from '../exact-json.ts';
import { type Declared, declare, hmac, only } from '../testing/declared.ts';
import { AWS, one, type ResourceSpec, type StateSpec, stateBytes } from '../testing/states.ts';
import { openStated, type StatedVersion } from './open.ts';

const SETTINGS = { org: 'default', bindings: [], hmac };

function open(bytes: Buffer, secrets: readonly string[] = []): StatedVersion {
  const steps = openStated(bytes, secrets, SETTINGS);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const declaredText = (declared: Declared, address: string): string => {
  const change = only('resource.declared', declared).find(
    ({ body }) => body.primary && body.address === address,
  );
  if (!change) throw new Error(`${address} is not declared`);
  return change.body.attributes;
};
const marked = (...path: (string | number)[]): JsonObject => ({
  sensitive_attributes: [
    path.map((value) =>
      typeof value === 'number'
        ? { type: 'index', value: { value, type: 'number' } }
        : { type: 'get_attr', value },
    ),
  ],
});
const state = (...resources: ResourceSpec[]): Buffer => stateBytes({ resources });
/** The state's own attributes, as a provider that changed nothing would answer them. */
function rawOf(bytes: Buffer, version: StatedVersion, address: string): string {
  const [{ attributes } = { attributes: null }] = version.instances([address], 'prod');
  if (attributes === null || 'flat' in attributes) throw new Error(`${address} has no attributes`);
  return exactText(parseExact(bytes.toString('utf8', ...attributes.at)));
}
const observed = (
  version: StatedVersion,
  address: string,
  attributes: ExactObject,
  ...paths: string[]
): string => version.observed(address, exactText(attributes), paths) ?? 'nothing';

describe('what equals the state', () => {
  const SECRETS = ['hunter2-hunter2', 'Tr0ub4dor&3x!', 'short', 'ünïcode-geheim "x"'];
  const secret = fc.constantFrom(...SECRETS);
  const name = fc.constantFrom(
    'a',
    'b',
    'password',
    'key',
    'tags',
    'value',
    'name',
    'type',
    'user_data',
    '0',
    '*',
  );
  const text = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constantFrom('', 'us-east-1', '{"password":"x"}', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln', '007'),
    secret,
    secret.map((s) => Buffer.from(`user:${s}`).toString('base64')),
    secret.map((s) => `before ${s} after`),
    secret.map((s) => JSON.stringify({ dsn: s })),
  );
  /** As it stands in the state: numbers by their digits. */
  const number = fc
    .oneof(
      fc.integer().map(String),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }).map(String),
      fc.constantFrom(
        '0.1',
        '1.5',
        '9007199254740993',
        '12345678901234567890.000000000000000000001',
        '1234567890',
      ),
    )
    .map((digits) => ({ $number: digits }));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      text,
      number,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4 }),
      tie('value').map((held) => ({ value: held, type: 'string' })),
    ),
  }));
  const path = fc.array(fc.oneof(name, fc.nat(2)), { minLength: 1, maxLength: 3 });
  const instance = fc.record({
    type: fc.constantFrom('terraform_data', 'aws_iam_access_key', 'aws_lambda_function', 'made_up'),
    attributes: fc.dictionary(name, value, { maxKeys: 5 }),
    marks: fc.array(path, { maxLength: 3 }),
    sensitive: fc.array(
      path.map((steps) => steps.filter((step) => typeof step === 'string').join('.')),
      { maxLength: 3 },
    ),
  });
  /** Numbers of any length cannot be made by JSON.stringify. */
  const written = (bytes: Buffer): Buffer =>
    Buffer.from(bytes.toString().replace(/\{\s*"\$number": "([^"]+)"\s*\}/g, '$1'));

  it('is observed in the text of its declaration, whatever is marked, copied or long (property)', () => {
    fc.assert(
      fc.property(
        fc.array(instance, { minLength: 1, maxLength: 4 }),
        fc.array(secret, { maxLength: 2 }),
        (instances, earlier) => {
          const resources = instances.map(({ type, attributes, marks }, i) =>
            one(type, `r${i}`, { id: `id-${i}`, ...attributes } as JsonObject, {
              sensitive_attributes: marks.map((steps) =>
                steps.map((step) =>
                  typeof step === 'number'
                    ? { type: 'index', value: { value: step, type: 'number' } }
                    : { type: 'get_attr', value: step },
                ),
              ),
            }),
          );
          const bytes = written(stateBytes({ resources }));
          const declared = declare(bytes, { rows: [], secrets: earlier });
          const version = open(bytes, declared.table.secrets);
          for (const [i, { type, sensitive }] of instances.entries()) {
            const address = `${type}.r${i}`;
            expect(version.observed(address, rawOf(bytes, version, address), sensitive)).toBe(
              declaredText(declared, address),
            );
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('is placed as it is declared: keys, ids and scopes', () => {
    const bytes = state(
      one('aws_s3_bucket', 'b', { id: 'logs', bucket: 'logs', arn: 'arn:aws:s3:::logs' }, { provider: AWS }),
      one(
        'aws_sqs_queue',
        'q',
        {
          id: 'https://sqs.us-east-1.amazonaws.com/123456789012/q',
          arn: 'arn:aws:sqs:us-east-1:123456789012:q',
          url: 'https://sqs.us-east-1.amazonaws.com/123456789012/q',
        },
        { provider: AWS, module: 'module.m["x"]' },
      ),
      one('aws_lambda_function', 'f', { id: 'f', function_name: 'f' }, { provider: AWS }),
      one('made_up', 'nameless', {}),
      one('terraform_data', 's', { id: '1', input: 'secret-in-the-id' }, marked('input')),
      one('terraform_data', 'i', { id: 'has secret-in-the-id' }),
    );
    const declared = only('resource.declared', declare(bytes)).filter(({ body }) => body.primary);
    const { instances, next } = open(bytes).page('prod', null, 100);
    expect(next).toBeNull();
    expect(
      instances.map(({ address, type, resourceId, objectKey, provider, account, region }) => ({
        address,
        type,
        resourceId,
        objectKey,
        provider,
        account,
        region,
      })),
    ).toEqual(
      declared
        .map(({ objectKey, body: { address, type, resourceId, provider, account, region } }) => ({
          address,
          type,
          resourceId,
          objectKey,
          provider,
          account,
          region,
        }))
        .sort((a, b) => (a.address < b.address ? -1 : 1)),
    );
  });
});

describe('what the provider holds secret and the state does not mark', () => {
  const bytes = state(
    one('made_up', 'a', {
      id: '1',
      pin: '4711',
      list: [{ pin: 'one1' }, { pin: 'two2' }],
      map: { k: { pin: 'x1' } },
    }),
  );
  const version = open(bytes);
  const at = (attributes: ExactObject): JsonObject =>
    JSON.parse(observed(version, 'made_up.a', attributes, 'pin', 'list.pin', 'map.pin')) as JsonObject;

  it('stays readable where it is what was declared, also at another place of its list', () => {
    expect(at({ id: '1', pin: '4711', list: [{ pin: 'two2' }, { pin: 'one1' }] })).toEqual({
      id: '1',
      pin: '4711',
      list: [{ pin: 'two2' }, { pin: 'one1' }],
    });
  });

  it('is a fingerprint where it is anything else', () => {
    expect(
      at({
        id: '1',
        pin: '4712',
        list: [{ pin: 'new0' }, { pin: 'one1' }],
        map: { k: { pin: 'y1' }, l: { pin: 'x1' } },
      }),
    ).toEqual({
      id: '1',
      pin: { $secret: hmac('4712') },
      list: [{ pin: { $secret: hmac('new0') } }, { pin: 'one1' }],
      map: { k: { pin: { $secret: hmac('y1') } }, l: { pin: 'x1' } },
    });
  });

  it('is hidden in its copies too, and nothing else is', () => {
    expect(at({ id: '1', pin: 'rotated-secret', note: 'uses rotated-secret', other: 'plain words' })).toEqual(
      {
        id: '1',
        pin: { $secret: hmac('rotated-secret') },
        note: { $secret: hmac('uses rotated-secret') },
        other: 'plain words',
      },
    );
    expect(at({ id: '1', pin: '4711', note: 'uses rotated-secret' })).toMatchObject({
      note: 'uses rotated-secret',
    });
  });
});

describe('a mark of the state', () => {
  it('follows its element to another index', () => {
    const version = open(
      state(
        one(
          'made_up',
          'a',
          {
            id: '1',
            users: [
              { name: 'ann', pin: '1111' },
              { name: 'bob', pin: '2222' },
            ],
          },
          marked('users', 0, 'pin'),
        ),
      ),
    );
    const users = [
      { name: 'new', pin: '3333' },
      { name: 'ann', pin: '1111' },
      { name: 'bob', pin: '2222' },
    ];
    expect(JSON.parse(observed(version, 'made_up.a', { id: '1', users }))).toEqual({
      id: '1',
      users: [
        { name: 'new', pin: { $secret: hmac('3333') } },
        { name: 'ann', pin: { $secret: hmac('1111') } },
        { name: 'bob', pin: '2222' },
      ],
    });
  });

  it('of one instance hides its copies in what is observed of another, and in what earlier versions knew', () => {
    const bytes = state(
      one('made_up', 'a', { id: '1', pin: 'marked-somewhere' }, marked('pin')),
      one('made_up', 'b', { id: '2', note: 'nothing' }),
    );
    const version = open(bytes, ['known-from-before']);
    expect(
      observed(version, 'made_up.b', { id: '2', note: 'has marked-somewhere', old: 'a known-from-before b' }),
    ).toBe(
      `{"id":"2","note":{"$secret":"${hmac('has marked-somewhere')}"},"old":{"$secret":"${hmac('a known-from-before b')}"}}`,
    );
  });
});

describe('instances', () => {
  const spec: StateSpec = {
    resources: [
      {
        type: 'made_up',
        name: 'many',
        instances: [10, 9, 1].map((index) => ({ index, attributes: { id: `${index}` } })),
      },
      {
        type: 'made_up',
        name: 'old',
        instances: [{ attributes: null, more: { attributes_flat: { id: '7', 'tags.%': '0', bad: null } } }],
      },
      {
        type: 'made_up',
        name: 'replaced',
        instances: [
          {
            attributes: { id: 'new' },
            more: { private: Buffer.from('{"t":1}').toString('base64'), schema_version: 3 },
          },
          { attributes: { id: 'gone' }, more: { deposed: '1a2b3c4d' } },
        ],
      },
      { ...one('made_up', 'read', { id: 'd' }), mode: 'data' },
    ],
  };
  const bytes = Buffer.from(
    stateBytes(spec).toString().replace('"id": "new"', '"id" :  "new",  "n": 1.50, "e": "\\u00e9"'),
  );
  const version = open(bytes);

  it('have their attributes byte for byte', () => {
    const [instance] = version.instances(['made_up.replaced'], 'prod');
    const { at } = instance!.attributes as { at: [number, number] };
    expect(bytes.toString('utf8', ...at)).toMatch(
      /^\{\s*"id" : {2}"new", {2}"n": 1\.50, "e": "\\u00e9"\s*\}$/,
    );
    expect(instance).toMatchObject({ schemaVersion: 3, private: Buffer.from('{"t":1}').toString('base64') });
  });

  it('of Terraform 0.11 have their texts', () => {
    expect(version.instances(['made_up.old'], 'prod')).toMatchObject([
      { attributes: { flat: { id: '7', 'tags.%': '0' } }, private: null },
    ]);
  });

  it('come page by page in the order of addresses, without deposed ones and data sources', () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: ReturnType<StatedVersion['page']> = version.page('prod', after, 2);
      seen.push(...page.instances.map(({ address }) => address));
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual([
      'made_up.many[10]',
      'made_up.many[1]',
      'made_up.many[9]',
      'made_up.old',
      'made_up.replaced',
    ]);
    expect(version.page('prod', 'made_up.many[2]', 1).instances[0]?.address).toBe('made_up.many[9]');
  });

  it('that are not there are left out', () => {
    expect(version.instances(['made_up.none', 'made_up.read', 'made_up.many[1]'], 'prod')).toHaveLength(1);
    expect(version.observed('made_up.none', '{}', [])).toBeNull();
  });
});
