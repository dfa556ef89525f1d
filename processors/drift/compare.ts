// Compares what a state declares with what a provider reports, by the rules in rules/. Pure; cost follows what differs.
//
// One difference per leaf attribute (`versioning[0].enabled`, `tags.Name`); sets, and lists whose length changed, give
// one difference on the attribute that holds them, with the elements that are new and gone.
import type { Difference, Json, JsonObject } from '../../schemas/index.ts';
import { canonical, isSecret } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import { compareArrays, compareMultisets, membersIn } from './arrays.ts';
import type { Compare, Comparison, ComparisonInput } from './comparison.ts';
import { explode } from './rules/elements.ts';
import { equivalence } from './rules/equivalence.ts';
import { rulesOf } from './rules/index.ts';
import type { Treatments } from './rules/rule.ts';
import { severityOf } from './rules/severity.ts';
import { holdsSecret, identical, isEmpty, isObject, memberOf } from './values.ts';
import { IGNORE_CHANGES, normal, report, unmentioned, type Walk } from './walk.ts';

export { IGNORE_CHANGES };

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
    compareArrays(walk, path, pattern, at, was, is, compareMembers);
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

/**
 * Declared blocks without a description where no observed block mentions one. Other members say the same in several
 * spellings (`self`, the group's own id), so one that is not mentioned is not one that was not observed.
 */
function whatWasObserved(was: Json | undefined, is: Json): Json {
  const seen = Array.isArray(is) ? membersIn(is) : null;
  if (seen === null || seen.has('description') || !Array.isArray(was)) return was ?? null;
  return was.map((block) => (isObject(block) ? { ...block, description: null } : block));
}
