// The formats of a scan: valid for the programs that read them, and never greener than what was found.
import { describe, expect, it } from 'vitest';
import { driftToJson } from '../../../projections/drift-json.ts';
import type { Drift } from '../../../schemas/index.ts';
import { driftOf } from '../../testing/harness.ts';
import type { CoverageJson } from '../../types.ts';
import { scanAsJson } from './json.ts';
import { scanAsJunit } from './junit.ts';
import { scanAsSarif } from './sarif.ts';
import type { ScanResult } from './scan.ts';
import { scanAsTable } from './table.ts';

const drift = (fields: Partial<Drift> = {}) => driftToJson(driftOf(fields));
const gap: CoverageJson = {
  provider: 'aws',
  account: null,
  region: null,
  type: 'aws_iam_role',
  scope: 'aws/-/-/aws_iam_role',
  declared: 3,
  observed: 0,
  status: 'unknown',
  reasons: ['the last listing failed: <throttled>'],
  byFeed: null,
  bySnapshot: null,
  lastCompletedAt: null,
  attributes: [],
  failures: [],
};
const nothing: ScanResult = {
  summary: {
    workspaces: 1,
    resources: 2,
    drifts: 0,
    suspected: 0,
    unverified: 0,
    unknown: 0,
    unread: 0,
    accepted: 0,
    ignored: 0,
  },
  drifts: [],
  coverage: [{ ...gap, status: 'covered', reasons: [], observed: 3 }],
  unread: [],
};
const found: ScanResult = {
  summary: { ...nothing.summary, drifts: 1, suspected: 1, unknown: 3, unread: 1 },
  drifts: [
    drift({ address: 'aws_s3_bucket.b["a&<\u0000>"]' }),
    drift({ id: 'drf_2', confidence: 'suspected', differences: [] }),
    drift({
      id: 'drf_3',
      kind: 'missing',
      severity: 'medium',
      status: 'accepted',
      acceptance: { by: 'a', reason: 'ok', at: 1, until: null },
    }),
    drift({
      id: 'drf_4',
      kind: 'unmanaged',
      workspace: null,
      address: null,
      severity: 'low',
      status: 'resolved',
      resolution: 'removed',
    }),
  ],
  coverage: [gap],
  unread: [{ what: 'prod', reason: 'the state is encrypted' }],
};

describe('JSON', () => {
  it('is the summary, the drifts of all confidences, and the coverage', () => {
    expect(JSON.parse(scanAsJson(found))).toEqual(JSON.parse(JSON.stringify(found)));
    expect(Object.keys(JSON.parse(scanAsJson(nothing)) as object)).toEqual([
      'summary',
      'drifts',
      'coverage',
      'unread',
    ]);
  });
});

describe('the table', () => {
  it('shows drifts, then gaps, then one line of figures', () => {
    const text = scanAsTable(found, { colours: false, now: 1_790_000_060_000 });
    expect(text).toMatch(
      /SEVERITY[\s\S]*NOT FULLY WATCHED[\s\S]*NOT READ[\s\S]*prod +the state is encrypted[\s\S]*2 resources in 1 workspace · 1 drift · 1 suspected · 3 unknown · 1 unread\n$/,
    );
    expect(text).not.toContain('\u0000');
    expect(scanAsTable(nothing, { colours: false, now: 0 })).toBe('2 resources in 1 workspace · 0 drifts\n');
  });
});

describe('SARIF', () => {
  interface Sarif {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string }[] } };
      invocations: {
        executionSuccessful: boolean;
        toolExecutionNotifications: { level: string; message: { text: string } }[];
      }[];
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        kind: string;
        message: { text: string };
        locations: { physicalLocation: { artifactLocation: { uri: string } } }[];
        partialFingerprints: Record<string, string>;
        suppressions: object[];
      }[];
    }[];
  }
  const sarif = (result: ScanResult): Sarif => JSON.parse(scanAsSarif(result, { version: '0.1.0' })) as Sarif;

  it('keeps the rules of SARIF 2.1.0: rules by index, levels by kind, addresses as URIs', () => {
    const { version, runs } = sarif(found);
    const [run] = runs;
    expect([version, runs.length]).toEqual(['2.1.0', 1]);
    for (const result of run!.results) {
      expect(run!.tool.driver.rules[result.ruleIndex]!.id).toBe(result.ruleId);
      // § 3.27.10: a level other than none is for kind "fail" only.
      if (result.kind !== 'fail') expect(result.level).toBe('none');
      expect(['none', 'note', 'warning', 'error']).toContain(result.level);
      expect(result.message.text.length).toBeGreaterThan(0);
      const { uri } = result.locations[0]!.physicalLocation.artifactLocation;
      expect(() => new URL(uri, 'file:///')).not.toThrow();
      expect(uri).not.toMatch(/[\s"<>[\]]/);
    }
  });

  it('makes errors of confirmed drifts only, and suppresses what was accepted', () => {
    const { results } = sarif(found).runs[0]!;
    expect(results.map(({ level }) => level)).toEqual(['error', 'note', 'warning', 'none']);
    expect(results.map(({ suppressions }) => suppressions.length)).toEqual([0, 0, 1, 0]);
    expect(results.map(({ partialFingerprints }) => partialFingerprints['driftId/v1'])).toEqual([
      'drf_1',
      'drf_2',
      'drf_3',
      'drf_4',
    ]);
  });

  it('says what was not watched', () => {
    const [invocation] = sarif(found).runs[0]!.invocations;
    expect(invocation!.toolExecutionNotifications.map(({ message }) => message.text)).toEqual([
      'prod was not read: the state is encrypted',
      'aws/-/-/aws_iam_role is unknown: the last listing failed: <throttled>',
    ]);
    expect(sarif(nothing).runs[0]!.invocations[0]!.toolExecutionNotifications).toEqual([]);
  });
});

describe('JUnit', () => {
  it('fails on confirmed drifts, skips what is suspected or not watched, passes what was accepted', () => {
    const xml = scanAsJunit(found);
    expect(xml).toContain('<testsuites name="driftmgr" tests="6" failures="1" skipped="3" errors="0">');
    expect(xml.match(/<failure /g)).toHaveLength(1);
    expect(xml.match(/<skipped /g)).toHaveLength(3);
    expect(xml).toContain('<testsuite name="coverage" tests="1" failures="0" skipped="1" errors="0">');
  });

  it('is well-formed whatever names hold', () => {
    const nasty = [
      'a&b',
      '<x>',
      '"q"',
      "'q'",
      '\u0000\u0008',
      ']]>',
      '\ud800',
      '\uffff',
      'line\nbreak',
      '<!--',
    ];
    const xml = scanAsJunit({
      ...nothing,
      drifts: nasty.map((text, at) =>
        drift({
          id: `drf_${at}`,
          address: text,
          workspace: text,
          differences: [
            { path: text, op: 'changed', declared: JSON.stringify(text), observed: null, configured: null },
          ],
        }),
      ),
    });
    expect(wellFormed(xml)).toBe(true);
    expect(wellFormed('<a b="<"></a>')).toBe(false);
    expect(wellFormed('<a>&x</a>')).toBe(false);
  });

  it('of a scan that found nothing has one case, which passes', () => {
    expect(scanAsJunit(nothing)).toContain('tests="1" failures="0" skipped="0"');
    expect(scanAsJunit(nothing)).toContain('<testcase name="no drift" classname="driftmgr"/>');
  });
});

/** XML 1.0: only legal characters, quoted attributes, the five entities or numbers, tags that close. */
function wellFormed(xml: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  if (!xml.isWellFormed() || /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(xml)) return false;
  const text = String.raw`(?:[^<&]|&(?:amp|lt|gt|quot|apos|#\d+);)*`;
  const value = String.raw`"(?:[^<&"]|&(?:amp|lt|gt|quot|apos|#\d+);)*"`;
  const tag = new RegExp(`^<(/?)([a-z]+)((?: [a-z]+=${value})*)(/?)>${text}`);
  let rest = xml.replace(/^<\?xml[^?]*\?>\s*/, '');
  const open: string[] = [];
  while (rest !== '') {
    const [whole, closing, name, , empty] = tag.exec(rest) ?? [];
    if (whole === undefined) return false;
    if (closing === '/') {
      if (open.pop() !== name) return false;
    } else if (empty !== '/') open.push(name!);
    rest = rest.slice(whole.length);
  }
  return open.length === 0;
}
