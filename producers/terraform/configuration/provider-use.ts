// Which provider configuration a resource block uses, through the modules it is passed down. Pure.
import { addressIn, providerReference } from './addresses.ts';
import type { Body, Expression } from './hcl/syntax.ts';
import type { Module } from './module.ts';

/** By what a module calls it (`aws`, `aws.east`): where it is configured; one of a module has that before it. */
export type ProviderNames = ReadonlyMap<string, string>;

/** What a module can use: what it configures itself, and what it is passed. */
export function providerNames(path: readonly string[], module: Module, passed: ProviderNames): ProviderNames {
  const own = module.providers.map(({ name, body }): [string, string] => {
    const alias = body.attributes.get('alias');
    const local = nameOf({
      name,
      alias: alias?.kind === 'literal' && typeof alias.value === 'string' ? alias.value : null,
    });
    return [local, addressIn(path, local)];
  });
  // Blocks that only announce what is passed (as of Terraform 0.12) give way to it.
  return new Map([...own, ...passed]);
}

/** What a call passes: what it names, and of the rest what has no alias. */
export function passedBy(call: Body, names: ProviderNames): ProviderNames {
  const passed = new Map([...names].filter(([local]) => !local.includes('.')));
  const given = call.attributes.get('providers');
  if (given?.kind !== 'object') return passed;
  for (const { key, value } of given.items) {
    const inside = local(key);
    const outside = local(value);
    if (inside !== null && outside !== null) passed.set(inside, names.get(outside) ?? outside);
  }
  return passed;
}

/** Null when the block names none that could be read. */
export function providerOf(type: string, body: Body, names: ProviderNames): string | null {
  const given = body.attributes.get('provider');
  const name = given === undefined ? type.split('_', 1)[0]! : local(given);
  return name === null ? null : (names.get(name) ?? name);
}

function local(expression: Expression): string | null {
  const found = providerReference(expression);
  return found === null ? null : nameOf(found);
}

const nameOf = ({ name, alias }: { name: string; alias: string | null }): string =>
  alias === null ? name : `${name}.${alias}`;
