// What is known of types and of configurations, as shared rows: the facts of a provider's schema by type, and what the
// configuration that was applied says of each resource block. One lookup each. Pure.
import type { Rows, Write } from '../../runtime/processor.ts';
import type { EventOf, Json } from '../../schemas/index.ts';
import { type TypeFacts, typeFactsOf } from '../../schemas/index.ts';
import type { Configured } from './comparison.ts';
import { formerAddresses } from './former-addresses.ts';
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
  const { workspace, blocks, moves } = event.body;
  const before = rows.get(configurationPart(workspace)) as { time: number } | undefined;
  if (before && event.time < before.time) return [];
  const writes: Write[] = [{ part: configurationPart(workspace), value: { time: event.time } }];
  const said = new Map<string, BlockRow>();
  for (const { address, sets, ignores, complete } of blocks)
    said.set(address, { sets: [...sets], ignores: [...ignores], complete });
  for (const { now, before } of formerAddresses([...said.keys()], moves)) said.set(before, said.get(now)!);
  const named = new Set<string>();
  for (const [address, value] of said) {
    const name = blockPart(workspace, address);
    named.add(name);
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
  const set = new Set<string>();
  /** Those of which something inside is told: what is not told inside them is not set. */
  const opened = new Set<string>();
  for (const path of sets) {
    const names = namesOf(stepsOf(path));
    set.add(names.join(SEPARATOR));
    for (let n = names.length - 1; n > 0; n--) opened.add(names.slice(0, n).join(SEPARATOR));
  }
  const all = ignores.includes('*');
  const ignored = ignores.map(stepsOf);

  const isSet = (names: readonly string[]): boolean => {
    const whole = names.join(SEPARATOR);
    if (set.has(whole) || opened.has(whole)) return true;
    for (let n = names.length - 1; n > 0; n--) {
      const holder = names.slice(0, n).join(SEPARATOR);
      // Set by one expression: whatever is inside comes from it.
      if (set.has(holder) || opened.has(holder)) return !opened.has(holder);
    }
    return false;
  };
  return {
    sets: (path) => {
      const steps = stepsOf(path);
      if (isSet(namesOf(steps)) || isSet(namesOf(withoutKeys(steps)))) return true;
      return complete ? false : undefined;
    },
    ignores: (path) => all || ignored.some((pattern) => covers(pattern, stepsOf(path))),
  };
}

const SEPARATOR = '\u001f';

/** One step of a path: a name, or an index; the key of a map is both. */
interface Step {
  name: string | null;
  index: string | null;
}

const STEP = /([^.[\]]+)|\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]/g;

function stepsOf(path: string): Step[] {
  const steps: Step[] = [];
  for (const [, name, index] of path.matchAll(STEP)) {
    if (name !== undefined) steps.push({ name, index: null });
    else steps.push({ name: index!.startsWith('"') ? unquoted(index!) : null, index: index! });
  }
  return steps;
}

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text;
  }
}

const namesOf = (steps: readonly Step[]): string[] =>
  steps.flatMap(({ name }) => (name === null ? [] : [name]));

/** A key with something behind it may be what a block is told apart by, which no configuration spells. */
const withoutKeys = (steps: readonly Step[]): Step[] =>
  steps.filter(({ index }, i) => index === null || i === steps.length - 1);

/** Whether a path is, or is inside of, what `pattern` names; indices that the pattern leaves out may be any. */
function covers(pattern: readonly Step[], path: readonly Step[]): boolean {
  let at = 0;
  for (const step of path) {
    if (at === pattern.length) break;
    const wanted = pattern[at]!;
    const isSame =
      step.name === null || wanted.name === null ? step.index === wanted.index : step.name === wanted.name;
    if (isSame) at++;
    else if (step.index === null) return false;
  }
  return at === pattern.length;
}

/** The attribute that a path begins with. */
export const attributeOf = (path: string): string => /^[^.[]*/.exec(path)![0];

/** Each index, with the bracket that holds it; a string in it may hold brackets and quotes of its own. */
const INDEX = /\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]/g;

/** `module.a["x"].aws_instance.b[0]` → `module.a.aws_instance.b`; of a deposed object, the address of its instance. */
export const withoutIndices = (address: string): string =>
  address.includes('[') || address.includes(' ')
    ? address.replace(INDEX, '').replace(/ \(deposed [^)]*\)$/, '')
    : address;
