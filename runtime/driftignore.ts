// The .driftignore syntax: one rule a line, as in .gitignore, later lines over earlier ones. Pure; docs/ignoring.md tells it
// to people.
//
//   workspace:GLOB type:GLOB ADDRESS-GLOB ATTRIBUTE-GLOB   # reason owner=… until=…

/** A rule as the configuration has it in `detector.rules`, and as `rules.published` carries it. */
export interface IgnoreLine {
  name: string;
  workspace?: string;
  type?: string;
  address?: string;
  path?: string;
  owner?: string;
  reason: string;
  until?: string;
  /** What earlier rules ignore is not ignored after all. */
  not?: boolean;
}

export interface IgnoreFile {
  rules: IgnoreLine[];
  /** Every mistake, each with its line and what to do. */
  problems: string[];
}

const LONGEST_FILE = 256 * 1024;
const MOST_RULES = 2_000;
const LONGEST_LINE = 2_000;
export const NO_REASON = 'no reason given';

/** `file` is what the rules are named after, and how problems say where they are. */
export function parseDriftignore(text: string, file = '.driftignore'): IgnoreFile {
  const rules: IgnoreLine[] = [];
  const problems: string[] = [];
  if (text.length > LONGEST_FILE)
    return { rules, problems: [`${file}: longer than ${LONGEST_FILE} characters; split it by workspace`] };
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const seen = new Map<string, number>();
  lines.forEach((line, i) => {
    const at = `${file}:${i + 1}`;
    const { rule, wrong } = parseLine(line);
    problems.push(...wrong.map((problem) => `${at}: ${problem}`));
    if (rule === null) return;
    const before = seen.get(rule.name);
    if (before !== undefined) problems.push(`${at}: says the same as line ${before}; remove one of them`);
    seen.set(rule.name, i + 1);
    rules.push({ ...rule, name: `${file}: ${rule.name}` });
  });
  if (rules.length > MOST_RULES)
    problems.push(`${file}: ${rules.length} rules are more than ${MOST_RULES}; use globs`);
  return { rules, problems };
}

interface Line {
  rule: IgnoreLine | null;
  wrong: string[];
}

const FIELDS = ['workspace', 'type', 'address', 'path'] as const;
type Field = (typeof FIELDS)[number];

function parseLine(line: string): Line {
  if (line.length > LONGEST_LINE)
    return { rule: null, wrong: [`longer than ${LONGEST_LINE} characters; one rule a line`] };
  const { words, comment, open } = split(line);
  if (open) return { rule: null, wrong: ['a quote is not closed; write \\" for one inside a quoted key'] };
  if (words.length === 0) return { rule: null, wrong: [] };
  const wrong: string[] = [];
  const not = words[0]!.startsWith('!');
  if (not) words[0] = words[0]!.slice(1);
  const fields: Partial<Record<Field, string>> = {};
  for (const word of words.filter((one) => one !== '')) {
    const named = /^([a-z]+):(.*)$/s.exec(word);
    const isNamed = named !== null && !word.startsWith('module.');
    const field = isNamed ? named[1]! : fields.address === undefined ? 'address' : 'path';
    const glob = isNamed ? named[2]! : word;
    if (!(FIELDS as readonly string[]).includes(field))
      wrong.push(`${field}: is none of ${FIELDS.map((one) => `${one}:`).join(' ')}`);
    else if (glob === '') wrong.push(`${field}: has no glob behind it; write ${field}:* for any`);
    else if (fields[field as Field] !== undefined)
      wrong.push(
        isNamed
          ? `${field} is said twice`
          : `"${word}" is a third word; a line has an address and an attribute path`,
      );
    else fields[field as Field] = glob;
  }
  if (words.every((one) => one === '')) wrong.push('! with nothing behind it');
  const notes = annotations(comment);
  wrong.push(...notes.wrong);
  if (wrong.length > 0) return { rule: null, wrong };
  const said = FIELDS.flatMap((field) => (fields[field] === undefined ? [] : [`${field}:${fields[field]}`]));
  const name = `${not ? '!' : ''}${said.join(' ')}${notes.reason === undefined ? ` (${NO_REASON})` : ''}`;
  const rule: IgnoreLine = { name, ...fields, reason: notes.reason ?? NO_REASON };
  if (notes.owner !== undefined) rule.owner = notes.owner;
  if (notes.until !== undefined) rule.until = notes.until;
  if (not) rule.not = true;
  return { rule, wrong: [] };
}

/** Words between white space; quotes (`x["a b"]`) hold a word together, and `#` before a word begins the comment. */
function split(line: string): { words: string[]; comment: string; open: boolean } {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (quoted && letter === '\\') {
      word += letter + (line[++at] ?? '');
      continue;
    }
    if (letter === '"') quoted = !quoted;
    if (!quoted && letter === '#' && word === '')
      return { words, comment: line.slice(at + 1).trim(), open: false };
    if (quoted || !/\s/.test(letter)) word += letter;
    else if (word !== '') {
      words.push(word);
      word = '';
    }
  }
  if (word !== '') words.push(word);
  return { words, comment: '', open: quoted };
}

interface Notes {
  reason?: string;
  owner?: string;
  until?: string;
  wrong: string[];
}

const KEY = /(?:^|\s)([A-Za-z][\w-]*)=/g;

/** `owner=… reason=… until=…` in any order; what stands before them is the reason. */
function annotations(comment: string): Notes {
  const notes: Notes = { wrong: [] };
  const bare = comment.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => '"'.repeat(quoted.length));
  const keys = [...bare.matchAll(KEY)];
  const before = comment.slice(0, keys[0]?.index ?? comment.length).trim();
  if (before !== '') notes.reason = before;
  keys.forEach((found, i) => {
    const key = found[1]!;
    const value = unquoted(
      comment.slice(found.index + found[0].length, keys[i + 1]?.index ?? comment.length).trim(),
    );
    if (key === 'reason') notes.reason = notes.reason === undefined ? value : `${notes.reason}; ${value}`;
    else if (key === 'owner') notes.owner = value;
    else if (key === 'until') {
      const until = endOf(value);
      if (until === null)
        notes.wrong.push(`until=${value} is no date; write until=2026-12-31 or a time with its zone`);
      else notes.until = until;
    } else notes.wrong.push(`${key}= is none of reason= owner= until=; quote it if it belongs to the reason`);
    if (value === '') notes.wrong.push(`${key}= has nothing behind it`);
  });
  return notes;
}

const unquoted = (text: string): string =>
  /^"((?:[^"\\]|\\.)*)"$/.exec(text)?.[1]?.replace(/\\(.)/g, '$1') ?? text;

/** A date holds to its end, in UTC. */
function endOf(value: string): string | null {
  const day = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/i.test(value);
  if (!day && !isTime) return null;
  const at = Date.parse(day ? `${value}T00:00:00Z` : value);
  if (Number.isNaN(at)) return null;
  // 2026-02-31 is read as a day in March.
  if (day && new Date(at).toISOString().slice(0, 10) !== value) return null;
  return new Date(day ? at + 86_400_000 : at).toISOString();
}
