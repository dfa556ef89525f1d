import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { attribution } from '../aws/attribution.ts';
import { providerNamed } from '../providers.ts';
import { normalize } from './normalize.ts';

const context = {
  org: 'default',
  attribution: attribution({ pipelines: ['deploy@*'], applyIdentities: ['terraform@example.com'] }),
};
const event = (data: JsonObject, more: JsonObject = {}): JsonObject => ({
  specversion: '1.0',
  id: 'e-1',
  source: '//example/feed',
  type: 'io.driftmgr.change.reported',
  time: '2026-03-01T10:00:00+01:00',
  data: {
    provider: 'cloudflare',
    service: 'dns',
    operation: 'rec_set',
    verb: 'update',
    targets: [{ type: 'cloudflare_record', id: 'r1' }],
    actor: { principal: 'alice@example.com' },
    ...data,
  },
  ...more,
});
const changesOf = (value: unknown) => {
  const result = normalize(value, context);
  if ('unreadable' in result) throw new Error(result.unreadable);
  return result.changes;
};

describe('which object a report is about', () => {
  // The same function makes the keys of declared instances; what is checked is that what a report can say suffices for it.
  test.each<[string, string, JsonObject, JsonObject]>([
    ['azurerm', 'azurerm_storage_account', { id: '/subscriptions/s/providers/x/y' }, {}],
    [
      'google',
      'google_compute_firewall',
      { id: 'projects/p/global/firewalls/f', self_link: 'https://x' },
      {},
    ],
    ['github', 'github_repository', { id: 'site', name: 'site' }, {}],
    ['digitalocean', 'digitalocean_droplet', { id: '123', name: 'web' }, {}],
    ['digitalocean', 'digitalocean_tag', { id: 'blue' }, { account: 'team-1' }],
    [
      'aws',
      'aws_security_group',
      { id: 'sg-0123456789abcdef0' },
      { account: '123456789012', region: 'eu-central-1' },
    ],
    ['aws', 'aws_s3_bucket', { id: 'logs', bucket: 'logs', region: 'eu-central-1' }, {}],
  ])('%s %s: the key of the declared instance', (provider, type, attributes, place) => {
    const scope = { account: null, region: null, ...place };
    const declared = providerNamed(provider).identify({ org: 'default', type, attributes, scope });
    const [change, ...others] = changesOf(
      event({ provider, ...place, targets: [{ type, id: attributes.id as string }] }),
    );
    expect(others).toEqual([]);
    expect(change!.objectKey).toBe(declared.objectKeys[0]);
    expect(change!.body.targets).toEqual([{ type, id: declared.resourceId }]);
  });

  test('azure tells of one resource in several cases: it is one key and one id', () => {
    const id = '/subscriptions/S/resourceGroups/Shop/providers/Microsoft.Network/virtualNetworks/Shop';
    const scope = { account: null, region: null };
    const declared = providerNamed('azurerm').identify({
      org: 'default',
      type: 'azurerm_virtual_network',
      attributes: { id },
      scope,
    });
    for (const told of [id, id.toUpperCase(), id.toLowerCase()]) {
      const [change] = changesOf(
        event({ provider: 'azurerm', targets: [{ type: 'azurerm_virtual_network', id: told }] }),
      );
      expect(change!.objectKey).toBe(declared.objectKeys[0]);
      expect(change!.body.targets).toEqual([{ type: 'azurerm_virtual_network', id: declared.resourceId }]);
    }
    const other = providerNamed('azurerm').identify({
      org: 'default',
      type: 'azurerm_key_vault_secret',
      attributes: { id: 'https://Shop.vault.azure.net/secrets/A' },
      scope,
    });
    expect(other.resourceId).toBe('https://Shop.vault.azure.net/secrets/A');
  });

  test('types whose id does not say which object they are name it by attributes', () => {
    const attributes = { role: 'deploy', name: 'inline' };
    const declared = providerNamed('aws').identify({
      org: 'default',
      type: 'aws_iam_role_policy',
      attributes: { ...attributes, id: 'deploy:inline', policy: '{}' },
      scope: { account: '123456789012', region: null },
    });
    const [change] = changesOf(
      event({
        provider: 'aws',
        account: '123456789012',
        targets: [{ type: 'aws_iam_role_policy', id: null, attributes }],
      }),
    );
    expect(change).toMatchObject({
      objectKey: declared.objectKeys[0],
      body: { targets: [{ type: 'aws_iam_role_policy', id: declared.resourceId }] },
    });
  });

  test('one change an object; what has no id is a candidate under each, or under the call', () => {
    const a = { type: 'cloudflare_record', id: 'a' };
    const b = { type: 'cloudflare_record', id: 'b' };
    const zone = { type: 'cloudflare_zone', id: null };
    const changes = changesOf(event({ targets: [a, b, zone, a] }));
    expect(changes.map(({ objectKey, body }) => [objectKey, body.targets])).toEqual([
      ['default/cloudflare/-/-/cloudflare_record/a', [a, zone]],
      ['default/cloudflare/-/-/cloudflare_record/b', [b, zone]],
    ]);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(2);
    expect(changesOf(event({ targets: [zone], account: 'acme' }))).toMatchObject([
      { objectKey: 'default/cloudflare/acme/-/call/dns:rec_set', body: { targets: [zone] } },
    ]);
  });

  test('the same id of another reporter is another event; copies are the same', () => {
    const [one] = changesOf(event({}));
    expect(changesOf(event({}))[0]!.id).toBe(one!.id);
    expect(changesOf(event({}, { source: '//example/other' }))[0]!.id).not.toBe(one!.id);
    expect(one!.time).toBe(Date.UTC(2026, 2, 1, 9));
  });
});

describe('who, and how sure', () => {
  test.each<[JsonObject, string, string]>([
    [{ principal: 'alice', via: 'console' }, 'console', 'high'],
    [{ principal: 'alice' }, 'unknown', 'low'],
    [{ principal: 'alice', via: 'unknown' }, 'unknown', 'low'],
    [{ principal: 'alice', via: 'service' }, 'service', 'low'],
    // Anyone can send a user agent, and a reporter may be wrong: Terraform is sure only where the principal is known to be it.
    [{ principal: 'alice', via: 'terraform' }, 'terraform', 'low'],
    [
      { principal: 'alice', userAgent: 'HashiCorp Terraform/1.11 terraform-provider-azurerm/4.1' },
      'terraform',
      'low',
    ],
    [{ principal: 'terraform@example.com' }, 'terraform', 'low'],
    [{ principal: 'terraform@example.com', via: 'terraform' }, 'terraform', 'high'],
    [{ principal: 'terraform@example.com', userAgent: 'Terraform/1.11.4 (+https://x)' }, 'terraform', 'high'],
    [{ principal: 'terraform@example.com', via: 'console' }, 'console', 'high'],
    [{ principal: 'deploy@ci' }, 'pipeline', 'low'],
    [{ principal: 'deploy@ci', via: 'pipeline' }, 'pipeline', 'high'],
  ])('%j: %s, %s', (actor, via, certainty) => {
    const [change] = changesOf(event({ actor }));
    expect(change!.body.actor).toMatchObject({
      principal: actor.principal,
      name: actor.principal,
      via,
      certainty,
      eventIds: ['e-1'],
      operations: ['rec_set'],
    });
  });
});

describe('what is let in', () => {
  test.each<[string, unknown, RegExp]>([
    ['not an object', [event({})], /must be object/],
    ['another version', event({}, { specversion: '0.3' }), /specversion: must be 1\.0/],
    ['another type', event({}, { type: 'com.example.changed' }), /type: must be io\.driftmgr/],
    ['no id', event({}, { id: '' }), /id: must not have fewer/],
    ['a time without a zone', event({}, { time: '2026-03-01T10:00:00' }), /time: must match/],
    ['a day that is none', event({}, { time: '2026-03-41T10:00:00Z' }), /time: is not a time/],
    ['binary data', event({}, { data_base64: 'e30=' }), /data_base64: has no place there/],
    ['an extension that is an object', event({}, { more: {} }), /more: must be/],
    ['a member too many', event({ secret: 'hunter2hunter2' }), /data\.secret: has no place there/],
    ['no target', event({ targets: [] }), /targets: must not have fewer/],
    ['a separator in the region', event({ region: 'eu/x' }), /region: must match/],
    ['a type that is none', event({ targets: [{ type: 'a/b', id: '1' }] }), /type: must match/],
    ['a line break in a name', event({ actor: { principal: 'a\nb' } }), /principal: must match/],
    ['a very long id', event({ targets: [{ type: 'a', id: 'x'.repeat(1_025) }] }), /id: must not have more/],
    [
      'a target in itself',
      event({ targets: [{ type: 'a', id: null, attributes: { a: {} } }] }),
      /attributes\.a: must be string/,
    ],
  ])('%s is refused', (_, value, reason) => {
    const result = normalize(value, context);
    expect('unreadable' in result && result.unreadable).toMatch(reason);
    expect(JSON.stringify(result)).not.toContain('hunter2');
  });

  test('extensions of CloudEvents are let be', () => {
    expect(
      changesOf(event({}, { traceparent: '00-a-b-01', sequence: 7, datacontenttype: 'application/json' })),
    ).toHaveLength(1);
  });

  test('no JSON value makes it throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.jsonValue().map((data) => event({}, { data } as JsonObject)),
        ),
        (value) => {
          normalize(value, context);
        },
      ),
    );
  });
});
