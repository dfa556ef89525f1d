import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from './config.ts';
import { NO_REASON, parseDriftignore } from './driftignore.ts';
import { DriftError } from './errors.ts';

const one = (line: string) => {
  const { rules, problems } = parseDriftignore(line);
  expect(problems, line).toEqual([]);
  return rules[0];
};
const wrong = (line: string): string[] => {
  const { rules, problems } = parseDriftignore(line);
  expect(rules, line).toEqual([]);
  return problems;
};

describe('.driftignore', () => {
  it('has a rule a line: workspace, type, address, attribute path, each a glob', () => {
    expect(one('aws_autoscaling_group.* # scaled by hand')).toEqual({
      name: '.driftignore: address:aws_autoscaling_group.*',
      address: 'aws_autoscaling_group.*',
      reason: 'scaled by hand',
    });
    expect(one('module.net.* tags.LastScanned # the scanner writes it')).toMatchObject({
      address: 'module.net.*',
      path: 'tags.LastScanned',
    });
    expect(
      one(
        'workspace:prod-* type:aws_instance path:user_data # replaced at night owner=team-net until=2026-12-31',
      ),
    ).toEqual({
      name: '.driftignore: workspace:prod-* type:aws_instance path:user_data',
      workspace: 'prod-*',
      type: 'aws_instance',
      path: 'user_data',
      reason: 'replaced at night',
      owner: 'team-net',
      until: '2027-01-01T00:00:00.000Z',
    });
    expect(one('type:aws_instance * tags # r')).toMatchObject({
      type: 'aws_instance',
      address: '*',
      path: 'tags',
    });
  });

  it('knows comments, blank lines, windows line ends and a byte order mark', () => {
    const { rules, problems } = parseDriftignore(
      '\uFEFF# A comment\r\n\r\n   \t\r\n a.b # r\r\n  # another # one\r\n',
    );
    expect(problems).toEqual([]);
    expect(rules.map(({ address }) => address)).toEqual(['a.b']);
  });

  it('keeps the keys of instances and maps together, also with spaces, quotes and # inside', () => {
    expect(one('aws_sqs_queue.q["a b # c"] tags["x y"] # r')).toMatchObject({
      address: 'aws_sqs_queue.q["a b # c"]',
      path: 'tags["x y"]',
    });
    expect(one('a.b["say \\"hi\\" now"] # r')).toMatchObject({ address: 'a.b["say \\"hi\\" now"]' });
    expect(one('a.b#c # r')).toMatchObject({ address: 'a.b#c' });
  });

  it('takes an exception from what earlier lines ignore', () => {
    expect(one('!workspace:prod-eu type:aws_instance # watched closely')).toMatchObject({
      name: '.driftignore: !workspace:prod-eu type:aws_instance',
      workspace: 'prod-eu',
      not: true,
    });
    expect(one('! a.b # r')).toMatchObject({ address: 'a.b', not: true });
  });

  it('shows that a line has no reason', () => {
    expect(one('a.b')).toEqual({
      name: `.driftignore: address:a.b (${NO_REASON})`,
      address: 'a.b',
      reason: NO_REASON,
    });
    expect(one('a.b # owner=me')).toMatchObject({ name: expect.stringContaining(NO_REASON), owner: 'me' });
  });

  it('reads notes in any order, quoted or not', () => {
    const notes = { owner: 'team net', reason: 'see x=y', until: '2026-12-31T10:00:00.000Z' };
    for (const comment of [
      'owner="team net" reason="see x=y" until=2026-12-31T10:00Z',
      'until=2026-12-31T12:00:00+02:00 reason="see x=y" owner=team net',
      '"see x=y" owner=team net until=2026-12-31T10:00:00.000Z',
    ]) {
      const rule = one(`a.b # ${comment}`)!;
      expect({ ...notes, reason: rule.reason.replaceAll('"', '') }, comment).toEqual(notes);
      expect(rule).toMatchObject({ owner: notes.owner, until: notes.until });
    }
  });

  it('says every mistake with its line, what is wrong and what to do', () => {
    expect(wrong('a.b tags c')).toEqual([expect.stringMatching(/^\.driftignore:1: "c" is a third word/)]);
    expect(wrong('stack:x a.b')[0]).toContain('stack: is none of workspace: type: address: path:');
    expect(wrong('type: a.b')[0]).toContain('write type:* for any');
    expect(wrong('type:a type:b')[0]).toContain('type is said twice');
    expect(wrong('a.b["x')[0]).toContain('a quote is not closed');
    expect(wrong('!')[0]).toContain('! with nothing behind it');
    for (const until of ['tomorrow', '2026-02-31', '2026-13-01', '31.12.2026', '2026-12-31T10:00'])
      expect(wrong(`a.b # until=${until}`)[0]).toContain('until=2026-12-31 or a time with its zone');
    expect(wrong('a.b # untill=2026-12-31')[0]).toContain('untill= is none of reason= owner= until=');
    expect(wrong('a.b # owner= until=2026-12-31')[0]).toContain('owner= has nothing behind it');
    const { rules, problems } = parseDriftignore('a.b tags c\n\nx:1\na.b # r\na.b # again');
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      '.driftignore:1:',
      '.driftignore:3:',
      '.driftignore:5:',
    ]);
    expect(rules).toHaveLength(2);
  });

  it('has limits', () => {
    expect(wrong('x'.repeat(3_000))[0]).toContain('longer than 2000 characters');
    expect(parseDriftignore(' '.repeat(300_000)).problems[0]).toContain('split it by workspace');
    const many = Array.from({ length: 2_001 }, (_, i) => `a.b${i} # r`).join('\n');
    expect(parseDriftignore(many).problems).toEqual([
      expect.stringContaining('2001 rules are more than 2000'),
    ]);
  });

  it('never throws, and names every rule once', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: fc.constantFrom('a', '"', '\\\\', '#', ' ', '=', ':', '!', '[', '*', '\n') }),
        ),
        (lines) => {
          const { rules, problems } = parseDriftignore(lines.join('\n'));
          const names = rules.map(({ name }) => name);
          if (problems.length === 0) expect(new Set(names).size).toBe(names.length);
          for (const rule of rules) expect(rule.reason).not.toBe('');
        },
      ),
    );
  });
});

describe('the ignore file of a configuration', () => {
  const folder = (files: Record<string, string>): string => {
    const path = mkdtempSync(join(tmpdir(), 'driftmgr-ignore-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  };
  const load = (path: string, environment: Record<string, string> = {}) =>
    loadConfiguration({ file: join(path, 'driftmgr.yaml'), environment }).detector.rules;

  it('stands beside driftmgr.yaml or where the configuration says; its rules come after those of the configuration', () => {
    const rules = 'detector:\n  rules:\n    - { name: first, type: a, reason: r }\n';
    expect(load(folder({ 'driftmgr.yaml': rules, '.driftignore': 'a.b # r' }))).toMatchObject([
      { name: 'first' },
      { name: '.driftignore: address:a.b' },
    ]);
    expect(load(folder({ 'driftmgr.yaml': rules }))).toMatchObject([{ name: 'first' }]);
    const named = folder({
      'driftmgr.yaml': 'detector:\n  ignoreFile: other.txt\n',
      'other.txt': 'c.d # r',
      '.driftignore': 'a.b',
    });
    expect(load(named)).toMatchObject([{ name: 'other.txt: address:c.d' }]);
    expect(load(named, { DRIFTMGR_DETECTOR_IGNORE_FILE: join(named, '.driftignore') })).toMatchObject([
      { address: 'a.b' },
    ]);
  });

  it('is refused with every mistake at once, beside those of the configuration', () => {
    const path = folder({ 'driftmgr.yaml': 'port: many\n', '.driftignore': 'a b c\nx:1\n' });
    let text = '';
    try {
      load(path);
    } catch (error) {
      text = error instanceof DriftError ? (error.public ?? '') : '';
    }
    for (const part of ['3 mistakes', 'port', '.driftignore:1:', '.driftignore:2:'])
      expect(text).toContain(part);
    expect(() => load(folder({ 'driftmgr.yaml': 'detector:\n  ignoreFile: gone\n' }))).toThrow(
      /detector\.ignoreFile.*gone.*there is no such file/,
    );
  });
});
