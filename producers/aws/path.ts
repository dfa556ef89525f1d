// The small path language of the identity and event tables: where a value is in a request, a response, an attribute map.
//
// `a.b` reads members, `a[].b` every element, `x|y` the first alternative that gives something. A member is found by its
// exact name, else without regard to case (CloudTrail writes `dBInstanceIdentifier`, `aRN`, `InstanceId`). An element list
// may be an array, a single object (XML turned to JSON), or an object around `items`, `item` or `member`; a value may be a
// `{tag, content}` pair. Pure, total: whatever the value is, the answer is a list of strings.
import type { Json, JsonObject } from '../../schemas/index.ts';

interface Step {
  name: string;
  lower: string;
  each: boolean;
}
type Path = Step[];

const MAX_VALUES = 1_000;
const compiled = new Map<string, Path[]>();

function compile(text: string): Path[] {
  const known = compiled.get(text);
  if (known) return known;
  const paths = text.split('|').map((alternative) =>
    alternative.split('.').map((part) => {
      const each = part.endsWith('[]');
      const name = each ? part.slice(0, -2) : part;
      return { name, lower: name.toLowerCase(), each };
    }),
  );
  compiled.set(text, paths);
  return paths;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

function member(value: JsonObject, name: string, lower: string): Json | undefined {
  if (Object.hasOwn(value, name)) return value[name];
  for (const key of Object.keys(value)) if (key.toLowerCase() === lower) return value[key];
  return undefined;
}

/** Elements of what may be a list: see above. Not for scalars: those are one element. */
function elements(value: Json): Json[] {
  if (Array.isArray(value)) return value;
  if (!isObject(value)) return [value];
  for (const wrapper of ['items', 'item', 'member']) {
    const inner = value[wrapper];
    if (inner !== undefined && inner !== null) return Array.isArray(inner) ? inner : [inner];
  }
  return Object.keys(value).length === 0 ? [] : [value];
}

/** Every value the path leads to; the first alternative that leads anywhere wins. */
export function nodes(root: Json, path: string): Json[] {
  for (const steps of compile(path)) {
    let at: Json[] = [root];
    for (const step of steps) {
      const next: Json[] = [];
      for (const value of at) {
        if (!isObject(value)) continue;
        const found = member(value, step.name, step.lower);
        if (found === undefined || found === null) continue;
        if (step.each) for (const element of elements(found)) next.push(element);
        else next.push(found);
        if (next.length >= MAX_VALUES) break;
      }
      at = next;
      if (at.length === 0) break;
    }
    if (at.length > 0) return at;
  }
  return [];
}

function texts(value: Json, into: string[]): void {
  if (into.length >= MAX_VALUES) return;
  if (typeof value === 'string') {
    // Some services print lists as "[a, b]".
    const listed = value.startsWith('[') && value.endsWith(']') ? value.slice(1, -1).split(',') : [value];
    for (const text of listed) if (text.trim() !== '') into.push(text.trim());
  } else if (typeof value === 'number') into.push(String(value));
  else if (Array.isArray(value)) for (const element of value) texts(element, into);
  else if (isObject(value)) {
    if (value.content !== undefined) texts(value.content, into);
    else {
      const inner = elements(value);
      if (inner[0] !== value) for (const element of inner) texts(element, into);
    }
  }
}

/** The strings the path leads to, without repetition; numbers become text. */
export function values(root: Json, path: string): string[] {
  for (const alternative of path.split('|')) {
    const found: string[] = [];
    for (const value of nodes(root, alternative)) texts(value, found);
    if (found.length > 0) return found.length === 1 ? found : [...new Set(found)];
  }
  return [];
}

const PLACEHOLDER = /\{([^}]+)\}/g;

/**
 * Fills `{path}` placeholders. A template of one placeholder and nothing else gives every value; any other takes the first
 * of each. Nothing when a placeholder has no value (half an id is none), unless it ends in `?`.
 */
export function fill(template: string, root: Json): string[] {
  const only = /^\{([^}]+)\}$/.exec(template);
  if (only) return values(root, only[1]!);
  let missing = false;
  const text = template.replace(PLACEHOLDER, (_, placeholder: string) => {
    const optional = placeholder.endsWith('?');
    const path = optional ? placeholder.slice(0, -1) : placeholder;
    const flag = nodes(root, path)[0];
    const value = typeof flag === 'boolean' ? String(flag) : values(root, path)[0];
    if (value === undefined && !optional) missing = true;
    return value ?? '';
  });
  return missing ? [] : [text];
}
