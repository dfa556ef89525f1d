import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../schemas/index.ts';
import { redactAttributes } from './redact.ts';
import { createSearch } from './search.ts';
import { looksRandom, nameSays } from './secrets.ts';
import { attributesAt, declare, hmac } from './testing/declared.ts';
import { AWS, one, type ResourceSpec, stateBytes } from './testing/states.ts';

const state = (resources: ResourceSpec[], outputs: JsonObject = {}): Buffer =>
  stateBytes({ resources, outputs });
const said = (bytes: Buffer): string => JSON.stringify(declare(bytes).changes);
const marked = (...path: string[]): JsonObject => ({
  sensitive_attributes: [path.map((value) => ({ type: 'get_attr', value }))],
});
const secretOf = (value: string): Json => ({ $secret: hmac(value) });

/** As Go writes it: what HTML would read is escaped. */
const jsonencode = (value: Json): string =>
  JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e').replaceAll('&', '\\u0026');

/** What Terraform's functions make of a secret, alone and inside other text. */
const COPIES: Record<string, (secret: string) => string> = {
  itself: (s) => s,
  'inside a sentence': (s) => `before ${s} after`,
  'base64encode()': (s) => Buffer.from(s).toString('base64'),
  'base64 of a longer text': (s) => Buffer.from(`user:${s}@host`).toString('base64'),
  'base64 after one more character': (s) => Buffer.from(`xuser:${s}@host`).toString('base64'),
  'base64 after two more characters': (s) => Buffer.from(`xyuser:${s}`).toString('base64'),
  'base64url of a longer text': (s) => Buffer.from(`a:${s}~`).toString('base64url'),
  'jsonencode()': (s) => jsonencode({ db: { dsn: s } }),
  'JSON inside JSON': (s) => JSON.stringify({ text: JSON.stringify({ dsn: s }) }),
  'base64 of jsonencode()': (s) => Buffer.from(jsonencode({ dsn: s })).toString('base64'),
  'base64 of JSON': (s) => Buffer.from(JSON.stringify({ dsn: s })).toString('base64'),
  'urlencode()': (s) => `https://host/?q=${encodeURIComponent(s)}`,
  'in hex': (s) => Buffer.from(s).toString('hex'),
};
const readable = (text: string, secret: string): boolean =>
  [
    secret,
    ...Object.values(COPIES)
      .slice(2)
      .map((copy) => copy(secret)),
  ].some((form) => text.includes(form));

describe('a value marked sensitive', () => {
  it.each(Object.entries(COPIES))('is found nowhere: %s', (_name, copy) => {
    for (const secret of ['correct horse', 'p@ss"w\\o<r>d&\n1', 'Zürich-geheim-ß', 'aaaaaaaa']) {
      const text = said(
        state([
          one('terraform_data', 'a', { id: '1', input: { value: secret, type: 'string' } }, marked('input')),
          one('terraform_data', 'b', { id: '2', input: copy(secret), list: [{ deep: copy(secret) }] }),
        ]),
      );
      expect(readable(text, secret), `${secret} in ${text}`).toBe(false);
      expect(text).not.toContain(JSON.stringify(copy(secret)).slice(1, -1));
    }
  });

  it('becomes the fingerprint of the whole string, so that a rotation shows', () => {
    const declared = declare(
      state([
        one('terraform_data', 'a', { id: '1', input: 'first-secret' }, marked('input')),
        one('terraform_data', 'b', { id: '2', input: 'the first-secret it is' }),
      ]),
    );
    expect(attributesAt(declared, 'terraform_data.a').input).toEqual(secretOf('first-secret'));
    expect(attributesAt(declared, 'terraform_data.b').input).toEqual(secretOf('the first-secret it is'));
  });

  it('is followed from outputs and data sources too', () => {
    const text = said(
      state(
        [
          {
            ...one('aws_secretsmanager_secret_version', 's', {
              id: 'x',
              secret_string: 'from-a-data-source',
            }),
            mode: 'data',
          },
          one('terraform_data', 'a', { id: '1', input: 'say from-a-data-source' }),
          one('terraform_data', 'b', { id: '2', input: 'say from-an-output' }),
        ],
        { o: { value: 'from-an-output', type: 'string', sensitive: true } },
      ),
    );
    expect(text).not.toMatch(/from-a-data-source|from-an-output/);
  });

  it('stays one when the marked original is gone and only the copy is left', () => {
    const copy = one('terraform_data', 'b', { id: '2', input: 'say only-once-marked' });
    const original = one('terraform_data', 'a', { id: '1', input: 'only-once-marked' }, marked('input'));
    const before = declare(state([original, copy]));
    const after = declare(state([copy]), before.table);
    expect(JSON.stringify(after.changes)).not.toContain('only-once-marked');
    expect(after.changes.map((change) => change.type)).toEqual(['resource.withdrawn']);
  });

  it('is hidden in map keys, numbers and ids as well', () => {
    const declared = declare(
      state([
        one('terraform_data', 'a', { id: '1', input: { pin: 1234567890 } }, marked('input', 'pin')),
        one('terraform_data', 'b', {
          id: 'say secret-in-the-id',
          n: 1234567890,
          m: { 'key-secret-in-the-id': true },
        }),
        one('terraform_data', 'c', { id: '3', input: 'secret-in-the-id' }, marked('input')),
      ]),
    );
    const text = JSON.stringify(declared.changes);
    expect(text).not.toMatch(/secret-in-the-id|1234567890/);
    expect(text).toContain('the id holds a sensitive value');
  });

  it('shorter than eight characters is hidden where it is marked, and not looked for elsewhere', () => {
    const declared = declare(
      state([
        one('terraform_data', 'a', { id: '1', input: 'prod' }, marked('input')),
        one('terraform_data', 'b', { id: '2', input: 'prod' }),
      ]),
    );
    expect(attributesAt(declared, 'terraform_data.a').input).toEqual(secretOf('prod'));
    expect(attributesAt(declared, 'terraform_data.b').input).toBe('prod');
  });

  it('that everyone knows places objects all the same: regions, account numbers', () => {
    const declared = declare(
      state([
        one(
          'terraform_data',
          'a',
          { id: '1', input: { region: 'us-east-1', account: '123456789012' } },
          marked('input'),
        ),
        one(
          'aws_sns_topic',
          't',
          { id: 'arn:aws:sns:us-east-1:123456789012:t', arn: 'arn:aws:sns:us-east-1:123456789012:t' },
          { provider: AWS },
        ),
      ]),
    );
    expect(attributesAt(declared, 'aws_sns_topic.t').arn).toBe('arn:aws:sns:us-east-1:123456789012:t');
  });

  it('whatever secrets, copies and neighbours there are, none can be read (property)', () => {
    const secret = fc
      .string({ unit: 'grapheme', minLength: 8, maxLength: 60 })
      .filter((s) => s.trim().length >= 8 && !/^\d{12}$/.test(s));
    const copies = fc.array(fc.constantFrom(...Object.keys(COPIES)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(secret, { minLength: 1, maxLength: 4 }), copies, (secrets, names) => {
        const resources = secrets.flatMap((value, i) => [
          one('terraform_data', `a${i}`, { id: `a${i}`, input: value }, marked('input')),
          ...names.map((name, n) =>
            one('terraform_data', `b${i}_${n}`, { id: `b${i}-${n}`, input: COPIES[name]!(value) }),
          ),
        ]);
        const declared = declare(state(resources));
        for (const change of declared.changes) {
          if (change.type !== 'resource.declared') continue;
          const { input } = JSON.parse(change.body.attributes) as JsonObject;
          expect(input).toEqual({ $secret: expect.any(String) });
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('without a mark', () => {
  it.each([
    ['aws_iam_access_key', { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCY' }, 'wJalr'],
    ['tls_private_key', { id: '1', private_key_pem: '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n' }, 'MIIE'],
    ['random_password', { id: 'none', result: 'only-words-here', bcrypt_hash: '$2a$10$abc' }, 'only-words'],
    ['aws_ssm_parameter', { id: '/p', type: 'SecureString', value: 'plainwords' }, 'plainwords'],
    ['aws_lambda_function', { id: 'f', environment: [{ variables: { STAGE: 'production' } }] }, 'production'],
    ['kubernetes_secret', { id: 'ns/s', data: { any: 'thing-in-it' } }, 'thing-in-it'],
    ['aws_instance', { id: 'i-1', user_data: '#!/bin/sh echo start' }, 'echo start'],
    ['digitalocean_database_cluster', { id: 'd', uri: 'postgres://u:p@h/d' }, 'postgres://'],
    ['made_up', { id: '1', db_password: 'swordfish' }, 'swordfish'],
    ['made_up', { id: '1', clientSecret: 'swordfish' }, 'swordfish'],
    ['made_up', { id: '1', env: [{ name: 'API_TOKEN', value: 'swordfish' }] }, 'swordfish'],
    ['made_up', { id: '1', doc: '{"a":{"password":"short"}}' }, 'short'],
    ['made_up', { id: '1', key: 'h7Gk29sLq0Zx8Vb3Nn5Tt1Yy' }, 'h7Gk29'],
    ['made_up', { id: '1', any: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl' }, 'eyJ'],
    ['made_up', { id: '1', any: 'https://user:hidden@host/path' }, 'hidden'],
    ['made_up', { id: '1', any: 'DefaultEndpointsProtocol=https;AccountKey=abcdef0123;' }, 'abcdef0123'],
    ['made_up', { id: '1', any: `ghp_${'a1B2'.repeat(9)}` }, 'ghp_'],
    ['made_up', { id: '1', any: 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEYab' }, 'wJalr'],
  ])('%s %o: by its table, name or looks', (type, attributes, fragment) => {
    expect(said(state([one(type, 'x', attributes)]))).not.toContain(fragment);
    expect(redactAttributes(type, attributes, hmac)).not.toContain(fragment);
  });

  it('what only speaks about secrets stays readable', () => {
    const attributes = {
      id: '1',
      arn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf',
      secret_arn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf',
      kms_key_id: '0ab1c2d3-0000-1111-2222-333344445555',
      password_length: 24,
      token_ttl: 3600,
      manage_master_user_password: true,
      secret_name: 'db-credentials',
      public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me',
      name: 'token-service',
      policy: '{"Statement":[{"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}',
      hash_key: 'customerIdentifier',
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      password: null,
      token: '',
      secrets: [],
    };
    expect(JSON.parse(redactAttributes('made_up', attributes, hmac))).toEqual(attributes);
  });

  it('ordinary values beside secrets are not followed through the whole state', () => {
    const declared = declare(
      state([
        one('aws_lambda_function', 'f', {
          id: 'f',
          environment: [{ variables: { TABLE: 'orders-table', DB_PASSWORD: 'Tr0ub4dor&3x' } }],
        }),
        one('terraform_data', 'a', { id: '1', input: 'orders-table' }),
        one('terraform_data', 'b', { id: '2', input: 'with Tr0ub4dor&3x in it' }),
      ]),
    );
    expect(attributesAt(declared, 'terraform_data.a').input).toBe('orders-table');
    expect(attributesAt(declared, 'terraform_data.b').input).toEqual(secretOf('with Tr0ub4dor&3x in it'));
  });

  it('names say secret, maybe, or nothing', () => {
    for (const name of [
      'password',
      'DB_PASSWORD',
      'clientSecret',
      'auth_token',
      'private_key_pem',
      'connection_string',
      'primary_access_key',
      'masterUserPassword',
      'apiKey',
    ])
      expect(nameSays(name), name).toBe('secret');
    for (const name of ['key', 'tls_auth', 'salt']) expect(nameSays(name), name).toBe('maybe');
    for (const name of [
      'secret_arn',
      'access_key_id',
      'token_ttl',
      'password_policy',
      'hash_key',
      'public_key',
      'kms_key_id',
      'name',
      'tokenizer',
      'secretary',
    ])
      expect(nameSays(name), name).toBe('nothing');
    expect(looksRandom('my-application-bucket')).toBe(false);
    expect(looksRandom('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b')).toBe(true);
  });
});

describe('looking for many patterns at once', () => {
  it('finds what includes() finds (property)', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 0, maxLength: 60 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 8, maxLength: 14 });
    fc.assert(
      fc.property(
        fc.array(pattern, { maxLength: 30 }),
        fc.array(text, { maxLength: 20 }),
        (patterns, texts) => {
          const search = createSearch(new Set(patterns));
          for (const each of [...texts, ...patterns.map((p) => `b${p}a`)])
            expect(search.hits(each), each).toBe(patterns.some((p) => each.includes(p)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('takes time by the text, not by the number of patterns', () => {
    const patterns = new Set(Array.from({ length: 100_000 }, (_, i) => `-----BEGIN KEY ${i} -----`));
    const search = createSearch(patterns);
    const text = '-----BEGIN KEY 100001 ----- '.repeat(20_000);
    const began = performance.now();
    expect(search.hits(text)).toBe(false);
    expect(search.hits(`${text}-----BEGIN KEY 99999 -----`)).toBe(true);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
