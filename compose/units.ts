// Units: sources and the reactors that answer for them, each run as a whole by one process. Which process that is the
// group says; whoever takes one over shuts out the writers of whoever had it. What needs nothing of one process alone is
// shared instead: every process works on a part of the partitions.
import type { Registry } from 'prom-client';
import type { SystemJson } from '../api/types.ts';
import type { Assignments } from '../runtime/assignment/assignment.ts';
import { wholeAssignments } from '../runtime/assignment/whole.ts';
import type { Reactor } from '../runtime/reactor.ts';
import { type ReactorHandle, type RunReactorOptions, runReactor } from '../runtime/run-reactor.ts';
import { runSource, type SourceHandle } from '../runtime/run-source.ts';
import type { Source } from '../runtime/source.ts';

export interface Unit {
  name: string;
  sources: readonly Source[];
  reactors: readonly Reactor[];
  /** Reactors that stand by themselves: all processes with the role run them, each its share of the partitions. */
  shared?: readonly Reactor[];
  /** Shows in these metrics what it does, whether it runs here or not. */
  measure?(metrics: Registry): void;
}

export interface UnitsOptions extends Omit<RunReactorOptions, 'reactor' | 'assignments'> {
  units: readonly Unit[];
  assignments: Assignments;
}

export interface UnitsHandle {
  /** Resolves when it is known which units run here. */
  joined: Promise<void>;
  /** Resolves when everything has ended: it was told to, or all that ran here were one-shot. */
  ended: Promise<void>;
  /** Names of the units that run here; null while that is not known. */
  held(): readonly string[] | null;
  /** What keeps the units that run here from being ready, or from it being known which do; one sentence each. */
  notReady(): string[];
  /** Of all units: those that run elsewhere are waiting here. */
  sources(): SystemJson['sources'];
  /** Of the units that run here, and those that are shared. */
  reactors(): RunningReactor[];
}

export interface RunningReactor {
  reactor: Reactor;
  handle: ReactorHandle;
  /** It may have only some of the partitions. */
  isShared: boolean;
}

/** The group of the processes that have the role `producers`. */
const GROUP = 'producers';

export function runUnits(options: UnitsOptions): UnitsHandle {
  const { units, assignments, log } = options;
  const { partitions } = log;
  const sources = new Map<string, SourceHandle>();
  const reactors = new Map<string, RunningReactor>();
  /** Partitions of a group are what is given to processes; a unit goes with one of them. */
  for (const unit of units) unit.measure?.(options.metrics);
  const unitsAt = (partition: number): Unit[] => units.filter((_, index) => index % partitions === partition);

  async function run(unit: Unit, signal: AbortSignal): Promise<void> {
    const handles = unit.reactors.map((reactor) => {
      const handle = runReactor({ ...options, reactor, assignments: wholeAssignments(partitions), signal });
      reactors.set(reactor.name, { reactor, handle, isShared: false });
      return handle;
    });
    const running = unit.sources.map((source) => {
      const handle = runSource({ ...options, source, signal });
      sources.set(source.name, handle);
      return handle;
    });
    await Promise.all([...handles, ...running].map((handle) => handle.stopped));
    // Given up while the rest goes on: another process tells of it now.
    if (options.signal.aborted || !signal.aborted) return;
    for (const { name } of unit.reactors) reactors.delete(name);
    for (const { name } of unit.sources) sources.delete(name);
  }

  for (const reactor of units.flatMap(({ shared = [] }) => shared))
    reactors.set(reactor.name, {
      reactor,
      handle: runReactor({ ...options, reactor }),
      isShared: true,
    });
  const sharing = [...reactors.values()];

  const membership = assignments.join({
    group: GROUP,
    topics: ['driftmgr.sources'],
    signal: options.signal,
    work: async ({ partition, signal }) => {
      await Promise.all(unitsAt(partition).map((unit) => run(unit, signal)));
    },
  });
  const held = (): Unit[] | null => membership.held()?.flatMap(unitsAt) ?? null;
  return {
    joined: membership.joined.then(() => undefined),
    ended: Promise.all([membership.ended, ...sharing.map(({ handle }) => handle.stopped)]).then(
      () => undefined,
    ),
    held: () => held()?.map(({ name }) => name) ?? null,
    notReady: () =>
      held()?.flatMap(({ sources: own, reactors: answering }) => [
        ...own.flatMap((source) => unready(source, sources.get(source.name))),
        ...answering.flatMap(({ name }) => (reactors.has(name) ? [] : [`${name}: is starting`])),
      ]) ?? ['producers: wait for their share'],
    sources: () =>
      units.flatMap((unit) =>
        unit.sources.map(({ name }): SystemJson['sources'][number] => {
          const status = sources.get(name)?.status();
          if (!status) return { name, status: 'waiting', detail: 'another process runs it' };
          return { name, status: SHOWN[status.phase], detail: status.reason };
        }),
      ),
    reactors: () => [...reactors.values()],
  };
}

/** What fails later, or for good, is told by `sources`: the others go on being served. */
function unready(source: Source, handle: SourceHandle | undefined): string[] {
  const { begun = false, phase = 'starting', reason = null } = handle?.status() ?? {};
  if (phase === 'stopped' || phase === 'finished') return [];
  const why = begun ? (source.notReady?.() ?? null) : (reason ?? 'is starting');
  return why === null ? [] : [`${source.name}: ${why}`];
}

const SHOWN = {
  starting: 'waiting',
  running: 'running',
  retrying: 'waiting',
  finished: 'finished',
  stopped: 'failed',
} as const satisfies Record<
  ReturnType<SourceHandle['status']>['phase'],
  SystemJson['sources'][number]['status']
>;
