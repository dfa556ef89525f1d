// Declared and observed as lines that stand beside each other: only what differs, with enough around it to know it by. Pure.
import { canonical, isMembers, isSecret, type Members, oneLine, parsed } from './values.ts';

export interface Line {
  /** `skipped` stands for what is equal and left out; its text is on both sides. */
  op: 'same' | 'changed' | 'added' | 'removed' | 'skipped';
  depth: number;
  declared: string | null;
  observed: string | null;
}

/** Equal members of a block that differs are shown up to this number: they tell which block it is. */
const CONTEXT = 4;
/** Blocks left over on both sides are paired by likeness up to this many comparisons. */
const PAIRING = 2_500;
/** Texts of several lines are aligned up to this many comparisons; longer ones are shown whole. */
const ALIGNING = 250_000;

export function lineDifference(declared: unknown, observed: unknown): Line[] {
  const [from, to] = [parsed(declared), parsed(observed)];
  if (from === null || from === undefined) return to === null ? [] : written('', to, 0, 'added');
  if (to === null || to === undefined) return written('', from, 0, 'removed');
  return compared('', from, to, 0);
}

/** A value alone, over as many lines as it needs; a block without the braces around it. */
export function linesOf(value: unknown): string[] {
  const all = written('', parsed(value), 0, 'same');
  const [lines, outer] = isBlock(value) && all.length > 1 ? [all.slice(1, -1), 1] : [all, 0];
  return lines.map(({ depth, declared }) => `${'  '.repeat(depth - outer)}${declared}`);
}

type Whole = 'same' | 'added' | 'removed';

function line(op: Line['op'], depth: number, text: string): Line {
  return {
    op,
    depth,
    declared: op === 'added' ? null : text,
    observed: op === 'removed' ? null : text,
  };
}

/** `label` is what stands before the value: `port = ` in a block, nothing in a list. */
function written(label: string, value: unknown, depth: number, op: Whole): Line[] {
  if (isText(value))
    return [
      line(op, depth, `${label}<<EOT`),
      ...value.split('\n').map((text) => line(op, depth + 1, text)),
      line(op, depth, 'EOT'),
    ];
  const short = oneLine(value);
  if (short !== null) return [line(op, depth, label + short)];
  const inner = Array.isArray(value)
    ? value.flatMap((item) => written('', item, depth + 1, op))
    : Object.entries(value as Members).flatMap(([name, each]) => written(`${name} = `, each, depth + 1, op));
  const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
  return [line(op, depth, label + open), ...inner, line(op, depth, close)];
}

/** Several lines: shown as Terraform code writes them, not as one with escapes. */
const isText = (value: unknown): value is string => typeof value === 'string' && value.includes('\n');

function compared(label: string, from: unknown, to: unknown, depth: number): Line[] {
  if (canonical(from) === canonical(to)) return written(label, from, depth, 'same');
  if (Array.isArray(from) && Array.isArray(to) && (from.length > 0 || to.length > 0))
    return around(label, depth, '[', ']', elements(from, to, depth + 1));
  if (isBlock(from) && isBlock(to)) return around(label, depth, '{', '}', members(from, to, depth + 1));
  if (isText(from) && isText(to))
    return around(label, depth, '<<EOT', 'EOT', texts(from.split('\n'), to.split('\n'), depth + 1));
  const [declared, observed] = [oneLine(from), oneLine(to)];
  if (declared === null || observed === null)
    return [...written(label, from, depth, 'removed'), ...written(label, to, depth, 'added')];
  // Two fingerprints that differ are two secrets; the text would be the same.
  const other = isSecret(from) && isSecret(to) ? 'another secret' : observed;
  return [{ op: 'changed', depth, declared: label + declared, observed: label + other }];
}

const isBlock = (value: unknown): value is Members => isMembers(value) && !isSecret(value);

const around = (label: string, depth: number, open: string, close: string, inner: Line[]): Line[] => [
  line('same', depth, label + open),
  ...inner,
  line('same', depth, close),
];

const skipped = (depth: number, count: number, what: string): Line[] =>
  count === 0 ? [] : [line('skipped', depth, `${count} ${what}${count === 1 ? '' : 's'} the same`)];

function members(from: Members, to: Members, depth: number): Line[] {
  const names = [...new Set([...Object.keys(from), ...Object.keys(to)])];
  const equal = new Set(names.filter((name) => canonical(from[name]) === canonical(to[name])));
  const shown = new Set([...equal].filter((name) => oneLine(from[name]) !== null).slice(0, CONTEXT));
  const lines = names.flatMap((name): Line[] => {
    const label = `${name} = `;
    if (equal.has(name)) return shown.has(name) ? written(label, from[name], depth, 'same') : [];
    if (!(name in from)) return written(label, to[name], depth, 'added');
    if (!(name in to)) return written(label, from[name], depth, 'removed');
    return compared(label, from[name], to[name], depth);
  });
  return [...lines, ...skipped(depth, equal.size - shown.size, 'attribute')];
}

/** Elements are matched by value, not by place: most of Terraform's lists are sets. */
function elements(from: unknown[], to: unknown[], depth: number): Line[] {
  const waiting = new Map<string, number>();
  for (const item of to) waiting.set(canonical(item), (waiting.get(canonical(item)) ?? 0) + 1);
  const gone = from.filter((item) => !take(waiting, canonical(item)));
  const came = to.filter((item) => take(waiting, canonical(item)));
  const same = from.length - gone.length;
  if (gone.length === 0 && came.length === 0)
    return [
      {
        op: 'changed',
        depth,
        declared: `${from.length} elements`,
        observed: 'the same elements in another order',
      },
    ];
  const lines: Line[] = [];
  for (const [left, right] of paired(gone, came)) {
    if (left === NONE) lines.push(...written('', right, depth, 'added'));
    else if (right === NONE) lines.push(...written('', left, depth, 'removed'));
    else lines.push(...compared('', left, right, depth));
  }
  return [...lines, ...skipped(depth, same, 'element')];
}

function take(waiting: Map<string, number>, text: string): boolean {
  const count = waiting.get(text) ?? 0;
  if (count > 0) waiting.set(text, count - 1);
  return count > 0;
}

const NONE = Symbol('no element');

/** Blocks that are alike stand beside each other, so that one changed member is seen as that. */
function paired(gone: unknown[], came: unknown[]): [unknown, unknown][] {
  const left = [...came];
  const pairs = gone.map((item): [unknown, unknown] => {
    if (gone.length * came.length > PAIRING || !isBlock(item)) return [item, NONE];
    let best = -1;
    let most = 0;
    for (const [index, candidate] of left.entries()) {
      const likeness = isBlock(candidate) ? alike(item, candidate) : 0;
      if (likeness > most) [best, most] = [index, likeness];
    }
    return best === -1 ? [item, NONE] : [item, left.splice(best, 1)[0]];
  });
  return [...pairs, ...left.map((item): [unknown, unknown] => [NONE, item])];
}

/** How many members have equal values that say something; half of the members at least, else 0. */
function alike(a: Members, b: Members): number {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  const equal = names.filter((name) => canonical(a[name]) === canonical(b[name])).length;
  return equal * 2 >= names.length ? equal : 0;
}

function texts(from: string[], to: string[], depth: number): Line[] {
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (
    end < from.length - start &&
    end < to.length - start &&
    from[from.length - 1 - end] === to[to.length - 1 - end]
  )
    end++;
  return [
    ...skipped(depth, start, 'line'),
    ...aligned(from.slice(start, from.length - end), to.slice(start, to.length - end), depth),
    ...skipped(depth, end, 'line'),
  ];
}

/** The longest common lines stay; what is between them was removed or added. */
function aligned(from: string[], to: string[], depth: number): Line[] {
  const removed = from.map((text) => line('removed', depth, text));
  const added = to.map((text) => line('added', depth, text));
  if (from.length * to.length > ALIGNING) return [...removed, ...added];
  const width = to.length + 1;
  const common = new Uint32Array((from.length + 1) * width);
  for (let i = from.length - 1; i >= 0; i--)
    for (let j = to.length - 1; j >= 0; j--)
      common[i * width + j] =
        from[i] === to[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    if (i < from.length && j < to.length && from[i] === to[j]) {
      lines.push(line('same', depth, from[i]!));
      i++;
      j++;
    } else if (
      j >= to.length ||
      (i < from.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    )
      lines.push(removed[i++]!);
    else lines.push(added[j++]!);
  }
  return lines;
}
