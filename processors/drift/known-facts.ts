// What is known of types and of configurations, as shared rows: the facts of a provider's schema by type, and what the
// configuration that was applied says of each resource block. One lookup each. Pure.
import type { Rows, Write } from '../../runtime/processor.ts';
import type { EventOf, Json } from '../../schemas/index.ts';
import { type TypeFacts, typeFactsOf } from '../../schemas/index.ts';
import type { Configured } from './comparison.ts';
import { asRow, part } from './rows.ts';

/** Shared, of observations: the facts of one type. */
const typePart = (type: string): string => part('type', type);
/** Shared, of declarations: one block of a workspace's newest configuration. */
const blockPart = (workspace: string, address: string): string => part('config', workspace, address);
/** Shared, of declarations: when that configuration was read. */
const configurationPart = (workspace: string): string => part('configured', workspace);

type BlockRow = { sets: string[]; ignores: string[]; complete: boolean };

/**
 * The facts that came last: several readers describe types, each by its own clock, and what compaction leaves is the last
 * record. Facts that cannot be read are no facts.
 */
export function foldDescribed({ body }: EventOf<'type.described'>): Write[] {
  const facts = typeFactsOf(body.facts);
  return [{ part: typePart(body.type), value: facts === null ? undefined : asRow(facts) }];
}

/** Blocks that the newer configuration lacks go, and only what differs is written. */
export function foldConfiguration(rows: Rows, event: EventOf<'configuration.published'>): Write[] {
  const { workspace, blocks } = event.body;
  const before = rows.get(configurationPart(workspace)) as { time: number } | undefined;
  if (before && event.time < before.time) return [];
  const writes: Write[] = [{ part: configurationPart(workspace), value: { time: event.time } }];
  const named = new Set<string>();
  for (const { address, sets, ignores, complete } of blocks) {
    const name = blockPart(workspace, address);
    named.add(name);
    const value: BlockRow = { sets: [...sets], ignores: [...ignores], complete };
    if (!isSame(rows.get(name), value)) writes.push({ part: name, value });
  }
  for (const name of rows.names(blockPart(workspace, '')))
    if (!named.has(name)) writes.push({ part: name, value: undefined });
  return writes;
}

function isSame(row: Json | undefined, value: BlockRow): boolean {
  const before = row as BlockRow | undefined;
  const same = (one: readonly string[], other: readonly string[]): boolean =>
    one.length === other.length && one.every((path, i) => path === other[i]);
  return (
    before !== undefined &&
    before.complete === value.complete &&
    same(before.sets, value.sets) &&
    same(before.ignores, value.ignores)
  );
}

/** Null: the type was not described. */
export const factsOf = (rows: Rows, type: string): TypeFacts | null =>
  (rows.shared(typePart(type)) as TypeFacts | undefined) ?? null;

/** What the configuration says of the block that an instance comes from; null: nothing is known of it. */
export function configurationOf(rows: Rows, workspace: string, address: string): Configured | null {
  const row = rows.shared(blockPart(workspace, withoutIndices(address))) as BlockRow | undefined;
  return row === undefined ? null : configuredBy(row);
}

const compiled = new WeakMap<object, Configured>();

function configuredBy(row: BlockRow): Configured {
  let configured = compiled.get(row);
  if (configured === undefined) {
    configured = compile(row);
    compiled.set(row, configured);
  }
  return configured;
}

function compile({ sets, ignores, complete }: BlockRow): Configured {
  const set = new Set(sets);
  // Those of which something inside is told: what is not told inside them is not set.
  const opened = new Set<string>();
  for (const path of sets)
    for (let at = path.lastIndexOf('.'); at > 0; at = path.lastIndexOf('.', at - 1))
      opened.add(path.slice(0, at));
  const all = ignores.includes('*');
  const ignored = new Set(ignores.flatMap((path) => [withoutIndices(path), namesIn(path)]));
  return {
    sets: (path) => {
      const plain = withoutIndices(path);
      if (set.has(plain) || opened.has(plain)) return true;
      const holder = above(plain).find((one) => set.has(one) || opened.has(one));
      // Set by one expression: whatever is inside comes from it.
      if (holder !== undefined && !opened.has(holder)) return true;
      return complete ? false : undefined;
    },
    ignores: (path) =>
      all ||
      [withoutIndices(path), namesIn(path)].some((one) => [one, ...above(one)].some((of) => ignored.has(of))),
  };
}

/** `a.b.c` → `a.b`, `a`. */
function above(path: string): string[] {
  const paths: string[] = [];
  for (let at = path.lastIndexOf('.'); at > 0; at = path.lastIndexOf('.', at - 1))
    paths.push(path.slice(0, at));
  return paths;
}

/** Each index, with the bracket that holds it; a string in it may hold brackets and quotes of its own. */
const INDEX = /\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]/g;

/** `module.a["x"].aws_instance.b[0]` → `module.a.aws_instance.b`; of a deposed object, the address of its instance. */
export const withoutIndices = (address: string): string =>
  address.includes('[') || address.includes(' ')
    ? address.replace(INDEX, '').replace(/ \(deposed [^)]*\)$/, '')
    : address;

/** Keys of maps as names: `tags["Name"]` → `tags.Name`. Numbers go. */
const namesIn = (path: string): string =>
  path.includes('[')
    ? path.replace(INDEX, (index) => {
        if (!index.startsWith('["')) return '';
        try {
          return `.${JSON.parse(index.slice(1, -1)) as string}`;
        } catch {
          return '';
        }
      })
    : path;
