// Reads HCL's native syntax by characters: white space and comments, names, strings, heredocs, and whatever stands between
// balanced brackets. Rests on the scanner and specification of HCL 2 (hclsyntax). Pure.
import { ConfigurationProblem } from '../problem.ts';

const NAME = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const HEREDOC = /<<-?([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy;
const INLINE = /(?:[ \t\r]+|\/\*[\s\S]*?\*\/)+/y;
const COMMENT = /(?:#|\/\/)[^\n]*/y;
/** Up to the next character that means something where brackets are balanced. */
const PLAIN = /[^"(){}[\]\n#/<,]+/y;

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
/** How deeply brackets and interpolations may be nested in what is passed over. */
const DEEPEST = 1_000;

/** Of a string: a text, where the inside of an interpolation is, or null for what is not followed. */
export type Piece = { text: string } | { from: number; to: number } | null;

export class Scanner {
  readonly text: string;
  at: number;
  readonly end: number;
  readonly #file: string;

  constructor(text: string, file: string, from = text.startsWith('\ufeff') ? 1 : 0, end = text.length) {
    this.text = text;
    this.#file = file;
    this.at = from;
    this.end = end;
  }

  /** The same text from one place to another. */
  within(from: number, end: number): Scanner {
    return new Scanner(this.text, this.#file, from, end);
  }

  peek(): string {
    return this.at < this.end ? this.text[this.at]! : '';
  }

  is(text: string): boolean {
    return this.at + text.length <= this.end && this.text.startsWith(text, this.at);
  }

  /** Passes over white space and comments, over ends of lines too where they mean nothing. */
  space(lines: boolean): void {
    for (;;) {
      this.#match(INLINE);
      this.#match(COMMENT);
      if (this.is('/*')) this.refuse('a comment is not closed');
      if (!lines || this.peek() !== '\n') return;
      this.at++;
    }
  }

  name(): string | null {
    return this.#match(NAME)?.[0] ?? null;
  }

  number(): number | null {
    const found = this.#match(NUMBER);
    return found === null ? null : Number(found[0]);
  }

  take(text: string): void {
    if (!this.is(text)) this.refuse(`"${text}" was expected`);
    this.at += text.length;
  }

  /** A quoted string; the scanner stands at its first quote. */
  string(): Piece[] {
    const start = this.at++;
    const pieces = this.#pieces(true);
    if (!this.is('"')) {
      this.at = start;
      this.refuse('a string is not closed');
    }
    this.at++;
    return pieces;
  }

  /** The whole text as a template without quotes and escapes. */
  bare(): Piece[] {
    return this.#pieces(false);
  }

  /** Up to the closing quote, the end of the line, or that of all. */
  #pieces(quoted: boolean): Piece[] {
    const pieces: Piece[] = [];
    let text = '';
    for (;;) {
      const character = this.peek();
      if (character === '' || (quoted && (character === '"' || character === '\n')))
        return text === '' && pieces.length > 0 ? pieces : [...pieces, { text }];
      if (quoted && character === '\\') text += this.#escape();
      else if (this.#beginsTemplate()) {
        if (text !== '') pieces.push({ text });
        text = '';
        pieces.push(this.#interpolation());
      } else text += this.#literal();
    }
  }

  /** Passes over a heredoc, if one begins here; its end of line is left, as it ends what it stands in. */
  heredoc(): boolean {
    const start = this.at;
    const marker = this.#match(HEREDOC)?.[1];
    if (marker === undefined) return false;
    for (let lineStart = true; ; ) {
      const close = lineStart ? this.#closes(marker) : null;
      if (close !== null) {
        this.at = close;
        return true;
      }
      if (this.at >= this.end) {
        this.at = start;
        this.refuse('a heredoc is not closed');
      }
      lineStart = false;
      if (this.#beginsTemplate()) this.#interpolation();
      else lineStart = this.#literal() === '\n';
    }
  }

  /**
   * Passes over the rest of an expression: up to an end of line (unless `lines`: then it means nothing here), a comma, or
   * the bracket that closes what it stands in.
   */
  rest(lines: boolean): void {
    const open: string[] = [];
    while (this.at < this.end) {
      if (this.#match(PLAIN)) continue;
      const character = this.peek();
      if (character === '"') this.string();
      else if (character === '<') {
        if (!this.heredoc()) this.at++;
      } else if (character === '#' || this.is('//')) this.#match(COMMENT);
      else if (character === '/') {
        if (!this.#match(INLINE)) {
          if (this.is('/*')) this.refuse('a comment is not closed');
          this.at++;
        }
      } else if (character === '\n') {
        if (open.length === 0 && !lines) return;
        this.at++;
      } else if (character === ',') {
        if (open.length === 0) return;
        this.at++;
      } else if (character in CLOSING) {
        if (open.length >= DEEPEST) this.refuse('brackets are nested too deeply');
        open.push(CLOSING[character]!);
        this.at++;
      } else {
        const expected = open.pop();
        if (expected === undefined) return;
        if (character !== expected) this.refuse(`"${expected}" was expected`);
        this.at++;
      }
    }
    if (open.length > 0) this.refuse(`"${open.at(-1)}" was expected, the file ends`);
  }

  refuse(what: string): never {
    const line = this.text.slice(0, this.at).split('\n').length;
    throw new ConfigurationProblem(`${this.#file}, line ${line}: ${what}`);
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found === null || this.at + found[0].length > this.end) return null;
    this.at += found[0].length;
    return found;
  }

  #beginsTemplate(): boolean {
    return this.is('${') || this.is('%{');
  }

  /** One character of a text, or the doubled sign that stands for a bare one. */
  #literal(): string {
    if (this.is('$${') || this.is('%%{')) {
      this.at += 3;
      return this.text.slice(this.at - 2, this.at);
    }
    return this.text[this.at++]!;
  }

  #escape(): string {
    const [, long, code, other] =
      /\\(?:([uU])([0-9a-fA-F]{8}|[0-9a-fA-F]{4})|([\s\S]))/.exec(this.text.slice(this.at, this.at + 10)) ??
      [];
    if (long !== undefined) {
      const digits = code!.slice(0, long === 'u' ? 4 : 8);
      this.at += 2 + digits.length;
      const point = Number.parseInt(digits, 16);
      if (digits.length < (long === 'u' ? 4 : 8) || point > 0x10ffff)
        this.refuse('an escape in a string is not known');
      return String.fromCodePoint(point);
    }
    const character = ESCAPES[other ?? ''];
    if (character === undefined) this.refuse('an escape in a string is not known');
    this.at += 2;
    return character;
  }

  #depth = 0;

  /** `${ … }` or `%{ … }`: where its inside is. Strings within it may hold others, and so on. */
  #interpolation(): Piece {
    const directive = this.peek() === '%';
    if (++this.#depth > DEEPEST / 10) this.refuse('interpolations are nested too deeply');
    this.at += 2;
    if (this.peek() === '~') this.at++;
    const from = this.at;
    for (;;) {
      this.rest(true);
      if (this.peek() === '}') break;
      // A comma has no place there, but is no concern of ours.
      if (this.peek() !== ',') this.refuse('"}" was expected');
      this.at++;
    }
    this.#depth--;
    const to = this.at++;
    return directive ? null : { from, to };
  }

  /** Where the line ends that closes the heredoc, if this line does. */
  #closes(marker: string): number | null {
    let at = this.at;
    while (this.text[at] === ' ' || this.text[at] === '\t') at++;
    if (!this.text.startsWith(marker, at)) return null;
    at += marker.length;
    const after = this.text[at];
    return after === undefined || after === '\n' || (after === '\r' && this.text[at + 1] === '\n')
      ? at
      : null;
  }
}
