// Which rule ignores a drift: exceptions, paths, expiry.
import { describe, expect, it } from 'vitest';
import type { Difference, Json } from '../../schemas/index.ts';
import type { Sight, Subject } from './desired.ts';
import { ignoringRule, ruleExpiry } from './ignoring.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const SUBJECT: Subject = {
  provider: 'aws',
  account: '1',
  region: null,
  owner: null,
  type: 'aws_instance',
  resourceId: 'i-1',
  workspace: 'prod-eu',
  address: 'module.web.aws_instance.a["x y"]',
  stateSerial: 1,
};
const sight = (rules: Json[], now = NOW): Sight => {
  const row = { completeAccounts: [], rules: JSON.stringify(rules) };
  return { now, rows: { shared: () => row } } as unknown as Sight;
};
const at = (...paths: string[]): Difference[] =>
  paths.map((path) => ({ path, op: 'changed', declared: '1', observed: '2', configured: null }));
const named = (name: string, rule: object): Json => ({ name, reason: 'r', ...rule });
const ignored = (rules: Json[], paths: string[] = ['tags.Name'], now = NOW): string | null =>
  ignoringRule(sight(rules, now), SUBJECT, at(...paths));

describe('rules that ignore', () => {
  it('match by workspace, type, address and attribute path, all that are given', () => {
    for (const rule of [
      { workspace: 'prod-*' },
      { type: 'aws_instance' },
      { address: 'module.web.*' },
      { address: 'module.web.aws_instance.a["x y"]' },
      { path: 'tags' },
      { workspace: 'prod-??', type: 'aws_*', address: '*', path: 'tags.Name' },
    ])
      expect(ignored([named('one', rule)]), JSON.stringify(rule)).toBe('one');
    for (const rule of [
      { workspace: 'stage-*' },
      { type: 'aws_instances' },
      { address: 'module.web' },
      { path: 'tags.Other' },
      { workspace: 'prod-*', path: 'user_data' },
    ])
      expect(ignored([named('one', rule)]), JSON.stringify(rule)).toBeNull();
  });

  it('ignore a drift when every difference is covered, by whichever of them', () => {
    const rules = [named('tags', { path: 'tags' }), named('size', { path: 'root_block_device.volume_size' })];
    expect(ignored(rules, ['tags.Name', 'root_block_device[0].volume_size'])).toBe('tags');
    expect(ignored(rules, ['tags.Name', 'root_block_device[0].encrypted'])).toBeNull();
  });

  it('need no path where nothing was compared', () => {
    expect(ignored([named('one', { path: 'tags' })], [])).toBeNull();
    expect(ignored([named('one', { type: 'aws_instance' })], [])).toBe('one');
    expect(ignored([named('one', {}), named('but', { path: 'tags', not: true })], [])).toBe('one');
    expect(ignored([named('one', {}), named('but', { not: true })], [])).toBeNull();
  });

  it('give way to an exception behind them, and come back behind it', () => {
    const all = named('all', { type: 'aws_*' });
    const but = named('but', { workspace: 'prod-*', path: 'user_data', not: true });
    expect(ignored([all, but], ['user_data'])).toBeNull();
    expect(ignored([all, but], ['tags.a', 'user_data'])).toBeNull();
    expect(ignored([all, but], ['tags.a'])).toBe('all');
    expect(ignored([but, all], ['user_data'])).toBe('all');
    expect(ignored([all, but, named('again', { path: 'user_data' })], ['user_data'])).toBe('again');
  });

  it('hold until they expire, exceptions too, and the drift is looked at again then', () => {
    const until = '2026-06-02T00:00:00Z';
    const end = Date.parse(until);
    const one = [named('one', { until })];
    expect(ignored(one)).toBe('one');
    expect(ignored(one, ['x'], end)).toBeNull();
    expect(ruleExpiry(sight(one), 'one', SUBJECT)).toBe(end);
    const two = [named('tags', { path: 'tags' }), named('other', { path: 'other', until })];
    expect(ignored(two, ['tags', 'other'])).toBe('tags');
    expect(ruleExpiry(sight(two), 'tags', SUBJECT)).toBe(end);
    const excepted = [named('all', {}), named('but', { not: true, until })];
    expect(ignored(excepted)).toBeNull();
    expect(ignored(excepted, ['x'], end)).toBe('all');
    expect(ruleExpiry(sight(excepted), null, SUBJECT)).toBe(end);
    expect(ruleExpiry(sight(one), null, SUBJECT)).toBeNull();
    expect(ruleExpiry(sight([named('else', { type: 'x', until })]), 'ignore_changes', SUBJECT)).toBeNull();
  });

  it('that cannot be read ignore nothing', () => {
    for (const rules of ['', '{', '{}', '[null,1,{"path":"*"}]'])
      expect(
        ignoringRule(
          { now: NOW, rows: { shared: () => ({ completeAccounts: [], rules }) } } as unknown as Sight,
          SUBJECT,
          at('a'),
        ),
      ).toBeNull();
  });
});
