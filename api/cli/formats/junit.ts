// A scan as JUnit XML, as continuous integration reads it: one suite a workspace, one case a drift, one suite for the
// gaps and one for what was not read. Confirmed drift fails, what is suspected or not watched is skipped with the reason, never passed. Pure.
import type { CoverageJson, DriftJson } from '../../types.ts';
import { counts, headline, placeOf, type ScanResult, type Unread, whoOf } from './scan.ts';

interface Case {
  name: string;
  className: string;
  outcome: 'passed' | 'failed' | 'skipped';
  message: string;
  text: string;
}

export function scanAsJunit(result: ScanResult): string {
  const suites = new Map<string, Case[]>();
  for (const drift of result.drifts) {
    const suite = drift.workspace ?? 'unmanaged';
    suites.set(suite, [...(suites.get(suite) ?? []), caseOf(drift)]);
  }
  const gaps = result.coverage.filter((scope) => scope.status !== 'covered').map(gapOf);
  if (gaps.length > 0) suites.set('coverage', [...(suites.get('coverage') ?? []), ...gaps]);
  if (result.unread.length > 0)
    suites.set('unread', [...(suites.get('unread') ?? []), ...result.unread.map(unreadOf)]);
  // A report without a case reads as "did not run".
  if (suites.size === 0) suites.set('drift', [IN_SYNC]);
  const all = [...suites.values()].flat();
  const body = [...suites].map(([name, cases]) => suiteText(name, cases)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="driftmgr" ${figures(all)}>\n${body}</testsuites>\n`;
}

const IN_SYNC: Case = {
  name: 'no drift',
  className: 'driftmgr',
  outcome: 'passed',
  message: '',
  text: '',
};

function caseOf(drift: DriftJson): Case {
  const failed = counts(drift) && drift.confidence === 'confirmed';
  const open = counts(drift);
  return {
    name: `${placeOf(drift)} ${drift.kind}`,
    className: drift.type,
    outcome: failed ? 'failed' : open ? 'skipped' : 'passed',
    message: `${failed ? '' : `${drift.confidence}: `}${headline(drift)}, by ${whoOf(drift)}`,
    text: [
      `drift ${drift.id}, severity ${drift.severity}, opened ${drift.openedAt}`,
      ...drift.differences.map(
        ({ path, declared, observed }) =>
          `${path}: declared ${JSON.stringify(declared)}, observed ${JSON.stringify(observed)}`,
      ),
    ].join('\n'),
  };
}

const gapOf = (scope: CoverageJson): Case => ({
  name: scope.scope,
  className: scope.type,
  outcome: 'skipped',
  message: `${scope.status}: ${scope.reasons.join('; ') || 'no reason given'}`,
  text: '',
});

const unreadOf = ({ what, reason }: Unread): Case => ({
  name: what,
  className: 'driftmgr',
  outcome: 'skipped',
  message: `not read: ${reason}`,
  text: '',
});

function suiteText(name: string, cases: readonly Case[]): string {
  return `  <testsuite name="${escaped(name)}" ${figures(cases)}>\n${cases.map(caseText).join('')}  </testsuite>\n`;
}

function caseText({ name, className, outcome, message, text }: Case): string {
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(className)}"`;
  if (outcome === 'passed') return `${open}/>\n`;
  const inner =
    outcome === 'skipped'
      ? `<skipped message="${escaped(message)}"/>`
      : `<failure message="${escaped(message)}" type="drift">${escaped(text)}</failure>`;
  return `${open}>${inner}</testcase>\n`;
}

const figures = (cases: readonly Case[]): string =>
  `tests="${cases.length}" failures="${cases.filter(({ outcome }) => outcome === 'failed').length}" skipped="${cases.filter(({ outcome }) => outcome === 'skipped').length}" errors="0"`;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no place for most control characters and lone surrogates, not even escaped: they become U+FFFD. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
    .replace(/[\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
