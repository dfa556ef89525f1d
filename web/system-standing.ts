// The state of the system put into words: what is wrong first, then who reads what and how far each is. Pure.
import type { ProcessJson, SystemJson } from '../api/types.ts';
import { duration, plural } from './format.ts';

type Listed = ProcessJson['readers'][number]['partitions'][number];

export interface Partition extends Listed {
  /** Id of the process that holds it. */
  process: string;
}

export interface Reader {
  name: string;
  kind: SystemJson['readers'][number]['kind'];
  lag: number;
  /** Those that are held, by number; projections list none. */
  partitions: Partition[];
  /** Partitions that no process holds. */
  free: number[];
}

const BEST_FIRST: readonly Listed['phase'][] = ['running', 'restoring', 'retrying', 'stopped'];

export function readersOf({ readers, processes, groups, partitions: count }: SystemJson): Reader[] {
  return readers.map(({ name, kind, lag }) => {
    const group = groups.find((each) => each.name === name);
    const lagIn = (partition: number): number | null =>
      group
        ? group.positions
            .filter((position) => position.partition === partition)
            .reduce((sum, position) => sum + position.lag, 0)
        : null;
    const held = new Map<number, Partition>();
    for (const process of processes)
      for (const reader of process.readers.filter((each) => each.name === name))
        for (const partition of reader.partitions) {
          // While one moves, who gives it up and who takes it over may both speak of it.
          const known = held.get(partition.partition);
          if (!known || BEST_FIRST.indexOf(partition.phase) < BEST_FIRST.indexOf(known.phase))
            held.set(partition.partition, {
              ...partition,
              lag: partition.lag ?? lagIn(partition.partition),
              process: process.id,
            });
        }
    const all = held.size === 0 ? [] : Array.from({ length: count }, (_, partition) => partition);
    return {
      name,
      kind,
      lag,
      partitions: [...held.values()].sort((a, b) => a.partition - b.partition),
      free: all.filter((partition) => !held.has(partition)),
    };
  });
}

export interface Trouble {
  tone: 'critical' | 'high';
  what: string;
  why: string;
  /** It is on its way to being right. */
  passing: boolean;
}

const ROLES: readonly ProcessJson['roles'][number][] = ['producers', 'processors', 'projections', 'api'];
/** A process that has said nothing for so long may be gone. */
const SILENT_MS = 30_000;

export function troublesOf(system: SystemJson): Trouble[] {
  const { processes, sources, cache, unknown, reasons } = system;
  const now = Date.parse(system.now);
  const found: Trouble[] = [];
  const add = (tone: Trouble['tone'], what: string, why: string, passing = false): void => {
    found.push({ tone, what, why, passing });
  };
  for (const role of processes.length === 0 ? [] : ROLES)
    if (!processes.some(({ roles }) => roles.includes(role)))
      add('critical', `No process runs ${role}.`, `Start one: driftmgr run ${role}`);
  for (const process of processes) {
    const silent = now - Date.parse(process.seenAt);
    if (silent > SILENT_MS)
      add('high', `${nameOf(process)} is silent.`, `It was last heard of ${duration(silent)} ago.`);
    if (process.ready) continue;
    const phases = process.readers.flatMap((reader) => reader.partitions.map(({ phase }) => phase));
    const restoring = phases.includes('restoring') && !phases.includes('stopped');
    const why = process.reasons.map(sentence).join(' ') || 'It gives no reason.';
    if (restoring) add('high', `${nameOf(process)} is getting ready.`, why, true);
    else add('critical', `${nameOf(process)} is not ready.`, why);
  }
  if (processes.length === 0)
    for (const reason of reasons) add('critical', 'Answers are not whole.', sentence(reason));
  for (const { name, free } of readersOf(system))
    if (free.length > 0) add('high', `${name} does not run everywhere.`, noOneHolds(free));
  for (const { name, status, detail } of sources) {
    if (status === 'failed') add('critical', `The source ${name} has stopped.`, sentence(detail ?? ''));
    else if (status === 'waiting' && detail !== null)
      add('high', `The source ${name} has trouble.`, sentence(detail));
  }
  if (!cache.reachable)
    add(
      'high',
      'The cache that processes share is away.',
      `Each counts limits and reads live events by itself, for ${duration(now - Date.parse(cache.since))}. ${sentence(cache.reason ?? '')}`,
    );
  for (const each of unknown) {
    const [part = '', ...why] = each.split(': ');
    add('high', `Not known: ${part}.`, sentence(why.join(': ')));
  }
  return found.sort((a, b) => Number(a.tone === 'high') - Number(b.tone === 'high'));
}

export function titleOf(troubles: readonly Trouble[]): string {
  if (troubles.length === 0) return 'Everything is running';
  return troubles.every(({ passing }) => passing) ? 'Getting ready' : 'Not everything is running';
}

/** How many processes there are, and what is behind. */
export function summaryOf({ processes, readers, deadLetters }: SystemJson): string {
  const behind = readers.filter(({ lag }) => lag > 0).sort((a, b) => b.lag - a.lag);
  const [most] = behind;
  return [
    processes.length > 0 && (processes.length === 1 ? 'One process.' : `${processes.length} processes.`),
    readers.length > 0 && most === undefined && 'Nothing is behind.',
    most && behind.length === 1 && `${most.name} is ${plural(most.lag, 'record')} behind.`,
    most &&
      behind.length > 1 &&
      `${behind.length} readers are behind, ${most.name} the most: ${plural(most.lag, 'record')}.`,
    deadLetters > 0 && `${plural(deadLetters, 'record')} ${deadLetters === 1 ? 'was' : 'were'} refused.`,
  ]
    .filter(Boolean)
    .join(' ');
}

/** `0–2, 5`: numbers in order, neighbours together. */
export function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && number === run[1] + 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}

export const partitionsPhrase = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? 'partition' : 'partitions'} ${ranges(numbers)}`;

const noOneHolds = (free: readonly number[]): string =>
  `No process holds ${partitionsPhrase(free)}: another takes over within seconds, if one that can is left.`;

const nameOf = ({ roles, id }: ProcessJson): string =>
  `The process ${id} (${roles.length === ROLES.length ? 'all roles' : roles.join(', ')})`;

/** With a full stop. */
const sentence = (text: string): string => (text === '' || /[.!?]$/.test(text) ? text : `${text}.`);

export interface Topic {
  name: string;
  /** Offsets from the first that is kept to the end: at most so many records. */
  kept: number;
  partitions: number;
  largest: number;
}

/** The largest first. */
export const topicsOf = ({ topics }: SystemJson): Topic[] =>
  topics
    .map(({ name, partitions }) => {
      const sizes = partitions.map(({ start, end }) => end - start);
      return {
        name,
        kept: sizes.reduce((sum, size) => sum + size, 0),
        partitions: partitions.length,
        largest: Math.max(0, ...sizes),
      };
    })
    .sort((a, b) => b.kept - a.kept || a.name.localeCompare(b.name));
