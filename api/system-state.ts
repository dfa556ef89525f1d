// The system as one answer: what every process of it says of itself, what the log and the tables know. It is asked when
// something is down: a part that cannot be found out is named, and the others are told all the same.
import type { FastifyBaseLogger } from 'fastify';
import { iso } from '../projections/drift-json.ts';
import { deadLetterCounts } from '../projections/postgres/coverage-queries.ts';
import { DriftError } from '../runtime/errors.ts';
import { briefly } from './briefly.ts';
import type { Context } from './dependencies.ts';
import { standingOf } from './standing.ts';
import type { SystemJson } from './types.ts';

const BRIEFLY_MS = 2_000;
/** What takes longer is not known. */
const AT_MOST_MS = 3_000;

export function systemState(context: Context): (log: FastifyBaseLogger) => Promise<SystemJson> {
  const { clock, org } = context;
  const standing = briefly(clock, BRIEFLY_MS, () => standingOf(context.log, context.topology));
  const processes = briefly(clock, BRIEFLY_MS, () => context.processes());

  return async (log) => {
    const unknown: string[] = [];
    async function part<T>(name: string, ask: () => T | Promise<T>, otherwise: T): Promise<T> {
      const answered = new AbortController();
      const late = clock.sleep(AT_MOST_MS, answered.signal).then(() => {
        throw new DriftError(`${name} took too long`, {
          code: 'DM_TIMEOUT',
          retriable: true,
          public: `there was no answer within ${AT_MOST_MS / 1_000} seconds`,
        });
      });
      late.catch(() => undefined);
      try {
        return await Promise.race([(async () => ask())(), late]);
      } catch (error) {
        log.warn({ err: error, part: name }, 'a part of the state of the system is not known');
        unknown.push(`${name}: ${(error instanceof DriftError && error.public) || 'the log has the reason'}`);
        return otherwise;
      } finally {
        answered.abort();
      }
    }
    const [reasons, own, others, { topics, groups }, refused] = await Promise.all([
      part('readiness', context.readiness, null),
      part('readers', context.readers, []),
      part('processes', processes, []),
      part('topics and groups', standing, { topics: [], groups: [] }),
      part('dead letters', () => deadLetterCounts(context, { org }), []),
    ]);
    const cache = context.cache.state();
    return {
      org,
      version: context.version,
      startedAt: iso(context.startedAt),
      now: iso(clock.now()),
      ready: reasons?.length === 0,
      reasons: reasons ?? ['readiness is not known'],
      unknown: unknown.sort(),
      partitions: context.log.partitions,
      readers: readersOf(own, others, groups),
      sources: sourcesOf(context.sources(), others),
      processes: others,
      topics,
      groups,
      cache: { reachable: cache.reachable, since: iso(cache.since), reason: cache.reason },
      deadLetters: refused.reduce((sum, { count }) => sum + count, 0),
      refused,
      liveClients: context.live.readers(),
      configuration: context.configuration,
    };
  };
}

type Readers = SystemJson['readers'];
type Sources = SystemJson['sources'];

/** This process's own readers, and those that only others run. */
function readersOf(own: Readers, processes: SystemJson['processes'], groups: SystemJson['groups']): Readers {
  const readers = new Map(own.map((reader) => [reader.name, reader]));
  for (const { name, kind, lag } of processes.flatMap((process) => process.readers)) {
    if (own.some((reader) => reader.name === name)) continue;
    const group = groups.find((each) => each.name === name);
    // Of what several hold between them the group knows the whole.
    readers.set(name, { name, kind, lag: group?.lag ?? Math.max(lag ?? 0, readers.get(name)?.lag ?? 0) });
  }
  return [...readers.values()];
}

/** One process runs a source while others stand by for it: what is told is how it is where it is best. */
function sourcesOf(own: Sources, processes: SystemJson['processes']): Sources {
  const best = new Map<string, Sources[number]>();
  for (const source of [...own, ...processes.flatMap((process) => process.sources)]) {
    const known = best.get(source.name);
    if (!known || BEST_FIRST.indexOf(source.status) < BEST_FIRST.indexOf(known.status))
      best.set(source.name, source);
  }
  return [...best.values()];
}

const BEST_FIRST: readonly Sources[number]['status'][] = ['running', 'finished', 'failed', 'waiting'];
