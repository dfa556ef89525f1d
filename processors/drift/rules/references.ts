// How clouds write references to their own resources: ids in any case, links whole or in part, places by several names. Pure.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { canonical } from '../../../schemas/index.ts';
import { plainForm } from './documents.ts';
import { jsonIn } from './json-text.ts';

/** Azure's ids mean the same in any case (Z1); any other text is what it looks like. */
export const armId = (text: string): string =>
  /^\/(subscriptions|providers)\//i.test(text) ? text.toLowerCase().replace(/\/+$/, '') : plainForm(text);

/** "East US" and "eastus" (Z2). */
export const azureLocation = (text: string): string => text.toLowerCase().replace(/\s/g, '');

/** A link without the host and version it begins with, its place under one name (P1). */
function googleLink(text: string): string | null {
  const path = text
    .replace(/^(https?:)?\/\/([a-z]+\.)?googleapis\.com\//, '')
    .replace(/^[a-z]+\/(alpha|beta|v\d\w*)\//, '')
    .replace(/^(alpha|beta|v\d\w*)\//, '');
  if (path === text && !/^(projects|organizations|folders|regions|zones|locations|global)\//.test(text))
    return null;
  return path.replace(/(^|\/)(regions|zones)\//g, '$1locations/');
}

/** Links in one form; any other text is what it looks like. */
export const googleForm = (text: string): string => googleLink(text) ?? plainForm(text);

/** A link and its end: `projects/p/global/networks/default`, `global/networks/default`, `default`. Projects by number too. */
export function sameGoogleLink(declared: Json, observed: Json): boolean {
  if (typeof declared !== 'string' || typeof observed !== 'string' || declared === '' || observed === '')
    return false;
  const [one, other] = [googleLink(declared), googleLink(observed)];
  if (one === null && other === null) return false;
  const parts = [one ?? declared, other ?? observed].map((link) => link.split('/'));
  const [short, long] =
    parts[0]!.length <= parts[1]!.length ? [parts[0]!, parts[1]!] : [parts[1]!, parts[0]!];
  const from = long.length - short.length;
  // Names alone are no references: `projects/p/x/a` is not what `x-1/a` ends in.
  if (from > 0 && long[0] !== 'projects') return false;
  return short.every(
    (part, i) =>
      part === long[from + i] || (long[from + i - 1] === 'projects' && isNumberOf(part, long[from + i]!)),
  );
}

/** Which project a number belongs to is not known here: a number and a name are taken for one project. */
const isNumberOf = (one: string, other: string): boolean => /^\d+$/.test(one) !== /^\d+$/.test(other);

/** A member of a Google policy: e-mail addresses in any case; principals of identity pools as they are. */
const member = (text: string): string =>
  /^(deleted:)?principal(Set|Hierarchy)?:/.test(text) ? text : text.toLowerCase();

/** An IAM policy as what it grants: one entry per role, member and condition (P4); its etag is not part of it. */
export function googlePolicy(text: string): string {
  const policy = jsonIn(text);
  if (!isObject(policy)) return text.trim();
  const { bindings, etag: _, version: __, ...rest } = policy;
  const granted = new Set<string>();
  for (const binding of Array.isArray(bindings) ? bindings : []) {
    if (!isObject(binding)) return text.trim();
    for (const one of Array.isArray(binding.members) ? binding.members : [])
      granted.add(canonical([binding.role ?? null, member(String(one)), binding.condition ?? null]));
  }
  return canonical({ ...rest, bindings: [...granted].sort() });
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
