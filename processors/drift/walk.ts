// What a comparison carries along, what it finds, and the canonical form of a value under the rules of its path. Pure.
import type { Difference, Json, JsonObject } from '../../schemas/index.ts';
import { canonical, isSecret } from '../../schemas/index.ts';
import type { Configured } from './comparison.ts';
import { plainForm } from './rules/documents.ts';
import { equivalence } from './rules/equivalence.ts';
import type { Treatments, TypeRules } from './rules/rule.ts';
import { identical, isEmpty, isObject, sortedByText } from './values.ts';

/** The rule name of differences that the configuration tells Terraform to ignore. */
export const IGNORE_CHANGES = 'ignore_changes';

export interface Found extends Difference {
  uncertain: boolean;
  ignoredBy: string | null;
}

export interface Walk {
  rules: TypeRules;
  owner: string;
  configuration: Configured | null;
  declared: JsonObject;
  /** A schema is known: observations are whole, and what the declaration does not mention was not known to it. */
  exact: boolean;
  found: Found[];
  unverifiable: string[];
}

/**
 * A state holds every attribute that the provider version behind it knew, null where unset. One that is not there is newer
 * than the state: no one declared anything about it, unless the configuration is known to set it.
 */
export function unmentioned(walk: Walk, path: string, was: Json | undefined): boolean {
  return walk.exact && was === undefined && walk.configuration?.sets(path) !== true;
}

/** Canonical form of a value under the rules of its path; undefined when it says nothing. */
export function normal(walk: Walk, pattern: string, value: Json | undefined): Json | undefined {
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
  if (at.equal === null) return typeof value === 'string' ? plainForm(value) : value;
  const { form } = equivalence(at.equal);
  const result = form ? form(value) : value;
  return isEmpty(result) ? undefined : result;
}

/** The rule under which something else edits the attribute; some do so only where the declaration switches it on. */
function coManager(
  { declared }: Walk,
  { coManaged }: Treatments,
  was: Json | undefined,
  is: Json | undefined,
): string | null {
  if (coManaged === null) return null;
  if (coManaged.when !== null && !isOn(declared, coManaged.when.split('.'))) return null;
  return coManaged.only === 'minor-versions' && !isMinorUpgrade(was, is) ? null : coManaged.rule;
}

/** "13.4" and "13.7": the same major version, and a later minor one. */
function isMinorUpgrade(was: Json | undefined, is: Json | undefined): boolean {
  const [from, to] = [was, is].map((version) => /^(\d+)\.(\d+)/.exec(String(version ?? '')));
  return !!from && !!to && from[1] === to[1] && Number(to[2]) >= Number(from[2]);
}

function isOn(value: Json | undefined, path: string[]): boolean {
  if (Array.isArray(value)) return value.some((element) => isOn(element, path));
  if (path.length === 0) return value === true || (typeof value === 'number' && value > 0);
  return isObject(value) && isOn(value[path[0]!], path.slice(1));
}

export function report(
  walk: Walk,
  path: string,
  at: Treatments,
  was: Json | undefined,
  is: Json | undefined,
): void {
  const configured = walk.configuration?.sets(path) ?? null;
  // Left to the provider to fill in, and known not to be set: no one asked for the declared value.
  if (configured === false && at.uncertain) return;
  const ignoredBy = walk.configuration?.ignores(path) ? IGNORE_CHANGES : coManager(walk, at, was, is);
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
