// A scan for people: what drifted, then what could not be told, then one line of figures. Pure.
import { driftTable } from '../drift-table.ts';
import { paintFor, table } from '../text.ts';
import { counts, type ScanResult, summaryLine } from './scan.ts';

export function scanAsTable(result: ScanResult, options: { colours: boolean; now: number }): string {
  const paint = paintFor(options.colours);
  const parts: string[] = [];
  const drifts = driftTable(result.drifts, options.now, paint);
  if (drifts !== '') parts.push(drifts);
  const gaps = table(
    [
      { title: 'NOT FULLY WATCHED', of: (gap) => gap.scope },
      { title: 'STATUS', of: (gap) => gap.status, colour: () => 'yellow' },
      { title: 'DECLARED', of: (gap) => String(gap.declared) },
      { title: 'OBSERVED', of: (gap) => String(gap.observed) },
      { title: 'WHY', of: (gap) => gap.reasons.join('; ') },
    ],
    result.coverage.filter((scope) => scope.status !== 'covered'),
    paint,
  );
  if (gaps !== '') parts.push(gaps);
  const unread = table(
    [
      { title: 'NOT READ', of: (one) => one.what, colour: () => 'yellow' },
      { title: 'WHY', of: (one) => one.reason },
    ],
    result.unread,
    paint,
  );
  if (unread !== '') parts.push(unread);
  const confirmed = result.drifts.some((drift) => drift.confidence === 'confirmed' && counts(drift));
  parts.push(`${paint(summaryLine(result.summary), confirmed ? 'red' : 'green')}\n`);
  return parts.join('\n');
}
