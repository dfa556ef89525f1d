// One edit of one attribute behind Terraform's back, and what takes it back. Tables of them are in mutations/.
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { Call } from './cloud.ts';

export interface Mutation {
  /** Terraform type whose instances it edits, and the attribute that then differs (its beginning, indices included). */
  type: string;
  path: string;
  /** The instance may be left out: of another kind than the edit is for. */
  fits(a: JsonObject, address: string): boolean;
  change(a: JsonObject): Call | Call[];
  revert(a: JsonObject): Call | Call[];
  /** The drift that is expected where it is not `modified` on the instance itself. */
  expects?: { kind?: 'unmanaged' | 'missing'; ignored?: true };
}

type Fits = (a: JsonObject, address: string) => boolean;

/** The attribute itself, set to another value and then to the declared one. */
export const edit = (
  type: string,
  path: string,
  call: (a: JsonObject, value: Json) => Call | Call[],
  value: Json,
  more: { was?: (a: JsonObject) => Json; fits?: Fits; expects?: Mutation['expects'] } = {},
): Mutation => ({
  type,
  path,
  fits: more.fits ?? (() => true),
  change: (a) => call(a, value),
  revert: (a) => call(a, more.was ? more.was(a) : (a[path] ?? null)),
  ...(more.expects ? { expects: more.expects } : {}),
});

/** What is there besides: made, and taken away again (or the other way round). */
export const toggled = (
  type: string,
  path: string,
  change: (a: JsonObject) => Call | Call[],
  revert: (a: JsonObject) => Call | Call[],
  more: { fits?: Fits; expects?: Mutation['expects'] } = {},
): Mutation => ({
  type,
  path,
  fits: more.fits ?? (() => true),
  change,
  revert,
  ...(more.expects ? { expects: more.expects } : {}),
});

/** Only instances whose address begins so. */
export const at =
  (...names: string[]): Fits =>
  (_, address) =>
    names.some((name) => address.startsWith(name));

export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : String(value));

/** The object at a path of blocks, first elements taken: `block(a, 'rule', 'filter')`. */
export function block(a: JsonObject, ...path: string[]): JsonObject {
  let at: Json = a;
  for (const name of path) {
    const member: Json | undefined = (at as JsonObject)[name];
    at = (Array.isArray(member) ? member[0] : member) ?? {};
  }
  return at as JsonObject;
}

/** The document with one more statement. */
export function widened(document: Json | undefined): string {
  const parsed = JSON.parse(text(document)) as { Statement: JsonObject[] };
  const [first] = parsed.Statement;
  return JSON.stringify({ ...parsed, Statement: [...parsed.Statement, { ...first, Sid: 'Stray' }] });
}

export const tagsOf = (a: JsonObject): Record<string, string> => (a.tags ?? {}) as Record<string, string>;
/** Tags as they are declared, one of them changed where there are any. */
export const retagged = (a: JsonObject, changed: boolean): Record<string, string> =>
  changed ? { ...tagsOf(a), Name: 'changed' } : tagsOf(a);
/** As the lists of most services: `[{ Key, Value }]`. */
export const listed = (tags: Record<string, string>, key = 'Key', value = 'Value'): JsonObject[] =>
  Object.entries(tags).map(([name, one]) => ({ [key]: name, [value]: one }));

/** A call that sets all tags, or these among them, of one instance. */
export const tagging = (
  types: readonly string[],
  call: (a: JsonObject, tags: Record<string, string>) => Call | Call[],
): Mutation[] =>
  types.map((type) => ({
    type,
    path: 'tags.Name',
    fits: (a) => 'Name' in tagsOf(a),
    change: (a) => call(a, retagged(a, true)),
    revert: (a) => call(a, retagged(a, false)),
  }));
