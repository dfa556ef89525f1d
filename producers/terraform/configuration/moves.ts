// What moved, removed and import blocks say of addresses. Pure.
import type { ConfigurationPublished } from '../../../schemas/index.ts';
import { addressIn, referenceAddress } from './addresses.ts';
import type { Body } from './hcl/syntax.ts';
import type { Module } from './module.ts';

export type ConfiguredMove = ConfigurationPublished['moves'][number];

/** Where what an import block names comes from: it was declared nowhere. */
export const IMPORTED = 'import';

export function movesOf(path: readonly string[], module: Module): ConfiguredMove[] {
  const at = (body: Body, name: string): string | null => {
    const address = referenceAddress(body.attributes.get(name));
    return address === null ? null : addressIn(path, address);
  };
  const moved = module.moved.flatMap((body) => {
    const from = at(body, 'from');
    const to = at(body, 'to');
    return from === null || to === null ? [] : [{ from, to }];
  });
  const imported = module.imports.flatMap((body) => {
    const to = at(body, 'to');
    return to === null ? [] : [{ from: IMPORTED, to }];
  });
  const removed = module.removed.filter(keepsObject).flatMap((body) => {
    const from = at(body, 'from');
    return from === null ? [] : [{ from, to: null }];
  });
  return [...moved, ...imported, ...removed];
}

/** What a removed block destroys is not left behind. */
function keepsObject({ blocks }: Body): boolean {
  const destroy = blocks.find(({ type }) => type === 'lifecycle')?.body.attributes.get('destroy');
  return destroy?.kind === 'literal' && destroy.value === false;
}
