// Keeps secrets out of events: finds them in a state, and writes attributes with a keyed fingerprint in their place. Pure.
//
// Two passes over one state: first every secret is collected (marks of the state, the tables, names, looks), then all
// attributes are written, and a string that equals, contains or encodes a collected one is a secret too: Terraform does
// not mark computed copies. What a secret becomes: {"$secret": hmac(text)}, the text being the string itself, or the
// canonical JSON of anything else. Null and empty values stay, they tell nothing.
import type { Json } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';
import { jsonEscaped, spellings } from './encodings.ts';
import type { Exact, ExactObject } from './exact-json.ts';
import { ExactNumber, inOrder, isObject, toJson } from './exact-json.ts';
import type { Search } from './search.ts';
import { createSearch, SHORTEST_PATTERN } from './search.ts';
import { looksLikeSecret } from './secret-forms.ts';
import type { Reach } from './secrets.ts';
import {
  isPublicKnowledge,
  looksRandom,
  MIXED_ATTRIBUTES,
  MIXED_EVERYWHERE,
  type NameSays,
  namedSecret,
  nameSays,
  passwordOf,
  SECRET_ATTRIBUTES,
} from './secrets.ts';

/** Keyed fingerprint of a value: equal for equal values, tells nothing without the key. */
export type Hmac = (value: string) => string;

/** Paths as a tree; `reach` stands where all below is secret. `*` is any index or key. */
export interface Marks {
  reach: Reach | null;
  below: Map<string, Marks>;
}

/** Longer secrets are searched for by their middle: a text that contains them contains it. */
const CORE = 96;
const SPEAKS_OF_SECRETS = /pass|pwd|secret|token|key|cred|psk|conn/i;
/** A compressed text hides what it holds (base64 of the gzip magic); it may hold what is known here. */
const COMPRESSED = 'H4sI';
const SLUG = /^[A-Za-z]+(?:[-_./ ][A-Za-z0-9]+)*$/;
/** Secrets remembered of a workspace. */
const MOST_REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 16_384;
/** Of strings and names, what was found is kept for the next time. */
const LONGEST_CACHED = 32;
const MOST_CACHED = 50_000;
/** Shorter names are names, whatever they look like. */
const SHORTEST_NAME = 20;
const MAX_JSON_TEXT = 1_000_000;
const MAX_JSON_DEPTH = 64;

export const emptyMarks = (): Marks => ({ reach: null, below: new Map() });

export function mark(root: Marks, steps: readonly string[], reach: Reach): void {
  let node = root;
  for (const step of steps) {
    let next = node.below.get(step);
    if (!next) {
      next = emptyMarks();
      node.below.set(step, next);
    }
    node = next;
  }
  if (node.reach !== 'full') node.reach = reach;
}

const tables = new Map<string, Marks>();

/** What the tables say about a type. */
function tableOf(type: string): Marks {
  const known = tables.get(type);
  if (known) return known;
  const marks = emptyMarks();
  for (const path of MIXED_EVERYWHERE) mark(marks, path.split('.'), 'weak');
  for (const path of (Object.hasOwn(MIXED_ATTRIBUTES, type) && MIXED_ATTRIBUTES[type]) || [])
    mark(marks, path.split('.'), 'weak');
  for (const path of (Object.hasOwn(SECRET_ATTRIBUTES, type) && SECRET_ATTRIBUTES[type]) || [])
    mark(marks, path.split('.'), 'full');
  if (tables.size < 4096) tables.set(type, marks);
  return marks;
}

/** Reads `sensitive_attributes`: a list of paths of get_attr and index steps. What it cannot read marks everything. */
export function marksOf(paths: Exact | undefined): Marks | null {
  if (!Array.isArray(paths) || paths.length === 0) return null;
  const root = emptyMarks();
  for (const path of paths) {
    const steps: string[] = [];
    for (const step of Array.isArray(path) ? path : [path]) {
      const name = stepOf(step);
      if (name === null) break;
      steps.push(name);
    }
    mark(root, steps, 'full');
  }
  return root;
}

/** A step that cannot be read ends the path early: more is secret, not less. */
function stepOf(step: Exact): string | null {
  if (typeof step === 'string') return step;
  if (!isObject(step)) return null;
  const value = isObject(step.value) ? step.value.value : step.value;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

/** Where a walk stands in the marks of the state and in the tables. */
interface Place {
  marked: Marks | null;
  table: Marks | null;
}

const NOWHERE: Place = { marked: null, table: null };
const placeOf = (marked: Marks | null, table: Marks | null): Place =>
  marked === null && table === null ? NOWHERE : { marked, table };

export const marksStep = (marks: Marks | null, name: string): Marks | null =>
  marks === null ? null : (marks.below.get(name) ?? marks.below.get('*') ?? null);
const into = (place: Place, name: string): Place =>
  place === NOWHERE ? NOWHERE : placeOf(marksStep(place.marked, name), marksStep(place.table, name));
const intoItem = (place: Place, index: number): Place =>
  place === NOWHERE ? NOWHERE : into(place, String(index));
/** Where the table says that secrets are mixed with other values, a mark of the whole follows weakly too. */
const reachOf = (place: Place): Reach | null => place.table?.reach ?? place.marked?.reach ?? null;

const isEmpty = (value: Exact): boolean =>
  value === null ||
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

/**
 * How attributes are to be written: looked through for secrets; or, unless they hold one that is known from elsewhere, as
 * the JSON of what they are, perhaps put in order first.
 */
export type ToWrite = 'looked-through' | 'in-order' | 'as-they-are';

export class KnownSecrets {
  readonly #secrets = new Set<string>();
  /** Strings that hold nothing by their looks: they come again and again. */
  readonly #ordinary = new Set<string>();
  /** Whether the walk has come upon nothing that is written as anything but itself, and upon no member out of order. */
  #asItIs = true;
  #inOrder = true;

  all(): string[] {
    return [...this.#secrets].filter((secret) => secret.length <= LONGEST_REMEMBERED);
  }

  /** Secrets of earlier versions: their copies may outlive the marked original. Those found now are never displaced. */
  remember(secrets: readonly string[]): void {
    for (const secret of secrets) {
      if (this.#secrets.size >= MOST_REMEMBERED) return;
      this.#secrets.add(secret);
    }
  }

  /**
   * Collects what is secret in the attributes of one resource (managed or data), and tells what a redactor has to look at
   * when it writes them.
   */
  collect(type: string, attributes: ExactObject, marks: Marks | null): ToWrite {
    this.#asItIs = true;
    this.#inOrder = true;
    this.#walk(attributes, { marked: marks, table: tableOf(type) }, 'nothing');
    return !this.#asItIs ? 'looked-through' : this.#inOrder ? 'as-they-are' : 'in-order';
  }

  /** Collects from a value marked sensitive as a whole, such as an output: ordinary values inside are not followed. */
  collectMarked(value: Exact): void {
    if (typeof value === 'string') this.#follow(value);
    else this.#leaves(value, 'weak', 'nothing');
  }

  #walk(value: Exact, place: Place, says: NameSays): void {
    const reach = reachOf(place);
    if (reach !== null) {
      if (!isEmpty(value)) this.#asItIs = false;
      this.#leaves(value, reach, says);
    } else if (typeof value === 'string') {
      if (value.length < SHORTEST_PATTERN) {
        if (says !== 'nothing' && namedSecret(says, value)) this.#asItIs = false;
        return;
      }
      if (says === 'nothing' && value.length <= LONGEST_CACHED && this.#ordinary.has(value)) return;
      if (looksLikeSecret(value)) {
        this.#asItIs = false;
        this.#follow(value);
      } else if (namedSecret(says, value)) {
        this.#asItIs = false;
        this.#followNamed(value);
      } else {
        const inside = secretsInJson(value);
        if (inside.length > 0) this.#asItIs = false;
        for (const secret of inside) this.#followNamed(secret);
        if (inside.length === 0 && value.length <= LONGEST_CACHED && this.#ordinary.size < MOST_CACHED)
          this.#ordinary.add(value);
      }
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.#walk(value[i]!, intoItem(place, i), says);
    } else if (isObject(value)) {
      const pair = pairSays(value);
      let before = '';
      for (const name in value) {
        const known = nameOf(name);
        if (known.looks) this.#asItIs = false;
        if (name < before) this.#inOrder = false;
        before = name;
        this.#walk(value[name]!, into(place, name), pair === 'nothing' ? known.says : saysOf(name, pair));
      }
    } else if (value instanceof ExactNumber || (typeof value === 'number' && says === 'secret'))
      this.#asItIs = false;
  }

  #leaves(value: Exact, reach: Reach, says: NameSays): void {
    if (typeof value === 'string') {
      if (reach === 'full' || looksLikeSecret(value)) this.#follow(value);
      else if (looksRandom(value) || says === 'secret') this.#followNamed(value);
      for (const secret of secretsInJson(value)) this.#followNamed(secret);
    } else if (typeof value === 'number' || value instanceof ExactNumber) {
      if (reach === 'full') this.#follow(value instanceof ExactNumber ? value.text : String(value));
    } else if (Array.isArray(value)) for (const item of value) this.#leaves(item, reach, says);
    else if (isObject(value)) {
      const pair = pairSays(value);
      for (const [name, member] of Object.entries(value)) this.#leaves(member, reach, saysOf(name, pair));
    }
  }

  #followNamed(value: string): void {
    if (!SLUG.test(value) || (/\d/.test(value) && looksRandom(value))) this.#follow(value);
  }

  #follow(value: string): void {
    if (value.trim().length < SHORTEST_PATTERN || isPublicKnowledge(value)) return;
    this.#secrets.add(value);
    const password = passwordOf(value);
    if (password !== null && password.length >= SHORTEST_PATTERN) this.#secrets.add(password);
  }

  /** True when every secret of another collection is one here. */
  includes(other: KnownSecrets): boolean {
    for (const secret of other.#secrets) if (!this.#secrets.has(secret)) return false;
    return true;
  }

  search(): SecretSearch {
    const patterns = new Set<string>();
    for (const secret of this.#secrets) {
      const trimmed = secret.trim();
      const long = trimmed.length > CORE * 2;
      const start = (trimmed.length - CORE) >> 1;
      for (const spelling of spellings(long ? trimmed.slice(start, start + CORE).trim() : secret))
        patterns.add(spelling);
      if (long) for (const line of keyLines(trimmed)) patterns.add(line);
    }
    return secretSearch(patterns);
  }
}

export interface SecretSearch extends Search {
  /** Of JSON as it is written here: never false where a string or a name in it holds a pattern. */
  mayHit(json: string): boolean;
}

/** In JSON a pattern stands as JSON escapes it, which is another one where it is not one of them already. */
function secretSearch(patterns: ReadonlySet<string>): SecretSearch {
  const search = createSearch(patterns);
  const further = new Set<string>();
  // Half a character is written in JSON as it never stands beside its other half.
  let whole = true;
  for (const pattern of patterns) {
    if (!pattern.isWellFormed()) whole = false;
    const escaped = jsonEscaped(pattern);
    if (escaped !== pattern && !patterns.has(escaped)) further.add(escaped);
  }
  const escaped = createSearch(further);
  const mayHit = (json: string): boolean =>
    patterns.size > 0 &&
    (!whole || search.hits(json) || escaped.hits(json) || json.includes(`"${COMPRESSED}`));
  return { ...search, mayHit };
}

/** Lines of a key or certificate: indented or joined anew, each is as secret as the whole. */
const keyLines = (text: string): string[] =>
  text
    .split('\n', 400)
    .map((line) => line.trim())
    .filter((line) => /^[A-Za-z0-9+/=]{32,}$/.test(line));

interface Name {
  says: NameSays;
  /** True when the name itself looks like a secret. */
  looks: boolean;
}

const names = new Map<string, Name>();
function nameOf(name: string): Name {
  let known = names.get(name);
  if (known === undefined) {
    known = { says: nameSays(name), looks: name.length >= SHORTEST_NAME && looksLikeSecret(name) };
    if (names.size < 20_000) names.set(name, known);
  }
  return known;
}
const says = (name: string): NameSays => nameOf(name).says;

/** `{name: "DB_PASSWORD", value: "…"}`: what the name of a pair says about its value. */
function pairSays(value: ExactObject): NameSays {
  for (const key of ['name', 'key', 'Name', 'Key']) {
    const name = value[key];
    if (typeof name === 'string' && ('value' in value || 'Value' in value)) return says(name);
  }
  return 'nothing';
}
const saysOf = (name: string, pair: NameSays): NameSays =>
  pair !== 'nothing' && (name === 'value' || name === 'Value') ? pair : says(name);

const NONE: string[] = [];

/** True when a JSON object or list may begin here: a bracket, or white space before one. */
function maybeJson(text: string): boolean {
  const first = text.charCodeAt(0);
  return first === 0x7b || first === 0x5b || (first <= 0x20 && /^\s*[[{]/.test(text));
}

/** Secrets inside a string that is a JSON document, by the names beside them. Too deep to look through: all of it. */
function secretsInJson(text: string): string[] {
  if (!maybeJson(text) || text.length > MAX_JSON_TEXT || !SPEAKS_OF_SECRETS.test(text)) return NONE;
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    return NONE;
  }
  const found: string[] = [];
  const walk = (value: Exact, named: NameSays, depth: number): void => {
    if (depth > MAX_JSON_DEPTH) found.push(text);
    else if (typeof value === 'string') {
      if (looksLikeSecret(value) || namedSecret(named, value)) found.push(value);
    } else if (Array.isArray(value)) for (const item of value) walk(item, named, depth + 1);
    else if (isObject(value)) {
      const pair = pairSays(value);
      for (const [name, member] of Object.entries(value)) walk(member, saysOf(name, pair), depth + 1);
    }
  };
  walk(document, 'nothing', 0);
  return found;
}

export interface Redactor {
  /**
   * The attributes as canonical JSON text, secrets replaced. `toWrite`: what {@link KnownSecrets.collect} said of them.
   */
  write(type: string, attributes: ExactObject, marks: Marks | null, toWrite?: ToWrite): string;
  /** True when the text contains or encodes a known secret. */
  holdsSecret(text: string): boolean;
  hmac: Hmac;
}

export const createRedactor = (known: KnownSecrets, hmac: Hmac): Redactor =>
  redactorOver(known.search(), hmac);

/** What either of two searches finds. */
export const either = (one: SecretSearch, other: SecretSearch): SecretSearch => ({
  hits: (text) => one.hits(text) || other.hits(text),
  mayHit: (json) => one.mayHit(json) || other.mayHit(json),
  patterns: one.patterns + other.patterns,
});

export function redactorOver(search: SecretSearch, hmac: Hmac): Redactor {
  const anyKnown = search.patterns > 0;

  const secret = (value: Exact): string =>
    `{"$secret":${JSON.stringify(hmac(typeof value === 'string' ? value : canonical(toJson(value))))}}`;

  function isSecretText(value: string, named: NameSays): boolean {
    if (named !== 'nothing' && namedSecret(named, value)) return true;
    if (value.length < SHORTEST_PATTERN) return false;
    return (
      looksLikeSecret(value) ||
      search.hits(value) ||
      (anyKnown && value.startsWith(COMPRESSED)) ||
      secretsInJson(value).length > 0
    );
  }

  /** Strings come again and again; what was found of one holds for the next. */
  const verdicts = new Map<string, string>();
  function writeText(value: string, named: NameSays): string {
    if (value.length < SHORTEST_PATTERN || named !== 'nothing' || value.length > LONGEST_CACHED)
      return isSecretText(value, named) ? secret(value) : JSON.stringify(value);
    let text = verdicts.get(value);
    if (text === undefined) {
      text = isSecretText(value, named) ? secret(value) : JSON.stringify(value);
      if (verdicts.size < MOST_CACHED) verdicts.set(value, text);
    }
    return text;
  }

  /** How a member's name is written, and what it says. */
  interface Member {
    name: string;
    text: string;
    says: NameSays;
  }
  const membersByName = new Map<string, Member>();
  function memberNamed(name: string): Member {
    let member = membersByName.get(name);
    if (!member) {
      const hidden = name.length >= SHORTEST_PATTERN && (search.hits(name) || nameOf(name).looks);
      const shown = hidden ? `$secret:${hmac(name)}` : name;
      member = { name: shown, text: `${JSON.stringify(shown)}:`, says: says(name) };
      if (membersByName.size < MOST_CACHED) membersByName.set(name, member);
    }
    return member;
  }

  function write(value: Exact, place: Place, named: NameSays): string {
    const reach = reachOf(place);
    if (value === null || typeof value === 'boolean')
      return value !== null && reach !== null ? secret(value) : String(value);
    if (reach !== null && !isEmpty(value)) return secret(value);
    if (typeof value === 'string') return writeText(value, named);
    if (typeof value === 'number' || value instanceof ExactNumber) {
      const text = typeof value === 'number' ? JSON.stringify(value) : value.text;
      const isSecret = (named === 'secret' && text.length >= 4) || search.hits(text);
      return isSecret ? secret(value) : text;
    }
    if (Array.isArray(value)) {
      let text = '[';
      for (let i = 0; i < value.length; i++)
        text += (i === 0 ? '' : ',') + write(value[i]!, intoItem(place, i), named);
      return `${text}]`;
    }
    return writeObject(value, place);
  }

  function writeObject(value: ExactObject, place: Place): string {
    const pair = pairSays(value);
    const members: [name: string, text: string][] = [];
    // Terraform writes members in order: mostly there is nothing to sort.
    let sorted = true;
    let before = '';
    for (const name in value) {
      const member = memberNamed(name);
      const named = pair !== 'nothing' && (name === 'value' || name === 'Value') ? pair : member.says;
      members.push([member.name, member.text + write(value[name]!, into(place, name), named)]);
      if (member.name < before) sorted = false;
      before = member.name;
    }
    if (!sorted) members.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
    let text = '{';
    for (let i = 0; i < members.length; i++) text += (i === 0 ? '' : ',') + members[i]![1];
    return `${text}}`;
  }

  return {
    write(type, attributes, marks, toWrite = 'looked-through') {
      const plain =
        toWrite === 'as-they-are' ? attributes : toWrite === 'in-order' ? inOrder(attributes) : undefined;
      if (plain !== undefined) {
        const json = JSON.stringify(plain);
        if (!search.mayHit(json)) return json;
      }
      return write(attributes, { marked: marks, table: tableOf(type) }, 'nothing');
    },
    holdsSecret: (text) => search.hits(text) || looksLikeSecret(text),
    hmac,
  };
}

/** Attributes of one resource as another source observes them: the same tables, names and looks, canonical JSON text. */
export function redactAttributes(type: string, attributes: ExactObject, hmac: Hmac): string {
  const known = new KnownSecrets();
  known.collect(type, attributes, null);
  return createRedactor(known, hmac).write(type, attributes, null);
}
