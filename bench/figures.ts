// Numbers of a run: percentiles and a table. Pure.
export interface Figure {
  /** Scenario letter of the list in README. */
  scenario: string;
  what: string;
  value: number;
  unit: string;
  /** The floor (or ceiling) it is held against; null: for information. */
  target: { atLeast?: number; atMost?: number } | null;
}

/** The value below which the given part (0..1) of the samples lies; NaN of none. */
export function percentile(samples: number[], part: number): number {
  if (samples.length === 0) return Number.NaN;
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!;
}

export function verdict(figure: Figure): string {
  if (!figure.target) return '';
  const { atLeast, atMost } = figure.target;
  if (atLeast !== undefined)
    return figure.value >= atLeast ? 'met' : `missed (${ratio(figure.value / atLeast)} of it)`;
  if (atMost !== undefined)
    return figure.value <= atMost ? 'met' : `missed (${ratio(figure.value / atMost)} of it)`;
  return '';
}

export function table(figures: Figure[]): string {
  const rows = figures.map((figure) => [
    figure.scenario,
    figure.what,
    `${round(figure.value)} ${figure.unit}`,
    target(figure),
    verdict(figure),
  ]);
  const head = ['', 'what', 'measured', 'target', ''];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function target(figure: Figure): string {
  if (figure.target?.atLeast !== undefined) return `≥ ${figure.target.atLeast} ${figure.unit}`;
  if (figure.target?.atMost !== undefined) return `≤ ${figure.target.atMost} ${figure.unit}`;
  return '';
}

const ratio = (value: number): string => `${value.toFixed(2)}×`;
const round = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1);
