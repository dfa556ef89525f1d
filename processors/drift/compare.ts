// Compares what a state declares with what a provider reports, by the rules in rules/. Pure; cost follows what differs.
//
// One difference per leaf attribute (`versioning[0].enabled`, `tags.Name`); sets, and lists whose length changed, give
// one difference on the attribute that holds them, with the elements that are new and gone.
import type { Difference, Json, JsonObject } from '../../schemas/index.ts';
import { canonical, isSecret } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import type { Compare, Comparison, ComparisonInput, Configured } from './comparison.ts';
import { explode } from './rules/elements.ts';
import { equivalence } from './rules/equivalence.ts';
import { rulesOf } from './rules/index.ts';
import type { Treatments, TypeRules } from './rules/rule.ts';
import { severityOf } from './rules/severity.ts';
import { matchFilledIn, multisets } from './sets.ts';
import {
  few,
  holdsSecret,
  identical,
  isBlocks,
  isEmpty,
  isObject,
  memberOf,
  sortedByText,
} from './values.ts';

/** The rule name of differences that the configuration tells Terraform to ignore. */
export const IGNORE_CHANGES = 'ignore_changes';

interface Found extends Difference {
  uncertain: boolean;
  ignoredBy: string | null;
}

interface Walk {
  rules: TypeRules;
  owner: string;
  configuration: Configured | null;
  declared: JsonObject;
  /** A schema is known: observations are whole, and what the declaration does not mention was not known to it. */
  exact: boolean;
  found: Found[];
  unverifiable: string[];
}

const NOTHING: Omit<Comparison, 'unverifiable'> = {
  differences: [],
  certainty: 'high',
  ignoredBy: null,
  severity: 'info',
};

export const compare: Compare = (input) => {
  const walk: Walk = {
    rules: rulesOf(input.type, input.facts),
    declared: input.declared,
    owner: ownId(input),
    configuration: input.configuration,
    exact: input.facts !== null,
    found: [],
    unverifiable: [],
  };
  const { declared, observed } = input;
  const all = 'tags_all' in declared || 'tags_all' in observed;
  for (const key in observed) {
    if (all && (key === 'tags' || key === 'tags_all')) continue;
    const is = observed[key];
    const was = memberOf(declared, key);
    if (is === undefined || identical(was, is) || unmentioned(walk, key, was)) continue;
    compareAt(walk, key, key, was, is);
  }
  if (all) compareAllTags(walk, declared, observed);
  if (input.facts !== null) tellUnreadable(walk, input.facts);
  return conclude(input.type, walk);
};

function conclude(type: string, { found, unverifiable }: Walk): Comparison {
  if (found.length === 0)
    return unverifiable.length === 0
      ? { ...NOTHING, differences: [] }
      : { ...NOTHING, differences: [], unverifiable };
  const counting = found.filter((one) => one.ignoredBy === null);
  const shown = counting.length > 0 ? counting : found;
  const differences = shown.map(
    ({ path, op, declared, observed, configured }): Difference => ({
      path,
      op,
      declared,
      observed,
      configured,
    }),
  );
  const comparison: Comparison = {
    differences,
    certainty: shown.every((one) => one.uncertain && one.configured === null) ? 'low' : 'high',
    ignoredBy: counting.length > 0 ? null : found[0]!.ignoredBy,
    severity: severityOf({ type, kind: 'modified', differences }),
  };
  if (unverifiable.length > 0) comparison.unverifiable = unverifiable;
  return comparison;
}

/**
 * A state holds every attribute that the provider version behind it knew, null where unset. One that is not there is newer
 * than the state: no one declared anything about it, unless the configuration is known to set it.
 */
function unmentioned(walk: Walk, path: string, was: Json | undefined): boolean {
  return walk.exact && was === undefined && walk.configuration?.sets(path) !== true;
}

/** Write-only attributes are in no state and no observation: where they are set, that much is known. */
function tellUnreadable({ configuration, unverifiable }: Walk, facts: TypeFacts): void {
  if (configuration === null) return;
  for (const path of facts.writeOnly)
    if (configuration.sets(path) === true && !unverifiable.includes(path)) unverifiable.push(path);
}

function ownId({ declared, observed }: ComparisonInput): string {
  const id = declared.id ?? observed.id;
  return typeof id === 'string' ? id : '';
}

/**
 * `tags_all` holds the tags that a resource has, `tags` only those of its own block: the first is the truth for what a
 * provider reports. Differences are told on `tags`, where people look for them.
 */
function compareAllTags(walk: Walk, declared: JsonObject, observed: JsonObject): void {
  const was = declared.tags_all ?? declared.tags;
  const is = observed.tags_all ?? observed.tags;
  if (is !== undefined && !identical(was, is)) compareAt(walk, 'tags', 'tags', was, is);
}

/** `path` has indices and is what people see; `pattern` has none and finds the rules. */
function compareAt(walk: Walk, path: string, pattern: string, was: Json | undefined, is: Json): void {
  const at = walk.rules.at(pattern);
  const secrets = isSecret(was) && isSecret(is);
  // Where even a value that cannot be read back was told, its fingerprint tells a rotated secret.
  if (at.skip !== null && !(at.skip === 'write-only' && secrets)) {
    if (at.skip === 'write-only' && !isEmpty(was)) walk.unverifiable.push(path);
    return;
  }
  if (isSecret(was) || isSecret(is)) {
    compareSecrets(walk, path, at, was, is);
    return;
  }
  if (at.sensitive && showsPlain(was, is)) {
    walk.unverifiable.push(path);
    return;
  }
  if (isEmpty(was) && (isEmpty(is) || at.optionalComputed)) return;
  if (sameByRule(at, was, is)) return;
  if (at.freeForm && (isObject(was) || isObject(is))) {
    compareMaps(walk, path, pattern, at, was, is);
    return;
  }
  if (at.elements !== null) {
    const from = explode(at.elements, whatWasObserved(was, is), walk.owner);
    const to = explode(at.elements, is, walk.owner);
    compareMultisets(walk, path, at, from, to, was, is, true);
    return;
  }
  if (Array.isArray(is) || Array.isArray(was)) {
    compareArrays(walk, path, pattern, at, was, is);
    return;
  }
  if (isObject(is) && isObject(was)) {
    compareMembers(walk, path, pattern, was, is);
    return;
  }
  const declared = normal(walk, pattern, was);
  const observed = normal(walk, pattern, is);
  if (canonical(declared ?? null) !== canonical(observed ?? null)) report(walk, path, at, was, is);
}

/** Fingerprints compare with fingerprints; with nothing only where the observation is known to be whole. */
function compareSecrets(
  walk: Walk,
  path: string,
  at: Treatments,
  was: Json | undefined,
  is: Json | undefined,
): void {
  if (isSecret(was) && isSecret(is)) {
    if (was.$secret !== is.$secret) report(walk, path, at, was, is);
  } else if (!walk.exact || !(isEmpty(was) || isEmpty(is))) walk.unverifiable.push(path);
  else if (!(isEmpty(was) && at.optionalComputed)) report(walk, path, at, was, is);
}

/** A sensitive value that no one made a fingerprint of is not told, whatever it is compared with. */
const showsPlain = (was: Json | undefined, is: Json): boolean =>
  [was ?? null, is].some((value) => !isEmpty(value) && !holdsSecret(value));

/** Holds for a value as a whole: an equivalence of its path, or a known default against nothing. */
function sameByRule(at: Treatments, was: Json | undefined, is: Json): boolean {
  if (at.equal !== null) {
    const { same, form } = equivalence(at.equal);
    if (same?.(was ?? null, is)) return true;
    if (form && !Array.isArray(is) && identical(form(was ?? null), form(is))) return true;
  }
  if (at.default === undefined) return false;
  return (isEmpty(was) && identical(is, at.default)) || (isEmpty(is) && identical(was, at.default));
}

/** What the observation does not mention was not observed. */
function compareMembers(walk: Walk, path: string, pattern: string, was: JsonObject, is: JsonObject): void {
  for (const key in is) {
    const from = memberOf(was, key);
    const to = is[key]!;
    if (identical(from, to)) continue;
    const inner = `${path}.${key}`;
    if (from === undefined && walk.rules.at(pattern).block && unmentioned(walk, inner, from)) continue;
    compareAt(walk, inner, `${pattern}.${key}`, from, to);
  }
}

/** Free-form maps: the user's keys, so every one counts; an empty value is not an absent one. */
function compareMaps(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  was: Json | undefined,
  is: Json,
): void {
  const from = isObject(was) ? was : {};
  const to = isObject(is) ? is : {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const one = memberOf(from, key) ?? null;
    const other = memberOf(to, key) ?? null;
    if (identical(one, other) || at.systemKeys?.test(key)) continue;
    const inner = /^[A-Za-z_][\w-]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
    if (isObject(one) && isObject(other) && walk.rules.holds(pattern))
      compareMembers(walk, inner, pattern, one, other);
    else if (isSecret(one) !== isSecret(other) && one !== null && other !== null)
      walk.unverifiable.push(inner);
    else report(walk, inner, at, one, other);
  }
}

function compareArrays(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  was: Json | undefined,
  is: Json,
): void {
  const from = Array.isArray(was) ? was : isEmpty(was) ? [] : [was!];
  const to = Array.isArray(is) ? is : isEmpty(is) ? [] : [is];
  const blocks = isBlocks(from) && isBlocks(to);
  if (at.keyedBy !== null && blocks) {
    compareKeyed(walk, path, pattern, at, at.keyedBy, from, to);
    return;
  }
  if (at.order === 'list' && blocks && from.length === to.length && !reordered(walk, pattern, from, to)) {
    for (let i = 0; i < to.length; i++) compareMembers(walk, `${path}[${i}]`, pattern, from[i]!, to[i]!);
    return;
  }
  if (from.length === to.length && from.some(holdsSecret) !== to.some(holdsSecret)) {
    walk.unverifiable.push(path);
    return;
  }
  const form = (values: Json[], seen: Set<string> | null): Json[] =>
    values.flatMap((value) => {
      const known = seen && isObject(value) ? pick(value, seen) : value;
      const result = normal(walk, pattern, known);
      return result === undefined ? [] : [result];
    });
  const before = form(from, membersIn(to));
  const after = form(to, at.block ? membersIn(from) : null);
  const unordered = at.order === 'set';
  if (at.block) compareFilledIn(walk, path, pattern, at, before, after, was, is, unordered);
  else compareMultisets(walk, path, at, before, after, was, is, unordered);
}

/**
 * Blocks of a known schema: where a declared one leaves to the provider what the observed one has filled in, the two are
 * one; a block that no one declared and that holds nothing but such values was filled in as a whole.
 */
function compareFilledIn(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  before: Json[],
  after: Json[],
  was: Json | undefined,
  is: Json,
  unordered: boolean,
): void {
  const optional = walk.rules.filledIn(pattern);
  if (optional.length === 0) {
    compareMultisets(walk, path, at, before, after, was, is, unordered);
    return;
  }
  const { removed, added } = multisets(before, after);
  const left = matchFilledIn(pattern, optional, removed, added);
  if (left.removed.length === 0 && left.added.length === 0 && removed.length + added.length > 0) return;
  compareMultisets(walk, path, at, before, after, was, is, unordered, left);
}

/** The same blocks in another order: one difference on the list, not one on each of their attributes. */
function reordered(walk: Walk, pattern: string, from: JsonObject[], to: JsonObject[]): boolean {
  if (from.length < 2) return false;
  const texts = (blocks: JsonObject[]): string[] =>
    blocks.map((block) => canonical(normal(walk, pattern, block) ?? null));
  const before = texts(from);
  const after = texts(to);
  if (before.every((one, i) => one === after[i])) return false;
  return canonical(before.sort()) === canonical(after.sort());
}

/**
 * Declared blocks without a description where no observed block mentions one. Other members say the same in several
 * spellings (`self`, the group's own id), so one that is not mentioned is not one that was not observed.
 */
function whatWasObserved(was: Json | undefined, is: Json): Json {
  const seen = Array.isArray(is) ? membersIn(is) : null;
  if (seen === null || seen.has('description') || !Array.isArray(was)) return was ?? null;
  return was.map((block) => (isObject(block) ? { ...block, description: null } : block));
}

/** Members that any of the elements mentions; null when the elements are not objects, or there are none. */
function membersIn(elements: Json[]): Set<string> | null {
  if (!isBlocks(elements)) return null;
  const members = new Set<string>();
  for (const element of elements) for (const key in element) members.add(key);
  return members;
}

function pick(value: JsonObject, members: Set<string>): JsonObject {
  const kept: JsonObject = {};
  for (const key in value) if (members.has(key)) kept[key] = value[key]!;
  return kept;
}

function compareKeyed(
  walk: Walk,
  path: string,
  pattern: string,
  at: Treatments,
  member: string,
  from: JsonObject[],
  to: JsonObject[],
): void {
  const keyOf = (block: JsonObject): string => canonical(block[member] ?? null);
  const old = new Map(from.map((block) => [keyOf(block), block]));
  const gone = new Map(old);
  const added: Json[] = [];
  for (const block of to) {
    const key = keyOf(block);
    const before = old.get(key);
    gone.delete(key);
    if (before === undefined) added.push(normal(walk, pattern, block) ?? block);
    else compareMembers(walk, `${path}[${key}]`, pattern, before, block);
  }
  const removed = [...gone.values()].map((block) => normal(walk, pattern, block) ?? block);
  if (added.length > 0 || removed.length > 0) report(walk, path, at, few(removed), few(added));
}

/** Elements as multisets: only what is new and what is gone is told; a list with the same elements was re-ordered. */
function compareMultisets(
  walk: Walk,
  path: string,
  at: Treatments,
  from: Json[],
  to: Json[],
  was: Json | undefined,
  is: Json,
  unordered: boolean,
  { removed, added } = multisets(from, to),
): void {
  if (added.length > 0 || removed.length > 0) {
    if (added.length > 0 && from.length === 0 && at.optionalComputed) return;
    report(walk, path, at, few(removed), few(added));
  } else if (!unordered && from.some((one, i) => canonical(one) !== canonical(to[i] ?? null))) {
    report(walk, path, at, was, is);
  }
}

/** Canonical form of a value under the rules of its path; undefined when it says nothing. */
function normal(walk: Walk, pattern: string, value: Json | undefined): Json | undefined {
  if (value === undefined || isSecret(value)) return value;
  const at = walk.rules.at(pattern);
  if (at.skip !== null || isEmpty(value)) return undefined;
  if (at.default !== undefined && identical(value, at.default)) return undefined;
  if (Array.isArray(value)) {
    const elements = value.flatMap((element) => {
      const result = normal(walk, pattern, element);
      return result === undefined ? [] : [result];
    });
    if (elements.length === 0) return undefined;
    return at.order === 'set' ? sortedByText(elements) : elements;
  }
  if (isObject(value)) {
    const members: JsonObject = {};
    let some = false;
    for (const key in value) {
      const result = at.freeForm ? value[key] : normal(walk, `${pattern}.${key}`, value[key]);
      if (result === undefined || result === null) continue;
      members[key] = result;
      some = true;
    }
    return some ? members : undefined;
  }
  if (at.equal === null) return value;
  const { form } = equivalence(at.equal);
  const result = form ? form(value) : value;
  return result === null ? undefined : result;
}

/** The rule under which something else edits the attribute; some do so only where the declaration switches it on. */
function coManager({ declared }: Walk, { coManaged }: Treatments): string | null {
  if (coManaged === null) return null;
  return coManaged.when === null || isOn(declared, coManaged.when.split('.')) ? coManaged.rule : null;
}

function isOn(value: Json | undefined, path: string[]): boolean {
  if (Array.isArray(value)) return value.some((element) => isOn(element, path));
  if (path.length === 0) return value === true || (typeof value === 'number' && value > 0);
  return isObject(value) && isOn(value[path[0]!], path.slice(1));
}

function report(walk: Walk, path: string, at: Treatments, was: Json | undefined, is: Json | undefined): void {
  const configured = walk.configuration?.sets(path) ?? null;
  // Left to the provider to fill in, and known not to be set: no one asked for the declared value.
  if (configured === false && at.uncertain) return;
  const ignoredBy = walk.configuration?.ignores(path) ? IGNORE_CHANGES : coManager(walk, at);
  walk.found.push({
    path,
    op: isEmpty(was) ? 'added' : isEmpty(is) ? 'removed' : 'changed',
    declared: was === undefined || was === null ? null : canonical(was),
    observed: is === undefined || is === null ? null : canonical(is),
    configured,
    uncertain: at.uncertain,
    ignoredBy,
  });
}
