// Whose id is worth something to whom.
import { describe, expect, it } from 'vitest';
import { providerNamed } from './providers.ts';

const identityOf = (provider: string, type: string, id: string) =>
  providerNamed(provider).identify({
    org: 'default',
    type,
    attributes: { id },
    scope: { account: null, region: null },
  });

describe('the identity of what no provider folder knows', () => {
  it.each([
    ['hcloud', 'hcloud_server', '42'],
    ['null', 'null_resource', '5577006791947779410'],
    ['terraform', 'terraform_data', '1b671a64-40d5-491e-99b0-da01ff1f3341'],
  ])('is its id where there is one of that: %s, %s %s', (provider, type, id) => {
    const { objectKeys, resourceId } = identityOf(provider, type, id);
    expect([objectKeys, resourceId]).toEqual([[`default/${provider}/-/-/${type}/${id}`], id]);
  });

  it.each([
    ['random', 'random_password', 'none'],
    ['random', 'random_integer', '7'],
    ['time', 'time_static', '2026-01-01T00:00:00Z'],
    ['local', 'local_file', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ])('is none where it has none: %s, whose %s has the id %s in every workspace', (provider, type, id) => {
    expect(identityOf(provider, type, id).resourceId).toBe('');
  });
});
