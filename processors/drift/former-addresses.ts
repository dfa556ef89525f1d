// Under which addresses a state may still hold what a configuration has moved: until the move is applied, what the block
// sets and ignores is true of them. Pure.
import type { ConfigurationPublished } from '../../schemas/index.ts';

/** More former addresses than this are not followed: what stands there is then not known to be configured. */
const LIMIT = 20_000;

const MODULES = /module\.[^.]+\./y;
/** The bracket of an index; a string in it may hold brackets and quotes of its own. */
const INDEX = /\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]/g;
const plain = (address: string): string => address.replace(INDEX, '');
const typeOf = (address: string): string | undefined => address.split('.').at(-2);

/**
 * Moves of blocks and of the modules around them, in chains too. An address that a block has now is its own. Another type has
 * other attributes: a move to it is not followed.
 */
export function formerAddresses(
  addresses: readonly string[],
  moves: ConfigurationPublished['moves'],
): { now: string; before: string }[] {
  const from = new Map<string, string[]>();
  for (const move of moves) {
    if (move.to === null || !move.from.includes('.')) continue;
    const [before, now] = [plain(move.from), plain(move.to)];
    if (before !== now) from.set(now, [...(from.get(now) ?? []), before]);
  }
  if (from.size === 0) return [];
  const taken = new Set(addresses);
  const found: { now: string; before: string }[] = [];
  for (const now of addresses) {
    const open = [now];
    for (let address = open.pop(); address !== undefined; address = open.pop())
      for (const length of beginnings(address))
        for (const old of from.get(address.slice(0, length)) ?? []) {
          const before = old + address.slice(length);
          if (taken.has(before) || typeOf(before) !== typeOf(now) || found.length >= LIMIT) continue;
          taken.add(before);
          found.push({ now, before });
          open.push(before);
        }
  }
  return found;
}

/** Lengths of what an address begins with that may move as one: its modules, and itself. */
function beginnings(address: string): number[] {
  const lengths: number[] = [];
  MODULES.lastIndex = 0;
  while (MODULES.test(address)) lengths.push(MODULES.lastIndex - 1);
  return [...lengths, address.length];
}
