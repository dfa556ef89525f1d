// Resources that are a part of another one, as the clouds have them: what is made apart shows up in the whole, and what is
// taken out of the whole is gone. Works on the rows of types/; pure.
//
// The whole holds the value; of the part only what the whole does not have (an id, tags) is kept beside it. So an edit of
// either is seen in both, as a rule made by itself is seen in its security group.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { canonical } from '../../../../schemas/index.ts';
import type { Block, Part } from '../schema.ts';

/** What the part is now, by what the whole holds; null when it is not there. */
export function asHeld(part: Part, own: JsonObject, whole: JsonObject): JsonObject | null {
  const at = whole[part.at(own)] ?? null;
  if (part.key === undefined) {
    const held = part.from?.(at, own);
    return held === undefined ? own : held && { ...own, ...held };
  }
  const key = part.key(part.value(own));
  const held = elements(at).find((one) => part.key!(one) === key);
  return held === undefined ? null : { ...own, ...part.from?.(held, own) };
}

/** Names and values of the whole's attributes once the part is another; `before` or `after` null: there is none. */
export function withPart(
  part: Part,
  whole: JsonObject,
  before: JsonObject | null,
  after: JsonObject | null,
  block: Block,
): JsonObject {
  const found: JsonObject = {};
  const put = (name: string, value: Json): void => {
    found[name] = value;
  };
  if (part.key === undefined) {
    if (after) put(part.at(after), part.value(after));
    else if (before) put(part.at(before), block.attributes?.[part.at(before)]?.default ?? null);
    return found;
  }
  const { key } = part;
  if (before) {
    const name = part.at(before);
    const gone = key(part.value(before));
    put(
      name,
      elements(whole[name] ?? null).filter((one) => key(one) !== gone),
    );
  }
  if (after) {
    const name = part.at(after);
    const value = part.value(after);
    const others = elements(found[name] ?? whole[name] ?? null).filter((one) => key(one) !== key(value));
    put(name, [...others, value]);
  }
  return found;
}

/** Two of one key cannot be in the whole: a second rule that says the same is refused, as by the real cloud. */
export const isThere = (part: Part, whole: JsonObject, own: JsonObject): boolean => {
  if (part.key === undefined) return false;
  const key = part.key(part.value(own));
  return elements(whole[part.at(own)] ?? null).some((one) => part.key!(one) === key);
};

/** Elements that are equal as a whole. */
export const itself = (element: Json): string => canonical(element);
/** Elements told apart by a name. */
export const named = (element: Json): string => String((element as JsonObject).name);

const elements = (value: Json): Json[] => (Array.isArray(value) ? value : []);
