// What differs between two JSON objects that are held as canonical texts: members with equal text are equal and need not
// be parsed. Most of a changed resource is as it was declared, so this saves most of what parsing would cost. Pure.
import type { Json, JsonObject } from '../../schemas/index.ts';

export interface Differing {
  declared: JsonObject;
  observed: JsonObject;
}

/**
 * Members of `observed` that `declared` does not have with the same text, and what `declared` has instead; and those
 * among `kept`, where there are any. A text that is not canonical is parsed whole, and its object given whole.
 */
export function differing(declared: string, observed: string, kept: ReadonlySet<string>): Differing {
  const ours = membersOf(declared);
  const theirs = membersOf(observed);
  if (ours === null || theirs === null)
    return { declared: JSON.parse(declared) as JsonObject, observed: JSON.parse(observed) as JsonObject };
  const found: Differing = { declared: {}, observed: {} };
  let at = 0;
  for (const { name, text } of theirs) {
    for (; at < ours.length && ours[at]!.name < name; at++)
      if (kept.has(ours[at]!.name)) put(found.declared, ours[at]!);
    const own = ours[at]?.name === name ? ours[at++]! : null;
    if (own?.text === text && !kept.has(name)) continue;
    found.observed[name] = JSON.parse(text) as Json;
    if (own) put(found.declared, own);
  }
  for (; at < ours.length; at++) if (kept.has(ours[at]!.name)) put(found.declared, ours[at]!);
  return found;
}

interface Member {
  name: string;
  text: string;
}

function put(into: JsonObject, { name, text }: Member): void {
  into[name] = JSON.parse(text) as Json;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;

/** The members of an object in canonical JSON (no white space, names in order and each once); null for anything else. */
function membersOf(text: string): Member[] | null {
  const members: Member[] = [];
  const last = text.length - 1;
  if (text.charCodeAt(0) !== 0x7b || text.charCodeAt(last) !== 0x7d) return null;
  let before = '';
  for (let at = 1; at < last; ) {
    if (text.charCodeAt(at) !== QUOTE) return null;
    const nameEnd = endOfString(text, at);
    if (text.charCodeAt(nameEnd) !== COLON) return null;
    let name = text.slice(at + 1, nameEnd - 1);
    if (name.includes('\\')) name = JSON.parse(text.slice(at, nameEnd)) as string;
    // A plain assignment would not make it a member.
    if ((members.length > 0 && name <= before) || name === '__proto__') return null;
    const end = endOfValue(text, nameEnd + 1, last);
    if (end <= nameEnd + 1 || (end < last && text.charCodeAt(end) !== COMMA)) return null;
    members.push({ name, text: text.slice(nameEnd + 1, end) });
    before = name;
    at = end + 1;
    if (at === last) return null;
  }
  return members;
}

/** Behind the closing quote of the string that begins here; 0 when there is none. */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return 0;
    let escapes = 0;
    while (text.charCodeAt(quote - 1 - escapes) === BACKSLASH) escapes++;
    if (escapes % 2 === 0) return quote + 1;
    from = quote + 1;
  }
}

/** Behind the value that begins here, at most `last`; 0 when it does not end. */
function endOfValue(text: string, start: number, last: number): number {
  let depth = 0;
  for (let at = start; at < last; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      at = endOfString(text, at) - 1;
      if (at < 0 || at >= last) return 0;
    } else if (unit === 0x7b || unit === 0x5b) depth++;
    else if (unit === 0x7d || unit === 0x5d) depth--;
    else if (unit <= 0x20) return 0;
    else if (unit === COMMA && depth === 0) return at;
    if (depth < 0) return 0;
  }
  return depth === 0 ? last : 0;
}
