// A tree of modules as what is published of it: blocks, provider configurations, moves, problems. Pure.
import type { ConfigurationPublished } from '../../../schemas/index.ts';
import { addressIn } from './addresses.ts';
import type { Scope } from './evaluate.ts';
import type { Expression } from './hcl/syntax.ts';
import type { Module } from './module.ts';
import { movesOf } from './moves.ts';
import { settingsOf } from './paths.ts';
import { providersOf } from './provider-blocks.ts';
import { type ProviderNames, passedBy, providerNames, providerOf } from './provider-use.ts';
import { calledScope, rootScope } from './scope.ts';

export type ParsedConfiguration = Pick<ConfigurationPublished, 'blocks' | 'providers' | 'moves' | 'problems'>;
type Block = ParsedConfiguration['blocks'][number];
type Move = ParsedConfiguration['moves'][number];

/** A module as one call of it: its files may be called several times. */
export interface Called {
  module: Module;
  /** By name of the call; null where the module could not be read. */
  children: ReadonlyMap<string, Called | null>;
}

export interface Limits {
  blocks: number;
  /** Characters of all addresses and paths together. */
  text: number;
  problems: number;
}

/** `values`: of variables of the root, as they stand in files. `problems`: of reading the files. */
export function assemble(
  root: Called,
  values: ReadonlyMap<string, Expression>,
  problems: readonly string[],
  limits: Limits,
): ParsedConfiguration {
  const found: ParsedConfiguration = { blocks: [], providers: [], moves: [], problems: [] };
  const room = roomFor(limits);
  visit(root, [], rootScope(root.module, values), new Map());
  found.blocks.sort(
    (one, other) => Number(one.address > other.address) - Number(one.address < other.address),
  );
  const said = [...problems, ...room.problems()].map((problem) => problem.slice(0, LONGEST_PROBLEM));
  found.problems = few([...new Set(said)].sort(), limits.problems);
  return found;

  function visit(called: Called, path: readonly string[], scope: Scope, passed: ProviderNames): void {
    const { module, children } = called;
    const names = providerNames(path, module, passed);
    found.providers.push(...providersOf(path, module, scope));
    for (const move of movesOf(path, module)) if (room.forMove(move)) found.moves.push(move);
    for (const { type, name, body } of module.resources) {
      const settings = settingsOf(body, scope);
      const block: Block = {
        address: addressIn(path, `${type}.${name}`),
        sets: settings.sets,
        ignores: settings.ignores,
        complete: settings.complete && module.complete,
        provider: providerOf(type, body, names),
      };
      if (room.forBlock(block)) found.blocks.push(block);
    }
    for (const { name, body } of module.calls) {
      const child = children.get(name);
      if (child) visit(child, [...path, name], calledScope(child.module, body, scope), passedBy(body, names));
    }
  }
}

const LONGEST_ADDRESS = 2_000;
const LONGEST_PROBLEM = 2_000;

interface Room {
  forBlock(block: Block): boolean;
  forMove(move: Move): boolean;
  problems(): string[];
}

/** What an event can hold. What it cannot is unknown, not unset. */
function roomFor(limits: Limits): Room {
  let text = 0;
  const left = { blocks: limits.blocks, moves: limits.blocks };
  const out = { blocks: 0, moves: 0 };
  const take = (
    what: 'blocks' | 'moves',
    addresses: readonly string[],
    paths: readonly string[],
  ): boolean => {
    const size = [...addresses, ...paths].reduce((sum, { length }) => sum + length + 3, 0);
    const fits = left[what] > 0 && text + size <= limits.text;
    if (!fits || addresses.some(({ length }) => length > LONGEST_ADDRESS)) {
      out[what]++;
      return false;
    }
    left[what]--;
    text += size;
    return true;
  };
  const said = (count: number, what: string): string[] =>
    count === 0
      ? []
      : [
          `${count} ${what} are left out: at most ${limits.blocks}, with ${limits.text} characters of addresses and paths, are taken from one workspace; a workspace that is split is known whole`,
        ];
  return {
    forBlock: ({ address, sets, ignores }) => take('blocks', [address], [...sets, ...ignores]),
    forMove: ({ from, to }) => take('moves', to === null ? [from] : [from, to], []),
    problems: () => [
      ...said(out.blocks, 'resource blocks'),
      ...said(out.moves, 'moved, import and removed blocks'),
    ],
  };
}

const few = (texts: string[], most: number): string[] =>
  texts.length <= most ? texts : [...texts.slice(0, most - 1), `and ${texts.length - most + 1} more`];
