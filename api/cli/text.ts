// Text for terminals: aligned tables and colours. Pure. Names come from outside: control characters never reach a terminal.

/** One line without control characters; an escape sequence in a resource's name stays harmless. */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\u00b7');

export type Paint = (text: string, colour: Colour) => string;
export type Colour = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold';

const CODES: Record<Colour, [number, number]> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

export const paintFor = (colours: boolean): Paint =>
  colours
    ? (text, colour) => `\u001b[${CODES[colour][0]}m${text}\u001b[${CODES[colour][1]}m`
    : (text) => text;

export interface Column<Row> {
  title: string;
  of(row: Row): string;
  colour?(row: Row): Colour | null;
}

/** Columns as wide as their widest cell; no white space at the end of lines. Empty for no rows. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], paint: Paint): string {
  if (rows.length === 0) return '';
  const cells = rows.map((row) => columns.map((column) => printable(column.of(row))));
  const widths = columns.map((column, at) =>
    cells.reduce((widest, line) => Math.max(widest, widthOf(line[at]!)), column.title.length),
  );
  const line = (texts: string[], colours: (Colour | null)[]): string =>
    texts
      .map((text, at) => {
        const last = at === texts.length - 1;
        const padding = last ? '' : ' '.repeat(widths[at]! - widthOf(text));
        const colour = colours[at];
        return (colour ? paint(text, colour) : text) + padding;
      })
      .join('  ')
      .trimEnd();
  const head = line(
    columns.map((column) => column.title),
    columns.map(() => 'dim'),
  );
  const body = rows.map((row, at) =>
    line(
      cells[at]!,
      columns.map((column) => column.colour?.(row) ?? null),
    ),
  );
  return `${[head, ...body].join('\n')}\n`;
}

/** Characters, not code units: an emoji in a name takes one place here (terminals may give it two). */
const widthOf = (text: string): number => [...text].length;

/** `3m`, `2h`, `5d` since then. */
export function ago(then: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(then)) / 1_000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** A JSON value on one line, cut at `limit` characters; a secret is named, not shown. */
export function brief(value: unknown, limit = 60): string {
  if (value === null || value === undefined) return '(none)';
  if (typeof value === 'object' && '$secret' in value) return '(secret)';
  const text = printable(JSON.stringify(value));
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
