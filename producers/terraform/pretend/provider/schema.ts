// The schemas of this folder in the form the plugin protocol is spoken in. Pure.
import type { Json } from '../../../../schemas/index.ts';
import type * as plugin from '../../plugin/values/schema.ts';
import { typeFromJson } from '../../plugin/values/type.ts';
import type { Attribute, Block, NestedBlock } from '../schema.ts';

export const blockOf = (block: Block): plugin.Block => ({
  attributes: Object.entries(block.attributes ?? {}).map(([name, attribute]) => attributeOf(name, attribute)),
  blocks: Object.entries(block.block_types ?? {}).map(([name, nested]) => nestedOf(name, nested)),
  deprecated: false,
});

function attributeOf(name: string, attribute: Attribute): plugin.Attribute {
  const { nested_type: nested } = attribute;
  return {
    name,
    of: nested
      ? {
          kind: 'nested',
          nesting: nested.nesting_mode,
          attributes: Object.entries(nested.attributes).map(([inner, of]) => attributeOf(inner, of)),
        }
      : typeFromJson(attribute.type as Json),
    required: attribute.required ?? false,
    optional: attribute.optional ?? false,
    computed: attribute.computed ?? false,
    sensitive: attribute.sensitive ?? false,
    writeOnly: attribute.write_only ?? false,
    deprecated: attribute.deprecated ?? false,
  };
}

const nestedOf = (name: string, nested: NestedBlock): plugin.NestedBlock => ({
  name,
  nesting: nested.nesting_mode,
  block: blockOf(nested.block),
  minItems: nested.min_items ?? 0,
  maxItems: nested.max_items ?? 0,
});
