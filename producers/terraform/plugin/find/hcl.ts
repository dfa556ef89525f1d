// The part of HCL that Terraform's CLI configuration and lock file are written in: blocks, and attributes whose values are
// literals. Nothing is evaluated. Pure.
import { DriftError } from '../../../../runtime/errors.ts';

export type HclValue = null | boolean | number | string | HclValue[] | { [name: string]: HclValue };

export interface HclBody {
  attributes: Readonly<Record<string, HclValue>>;
  blocks: readonly HclBlock[];
}
export interface HclBlock {
  type: string;
  labels: readonly string[];
  body: HclBody;
}

type Token =
  | { kind: 'name'; text: string; line: number }
  | { kind: 'string'; text: string; line: number }
  | { kind: 'number'; text: string; line: number }
  | { kind: 'mark'; text: string; line: number }
  | { kind: 'newline'; text: '\n'; line: number };

const TOKEN =
  /[ \t\r]+|(?:#|\/\/)[^\n]*|\/\*[\s\S]*?\*\/|(\n)|("(?:[^"\\\n]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|([={}[\]:,])/y;
const DEEPEST = 50;

/** `file` is for messages, which name the line and never its content: credentials may stand there. */
export function parseHcl(text: string, file: string): HclBody {
  const tokens = [...tokensOf(text, file)];
  let position = 0;
  const body = parseBody(0, null);
  return body;

  function peek(): Token | undefined {
    return tokens[position];
  }
  function refuse(what: string, line = peek()?.line ?? tokens.at(-1)?.line ?? 1): never {
    throw refusal(file, line, what);
  }
  function skipNewlines(): void {
    while (peek()?.kind === 'newline') position++;
  }
  function isMark(text: string): boolean {
    const token = peek();
    return token?.kind === 'mark' && token.text === text;
  }
  function take(text: string): void {
    if (!isMark(text)) refuse(`"${text}" was expected`);
    position++;
  }

  function parseBody(depth: number, end: string | null): HclBody {
    if (depth > DEEPEST) refuse('blocks are nested too deeply');
    const attributes: Record<string, HclValue> = {};
    const blocks: HclBlock[] = [];
    for (;;) {
      skipNewlines();
      const token = peek();
      if (!token) {
        if (end !== null) refuse(`"${end}" was expected, the file ends`);
        return { attributes, blocks };
      }
      if (end !== null && isMark(end)) {
        position++;
        return { attributes, blocks };
      }
      if (token.kind !== 'name' && token.kind !== 'string') refuse('a name was expected');
      position++;
      if (isMark('=')) {
        position++;
        set(attributes, token.text, parseValue(depth));
      } else blocks.push({ type: token.text, labels: labels(), body: parseBody(depth + 1, '}') });
      // HCL 1 lets several stand on one line; so do we.
      if (isMark(',')) position++;
    }
  }

  function labels(): string[] {
    const found: string[] = [];
    for (let token = peek(); token && !isMark('{'); token = peek()) {
      if (token.kind !== 'string' && token.kind !== 'name') refuse('"=" or "{" was expected');
      found.push(token.text);
      position++;
    }
    take('{');
    return found;
  }

  function parseValue(depth: number): HclValue {
    if (depth > DEEPEST) refuse('values are nested too deeply');
    skipNewlines();
    const token = peek() ?? refuse('a value was expected, the file ends');
    position++;
    if (token.kind === 'string') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'mark' && token.text === '[') return list(depth);
    if (token.kind === 'mark' && token.text === '{') return object(depth);
    if (token.kind === 'name') {
      if (token.text === 'true' || token.text === 'false') return token.text === 'true';
      if (token.text === 'null') return null;
    }
    return refuse('a literal was expected', token.line);
  }

  function list(depth: number): HclValue[] {
    const values: HclValue[] = [];
    for (;;) {
      skipNewlines();
      if (isMark(']')) break;
      values.push(parseValue(depth + 1));
      skipNewlines();
      if (!isMark(',')) break;
      position++;
    }
    take(']');
    return values;
  }

  function object(depth: number): HclValue {
    const values: Record<string, HclValue> = {};
    for (;;) {
      skipNewlines();
      if (isMark('}')) break;
      const token = peek() ?? refuse('"}" was expected, the file ends');
      if (token.kind !== 'name' && token.kind !== 'string') refuse('a name was expected');
      position++;
      if (!isMark('=') && !isMark(':')) refuse('"=" was expected');
      position++;
      set(values, token.text, parseValue(depth + 1));
      if (isMark(',')) position++;
    }
    take('}');
    return values;
  }
}

/** Also a name that JavaScript keeps to itself becomes an ordinary one. */
const set = (values: Record<string, HclValue>, name: string, value: HclValue): void => {
  Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
};

function* tokensOf(text: string, file: string): Generator<Token> {
  TOKEN.lastIndex = 0;
  let line = 1;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (!match) throw refusal(file, line, 'this is no HCL that is known here: only blocks and literals are');
    const [whole, newline, string, number, name, mark] = match;
    if (newline) yield { kind: 'newline', text: '\n', line };
    else if (string) yield { kind: 'string', text: unquoted(string, file, line), line };
    else if (number) yield { kind: 'number', text: number, line };
    else if (name) yield { kind: 'name', text: name, line };
    else if (mark) yield { kind: 'mark', text: mark, line };
    line += whole.split('\n').length - 1;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function unquoted(text: string, file: string, line: number): string {
  return text.slice(1, -1).replace(/\\(u[0-9a-fA-F]{4}|.)/g, (_, code: string) => {
    if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const character = ESCAPES[code];
    if (character === undefined) throw refusal(file, line, 'an escape in a string is not known');
    return character;
  });
}

const refusal = (file: string, line: number, what: string): DriftError =>
  new DriftError(`${file}, line ${line}: ${what}`, {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public: `${file}, line ${line}: ${what}`,
  });
