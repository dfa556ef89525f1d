// Attribute values as text. Pure. A secret is always 'a secret': its fingerprint says nothing to a reader and is never shown.

export type Members = Record<string, unknown>;

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isSecret = (value: unknown): boolean => isMembers(value) && '$secret' in value;

/** Text that holds a JSON object or list (a policy document) as that object or list, at any depth; all else as it is. */
export function parsed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(parsed);
  if (isMembers(value))
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, parsed(each)]));
  if (typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value;
  try {
    const inner: unknown = JSON.parse(value);
    return typeof inner === 'object' && inner !== null ? parsed(inner) : value;
  } catch {
    return value;
  }
}

/** Equal values have equal text, in whatever order their members stand. Fingerprints of secrets count: a rotated one differs. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isMembers(value)) return JSON.stringify(value) ?? 'null';
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}

/** A value that is no list and no object, as Terraform code writes it. */
export function scalar(value: unknown): string {
  if (isSecret(value)) return 'a secret';
  if (value === null || value === undefined) return 'null';
  return JSON.stringify(value);
}

/** True for what stands on one line: scalars, secrets, empty lists and objects, short lists of scalars. */
const ONE_LINE = 60;
export function oneLine(value: unknown): string | null {
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    if (value.some((item) => typeof item === 'object' && item !== null && !isSecret(item))) return null;
    const text = `[${value.map(scalar).join(', ')}]`;
    return text.length <= ONE_LINE ? text : null;
  }
  if (isMembers(value) && !isSecret(value)) return Object.keys(value).length === 0 ? '{}' : null;
  return scalar(value);
}

/** A value in a sentence, without the punctuation of code: `tcp 5432`, `port 22, cidr 0.0.0.0/0`. */
export function phrase(value: unknown, limit = 72): string {
  const text = words(parsed(value));
  return text.length <= limit ? text : `${text.slice(0, limit - 1).trimEnd()}…`;
}

function words(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (isSecret(value)) return 'a secret';
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : value.map(words).join(', ');
  if (!isMembers(value)) return String(value);
  const set = Object.entries(value).filter(([, each]) => !isVoid(each));
  return set.length === 0 ? 'an empty block' : set.map(([name, each]) => `${name} ${words(each)}`).join(', ');
}

const isVoid = (value: unknown): boolean =>
  value === null || value === '' || (Array.isArray(value) && value.length === 0);
