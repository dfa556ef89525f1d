// The short form the schemas of this folder are written in: `{ name: 'string required new', tags: 'map(string) optional' }`.
import type { Attribute, Block, CtyType, NestedBlock } from '../schema.ts';

type Short = string | ({ is: string; type?: CtyType } & Partial<Omit<Attribute, 'type'>>);

const WORDS: Readonly<Record<string, Partial<Attribute>>> = {
  required: { required: true },
  optional: { optional: true },
  computed: { computed: true },
  sensitive: { sensitive: true },
  new: { force_new: true },
  unreadable: { unreadable: true },
  changing: { changing: true },
};

function typeNamed(text: string): CtyType {
  const [, kind, element] = /^(list|set|map)\((string|number|bool)\)$/.exec(text) ?? [];
  if (kind) return [kind as 'list', element as 'string'];
  if (text === 'string' || text === 'number' || text === 'bool') return text;
  throw new Error(`${text} is no type of the short form`);
}

function attribute(short: Short): Attribute {
  const { is, type, ...more } = typeof short === 'string' ? { is: short } : short;
  const words = is.split(' ').filter((word) => word !== '');
  const found: Attribute = { type: type ?? typeNamed(words.shift()!) };
  for (const word of words) {
    const flags = WORDS[word];
    if (!flags) throw new Error(`${word} is no word of the short form`);
    Object.assign(found, flags);
  }
  return Object.assign(found, more);
}

export const block = (
  attributes: Record<string, Short>,
  block_types: Record<string, NestedBlock> = {},
): Block => ({
  attributes: Object.fromEntries(Object.entries(attributes).map(([name, short]) => [name, attribute(short)])),
  block_types,
});

export const listOf = (of: Block, more: Partial<NestedBlock> = {}): NestedBlock => ({
  nesting_mode: 'list',
  block: of,
  ...more,
});
export const setOf = (of: Block, more: Partial<NestedBlock> = {}): NestedBlock => ({
  nesting_mode: 'set',
  block: of,
  ...more,
});

/** Set by the cloud where nobody says anything. */
export const optional = (type: string, value: Attribute['default'], words = ''): Short => ({
  is: `${type} optional computed ${words}`,
  default: value,
});
/** Made by the cloud. */
export const made = (type: string, template: Attribute['made'], words = ''): Short => ({
  is: `${type} computed ${words}`,
  made: template,
});

/** What every pretend provider is configured with. */
export const CONFIGURATION = {
  endpoint: 'string optional',
  access_key: 'string optional sensitive',
  region: 'string optional',
};
