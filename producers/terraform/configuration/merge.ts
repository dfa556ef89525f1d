// Override files, as Terraform merges them (override.tf and *_override.tf, internal/configs/module_merge_body.go): attributes
// one by one, nested blocks of a type as a whole. Pure.

import type { Block, Body } from './hcl/syntax.ts';
import { ConfigurationProblem } from './problem.ts';

export const isOverride = (file: string): boolean => /^(?:.*_)?override\.tf(?:\.json)?$/.test(file);

/** Blocks that may stand several times without a name: nothing in them can be overridden by name. */
const MERGED_INSIDE = new Set(['lifecycle', 'required_providers']);
const NAMELESS = new Set(['locals', 'terraform', 'moved', 'import', 'removed', 'check']);

/** Throws ConfigurationProblem when an override has nothing to override. */
export function overridden(base: Body, override: Body, file: string): Body {
  const blocks = [...base.blocks];
  for (const block of override.blocks) {
    if (NAMELESS.has(block.type)) {
      // What stands last of the same name counts.
      blocks.push(block);
      continue;
    }
    const at = blocks.findIndex((one) => sameBlock(one, block));
    // The configuration that a provider has without a block is one, too.
    if (at < 0 && block.type === 'provider' && aliasOf(block) === null) {
      blocks.push(block);
      continue;
    }
    if (at < 0)
      throw new ConfigurationProblem(
        `${file}: it overrides ${[block.type, ...block.labels].join('.')}, which no other file of the module has`,
      );
    blocks[at] = { ...block, body: mergedBody(blocks[at]!.body, block.body) };
  }
  return { attributes: base.attributes, blocks };
}

/** Provider configurations are told apart by their alias too. */
function sameBlock(one: Block, other: Block): boolean {
  if (one.type !== other.type || one.labels.join('.') !== other.labels.join('.')) return false;
  return one.type !== 'provider' || aliasOf(one) === aliasOf(other);
}

function aliasOf(block: Block): string | null {
  const alias = block.body.attributes.get('alias');
  return alias?.kind === 'literal' && typeof alias.value === 'string' ? alias.value : null;
}

function mergedBody(base: Body, override: Body): Body {
  const replaced = new Set(override.blocks.map(setBy));
  const kept = base.blocks.filter((block) => MERGED_INSIDE.has(block.type) || !replaced.has(setBy(block)));
  const blocks = [...kept];
  for (const block of override.blocks) {
    const at = MERGED_INSIDE.has(block.type) ? blocks.findIndex(({ type }) => type === block.type) : -1;
    if (at < 0) blocks.push(block);
    else blocks[at] = { ...block, body: mergedBody(blocks[at]!.body, block.body) };
  }
  return { attributes: new Map([...base.attributes, ...override.attributes]), blocks };
}

/** A dynamic block stands for blocks of the type it is labelled with. */
const setBy = (block: Block): string =>
  block.type === 'dynamic' ? (block.labels[0] ?? 'dynamic') : block.type;
