// What was measured, as a table with a column for each contestant, and against the floors of our detector. Pure.
import { type Figure, percentile, table } from '../figures.ts';

export interface Measured {
  contestant: string;
  round: number;
  what: string;
  unit: string;
  value: number;
}

export const OURS = 'our detector';
export const STREAMS = 'Kafka Streams';
export const RAW = 'raw consume';
export const RATE = { unchanged: 'unchanged: records', changed: 'changed: records' } as const;
export const MEMORY = { unchanged: 'unchanged: peak PSS', changed: 'changed: peak PSS' } as const;

/** The median over the rounds; undefined where it was not measured. */
export function medianOf(all: readonly Measured[], contestant: string, what: string): number | undefined {
  const values = all.filter((one) => one.contestant === contestant && one.what === what);
  return values.length === 0
    ? undefined
    : percentile(
        values.map(({ value }) => value),
        0.5,
      );
}

export function columns(all: readonly Measured[]): string {
  const contestants = [...new Set(all.map(({ contestant }) => contestant))];
  const rows = [...new Map(all.map(({ what, unit }) => [what, unit]))].map(([what, unit]) => [
    what,
    ...contestants.map((contestant) => shown(medianOf(all, contestant, what), unit)),
  ]);
  const lines = [['', ...contestants], ...rows];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map((line) => line.map((cell, column) => pad(cell, column, widths[column]!)).join('   '))
    .join('\n');
}

const pad = (cell: string, column: number, width: number): string =>
  column === 0 ? cell.padEnd(width) : cell.padStart(width);
const shown = (value: number | undefined, unit: string): string => {
  if (value === undefined) return '–';
  if (unit === 'passed') return value === 1 ? 'passed' : 'FAILED';
  return `${value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)} ${unit}`;
};

/** Our detector against its floors; none where it was not measured. */
export function floors(all: readonly Measured[]): Figure[] {
  const ratio = (
    what: string,
    of: [string, string],
    to: [string, string],
    target: Figure['target'],
  ): Figure[] => {
    const [one, other] = [medianOf(all, ...of), medianOf(all, ...to)];
    if (one === undefined || other === undefined) return [];
    return [{ scenario: '', what, value: one / other, unit: '×', target }];
  };
  return (['unchanged', 'changed'] as const).flatMap((lot) => [
    ...ratio(`${lot}: rate, of Kafka Streams'`, [OURS, RATE[lot]], [STREAMS, RATE[lot]], { atLeast: 1 }),
    ...ratio(`${lot}: peak PSS, of Kafka Streams'`, [OURS, MEMORY[lot]], [STREAMS, MEMORY[lot]], {
      atMost: 0.5,
    }),
    ...(lot === 'unchanged'
      ? ratio(`${lot}: rate, of the raw consume rate`, [OURS, RATE[lot]], [RAW, RATE[lot]], { atLeast: 0.5 })
      : []),
  ]);
}

export const floorsTable = (figures: Figure[]): string => (figures.length === 0 ? '' : table(figures));
