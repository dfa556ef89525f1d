// The values of a configuration that must not appear in a message: what the schema marks, and what its name says. Pure.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { nameSays } from '../secrets.ts';
import type { Block } from './values/schema.ts';

export function secretsIn(block: Block, given: JsonObject): string[] {
  const marked = new Set(block.attributes.filter(({ sensitive }) => sensitive).map(({ name }) => name));
  const blocks = new Map(block.blocks.map((nested) => [nested.name, nested.block]));
  return Object.entries(given).flatMap(([name, value]) => {
    const inner = blocks.get(name);
    if (inner)
      return (Array.isArray(value) ? value : [value]).flatMap((one) =>
        isObject(one) ? secretsIn(inner, one) : [],
      );
    return marked.has(name) || nameSays(name) !== 'nothing' ? stringsIn(value) : [];
  });
}

function stringsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(stringsIn);
  return isObject(value) ? Object.values(value).flatMap(stringsIn) : [];
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
