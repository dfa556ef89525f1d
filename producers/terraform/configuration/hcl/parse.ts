// HCL's native syntax as blocks and attributes. Nothing is evaluated. Pure.
import { expression } from './expression.ts';
import { Scanner } from './scanner.ts';
import type { Block, Body, Expression } from './syntax.ts';

const DEEPEST = 50;

/** Throws ConfigurationProblem, which names the file (as it is given) and the line. */
export function parseHcl(text: string, file: string): Body {
  const scanner = new Scanner(text, file);
  const parsed = body(scanner, 0);
  if (scanner.peek() !== '') scanner.refuse('a name was expected');
  return parsed;
}

/** What a text outside HCL says that holds an expression: a reference in quotes, a string of the JSON syntax. */
export function parseExpression(text: string): Expression | null {
  try {
    const scanner = new Scanner(text, '');
    const found = expression(scanner, true);
    return scanner.peek() === '' ? found : null;
  } catch {
    return null;
  }
}

function body(scanner: Scanner, depth: number): Body {
  if (depth > DEEPEST) scanner.refuse('blocks are nested too deeply');
  const attributes = new Map<string, Expression>();
  const blocks: Block[] = [];
  for (;;) {
    scanner.space(true);
    if (scanner.peek() === '' || scanner.is('}')) return { attributes, blocks };
    const name = scanner.name();
    if (name === null) scanner.refuse('a name was expected');
    scanner.space(false);
    if (scanner.is('=') && !scanner.is('==')) {
      scanner.at++;
      attributes.set(name, expression(scanner, false));
    } else blocks.push(block(scanner, name, depth));
    scanner.space(false);
    if (!['', '\n', '}'].includes(scanner.peek())) scanner.refuse('an end of line was expected');
  }
}

function block(scanner: Scanner, type: string, depth: number): Block {
  const labels: string[] = [];
  for (; !scanner.is('{'); scanner.space(false)) {
    if (scanner.is('"')) {
      const [piece, ...more] = scanner.string();
      if (!piece || !('text' in piece) || more.length > 0) scanner.refuse('a label holds no interpolations');
      labels.push(piece.text);
    } else {
      const label = scanner.name();
      if (label === null) scanner.refuse('"=" or "{" was expected');
      labels.push(label);
    }
  }
  scanner.take('{');
  const inside = body(scanner, depth + 1);
  scanner.take('}');
  return { type, labels, body: inside };
}
