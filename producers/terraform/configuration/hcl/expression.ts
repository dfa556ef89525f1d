// HCL expressions as far as their structure can be known without evaluating them; the rest is passed over. Pure.
import type { Piece, Scanner } from './scanner.ts';
import { type Expression, type ObjectItem, OTHER, type Step } from './syntax.ts';

const DEEPEST = 100;
const KEYWORDS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * The expression that begins here. It ends at an end of line, unless `lines` says that it stands between brackets that
 * make those mean nothing; at a comma; or at the bracket that closes what it stands in.
 */
export function expression(scanner: Scanner, lines: boolean, depth = 0): Expression {
  if (depth > DEEPEST) scanner.refuse('expressions are nested too deeply');
  scanner.space(lines);
  const start = scanner.at;
  const found = primary(scanner, depth);
  scanner.space(lines);
  if (found !== null && ended(scanner)) return found;
  const before = scanner.at;
  scanner.rest(lines);
  if (scanner.at === start && scanner.at === before) scanner.refuse('an expression was expected');
  return OTHER;
}

const ended = (scanner: Scanner): boolean => ['', '\n', ',', '}', ']', ')'].includes(scanner.peek());

/** Null: what stands here is passed over, perhaps in part. */
function primary(scanner: Scanner, depth: number): Expression | null {
  const first = scanner.peek();
  if (first === '"') return template(scanner, scanner.string(), depth);
  if (first === '<') return scanner.heredoc() ? OTHER : null;
  if (first === '[') return tuple(scanner, depth);
  if (first === '{') return object(scanner, depth);
  const number = scanner.number();
  if (number !== null) return { kind: 'literal', value: number };
  const name = scanner.name();
  if (name === null) return null;
  const keyword = KEYWORDS.get(name);
  if (keyword !== undefined) return { kind: 'literal', value: keyword };
  return reference(scanner, name, depth);
}

/** The expression in a string: a text, or texts and what is interpolated; `"${x}"` is x itself. */
export function template(scanner: Scanner, pieces: readonly Piece[], depth: number): Expression {
  const parts = pieces.map((piece): Expression => {
    if (piece === null) return OTHER;
    if ('text' in piece) return { kind: 'literal', value: piece.text };
    const inside = scanner.within(piece.from, piece.to);
    const found = expression(inside, true, depth + 1);
    // `~}` strips white space around; what is left over otherwise was no single expression.
    return inside.peek() === '' ? found : OTHER;
  });
  return parts.length === 1 ? parts[0]! : { kind: 'template', parts };
}

/** True where a `for` stands behind the bracket that was just taken. */
function isFor(scanner: Scanner): boolean {
  const back = scanner.at;
  scanner.space(true);
  const found = scanner.name() === 'for';
  scanner.at = back;
  return found;
}

function tuple(scanner: Scanner, depth: number): Expression {
  scanner.take('[');
  if (isFor(scanner)) return passOver(scanner, ']');
  const items: Expression[] = [];
  for (;;) {
    scanner.space(true);
    if (scanner.is(']')) break;
    items.push(expression(scanner, true, depth + 1));
    if (!scanner.is(',')) break;
    scanner.at++;
  }
  scanner.take(']');
  return { kind: 'tuple', items };
}

function object(scanner: Scanner, depth: number): Expression {
  scanner.take('{');
  if (isFor(scanner)) return passOver(scanner, '}');
  const items: ObjectItem[] = [];
  for (;;) {
    scanner.space(true);
    if (scanner.is('}')) break;
    const key = itemKey(scanner, depth);
    scanner.space(false);
    if (!scanner.is('=') && !scanner.is(':')) scanner.refuse('"=" was expected');
    scanner.at++;
    items.push({ key, value: expression(scanner, false, depth + 1) });
    if (scanner.is(',')) scanner.at++;
    else if (!scanner.is('}') && !scanner.is('\n')) scanner.refuse('"}" was expected');
  }
  scanner.take('}');
  return { kind: 'object', items };
}

/** A bare name is a text; one in parentheses is an expression, of which nothing is known. */
function itemKey(scanner: Scanner, depth: number): Expression {
  if (scanner.is('"')) return template(scanner, scanner.string(), depth);
  if (scanner.is('(')) {
    scanner.at++;
    return passOver(scanner, ')');
  }
  const number = scanner.number();
  if (number !== null) return { kind: 'literal', value: number };
  const name = scanner.name();
  if (name === null) scanner.refuse('a name was expected');
  if (!scanner.is('.') && !scanner.is('[')) return { kind: 'literal', value: name };
  // `aws.east = …` in what a call passes to a module.
  return reference(scanner, name, depth) ?? OTHER;
}

/** Behind the bracket that closes what the scanner stands in. */
function passOver(scanner: Scanner, close: string): Expression {
  for (;;) {
    scanner.rest(true);
    if (!scanner.is(',')) break;
    scanner.at++;
  }
  scanner.take(close);
  return OTHER;
}

/** A reference, or null when it turns out to be a call or to hold a splat. */
function reference(scanner: Scanner, root: string, depth: number): Expression | null {
  const steps: Step[] = [];
  for (;;) {
    if (scanner.is('.')) {
      scanner.at++;
      const name = scanner.name();
      // `x.0` is an index in the form of Terraform 0.11.
      const number = name === null ? scanner.number() : null;
      if (name !== null) steps.push({ name });
      else if (number !== null && Number.isInteger(number)) steps.push({ index: number });
      else return null;
    } else if (scanner.is('[')) {
      const bracket = scanner.at++;
      scanner.space(true);
      if (scanner.is('*')) {
        scanner.at = bracket;
        return null;
      }
      const index = expression(scanner, true, depth + 1);
      const value = index.kind === 'literal' ? index.value : null;
      steps.push({ index: typeof value === 'string' || typeof value === 'number' ? value : null });
      scanner.take(']');
    } else break;
  }
  // `provider::name::call(…)` and `call(…)`.
  if (scanner.is('(') || scanner.is('::')) return null;
  return { kind: 'reference', root, steps };
}
