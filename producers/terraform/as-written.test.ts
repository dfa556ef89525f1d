// The short ways of writing give what the long ones give.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonical, fingerprintOfCanonical, type Json } from '../../schemas/index.ts';
import { inOrder, parseExact, toJsonObject } from './exact-json.ts';
import { createRedactor, KnownSecrets } from './redact.ts';
import { declare, hmac } from './testing/declared.ts';
import { AWS, one, stateBytes } from './testing/states.ts';

const SECRETS = ['correct horse', 'p@ss"w\\o<r>d&\n1', 'Zürich-geheim-ß', 'half \ud83d', '1234567890'];
const names = fc.constantFrom(
  ...[
    'id',
    'name',
    'value',
    'key',
    'password',
    'user_data',
    'tags',
    'Zone',
    '10',
    '9',
    '__proto__',
    'ß',
    'a"b',
  ],
  ...['password_hash_of_correct horse', `ghp_${'a1B2'.repeat(9)}`],
);
const texts = fc.oneof(
  fc.constantFrom('', 'eu-west-1', 'short', 'H4sIAAAAAAAA', 'a "quoted"\n\\ text', '😀 and \ud83d alone'),
  fc
    .constantFrom(...SECRETS)
    .chain((secret) =>
      fc.constantFrom(
        secret,
        `in ${secret}, too`,
        JSON.stringify({ dsn: secret }),
        JSON.stringify(JSON.stringify({ dsn: secret })),
        JSON.stringify(JSON.stringify(JSON.stringify({ dsn: secret }))),
        JSON.stringify({ password: 'tr0ub4dor&3' }),
        Buffer.from(secret).toString('base64'),
        `postgres://u:${encodeURIComponent(secret.toWellFormed())}@h/x`,
      ),
    ),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    texts,
    fc.constantFrom<Json>(null, true, 0, -1.5, 1e21, 1234567890, 12345678901),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((members) => Object.fromEntries(members)),
  ),
}));
const attributes = fc
  .array(fc.tuple(names, value), { maxLength: 8 })
  .map((members) => parseExact(JSON.stringify(Object.fromEntries(members))));

it('what is put in order is canonical when it is written (property)', () => {
  fc.assert(
    fc.property(attributes, (made) => {
      const ordered = inOrder(made);
      if (ordered !== undefined)
        expect(JSON.stringify(ordered)).toBe(canonical(toJsonObject(made as Record<string, never>)));
    }),
    { numRuns: 500 },
  );
});

it('names that are numbers, and what is no member, are never put in order by half', () => {
  expect(inOrder(parseExact('{"b":{"10":1,"9":2},"a":1}'))).toBeUndefined();
  expect(inOrder(parseExact('{"b":1,"10":2}'))).toEqual({ 10: 2, b: 1 });
  expect(inOrder(parseExact('{"z":1,"__proto__":{"a":1}}'))).toBeUndefined();
  expect(inOrder(parseExact('{"z":1,"a":12345678901234567890}'))).toBeUndefined();
});

it('attributes that need not be looked through are written as if they were (property)', () => {
  let short = 0;
  fc.assert(
    fc.property(fc.array(attributes, { maxLength: 4 }), fc.subarray(SECRETS), (all, marked) => {
      const known = new KnownSecrets();
      for (const secret of marked) known.collectMarked(secret);
      const instances = all.map((made) => {
        const object = made as Record<string, never>;
        return { object, toWrite: known.collect('aws_instance', object, null) };
      });
      const redactor = createRedactor(known, hmac);
      for (const { object, toWrite } of instances) {
        if (toWrite !== 'looked-through') short++;
        expect(redactor.write('aws_instance', object, null, toWrite)).toBe(
          redactor.write('aws_instance', object, null),
        );
      }
    }),
    { numRuns: 1_500 },
  );
  expect(short).toBeGreaterThan(300);
});

it('a declaration is told from another by its canonical text', () => {
  const { changes } = declare(
    stateBytes({
      resources: [
        one(
          'aws_instance',
          'a',
          { id: 'i-0123456789abcdef0', root_block_device: [{ volume_id: 'vol-0123456789abcdef0' }] },
          { provider: AWS },
        ),
      ],
    }),
  );
  const [own, further] = changes;
  if (own?.type !== 'resource.declared' || further?.type !== 'resource.declared')
    throw new Error('not declared');
  const { attributes: text, primary: _, serial: __, previousAddress: ___, ...rest } = own.body;
  const same = canonical({ ...rest, ownKey: own.objectKey });
  expect(own.fingerprint).toEqual(fingerprintOfCanonical(`${same}${text}`));
  const belongs = fingerprintOfCanonical(`${same}{}`).toString('hex');
  expect(further.fingerprint).toEqual(fingerprintOfCanonical(canonical([belongs, false, null])));
});
