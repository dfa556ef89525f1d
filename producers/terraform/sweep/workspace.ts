// The sweep of one workspace: says what it will cost, reads page by page, publishes what is news, and completes. Each page
// is committed with how far it came: after a restart the sweep goes on behind the last page that was.
import type { SourceContext, SourceEvent } from '../../../runtime/source.ts';
import { stableId } from '../../../schemas/index.ts';
import type { Descriptions } from '../observer/descriptions.ts';
import { stateFailureOf } from '../observer/failures.ts';
import type { Reader } from '../observer/reader.ts';
import type { PagedInstance, StatedStates } from '../stated/index.ts';
import { type Account, type Estimate, estimateOf, estimateText } from './estimate.ts';
import { type Answer, type ReadInstance, tell } from './findings.ts';
import type { Head, LogKnowledge } from './known.ts';
import type { Pace } from './pace.ts';
import { failuresText, isUnderWay, itemOf, jsonOf, progressOf, type SweepProgress } from './progress.ts';
import { sweepScope } from './scope.ts';

export interface SweepParts {
  reader: Pick<Reader, 'read'>;
  states: Pick<StatedStates, 'page' | 'observed'>;
  known: LogKnowledge;
  descriptions: Descriptions;
  pace: Pace;
  /** Whose quota a read of it spends; null when nothing reads it. */
  accountOf(workspace: string, instance: PagedInstance): Account | null;
  limits: SweepLimits;
}

export interface SweepLimits {
  /** Instances read between two commits, at most. */
  page: number;
  /** No more of them than the slowest of their accounts allows in so long: what is found is told soon, and little is read again. */
  pageMs: number;
  /** Reads at once; the budget of their accounts says how many really go out. */
  concurrency: number;
  /** First pause when throttled, doubled each time in a row, milliseconds. */
  pauseMs: number;
  longestPauseMs: number;
  /** After so many pauses in a row in which nothing could be read it is put off. */
  pauses: number;
  putOffMs: number;
}

export const LIMITS: SweepLimits = {
  page: 200,
  pageMs: 10_000,
  concurrency: 32,
  pauseMs: 15_000,
  longestPauseMs: 300_000,
  pauses: 6,
  putOffMs: 900_000,
};

/** How often in a row the state may be replaced under our hands. */
const REPLACED = 5;

/** Null when nothing in the workspace has a reader. Otherwise how it ended: completed, or with a problem. */
export async function sweepWorkspace(
  workspace: string,
  context: SourceContext,
  parts: SweepParts,
): Promise<SweepProgress | null> {
  const { known } = parts;
  const { clock, log, signal } = context;
  const item = itemOf(workspace);
  let progress = progressOf(context.progress(item));
  let replaced = 0;
  for (;;) {
    signal.throwIfAborted();
    await known.catchUp(signal);
    const head = known.head(workspace);
    const problem = problemOf(head);
    if (!head || problem !== null) return putOff(problem ?? NO_STATE);
    try {
      if (progress === null || !isUnderWay(progress)) {
        const estimate = await estimated(workspace, head.blob!, parts, signal);
        if (estimate.reads === 0) return null;
        progress = await start(estimate);
      } else if (progress.problem === null) log.info({ workspace, after: progress.after }, 'a sweep goes on');
      const end = await sweepFrom(head, progress);
      if (end.completedAt !== null || end.problem !== null) return end;
      progress = end;
      replaced = 0;
    } catch (error) {
      signal.throwIfAborted();
      const failure = stateFailureOf(error);
      if (failure === null) throw error;
      await known.catchUp(signal);
      const isReplaced = known.head(workspace)?.blob !== head.blob;
      if (!isReplaced || ++replaced > REPLACED) return putOff(failure.reason);
      progress = progressOf(context.progress(item));
    }
  }

  async function start(estimate: Estimate): Promise<SweepProgress> {
    const startedAt = clock.now();
    const snapshotId = stableId('snp', 'terraform-sweep', workspace, startedAt);
    log.info(
      { workspace, reads: estimate.reads, seconds: estimate.seconds, accounts: estimate.accounts },
      `a sweep begins: ${estimateText(estimate)}`,
    );
    const begun: SweepProgress = {
      snapshotId,
      startedAt,
      after: null,
      listed: 0,
      published: 0,
      failed: {},
      completedAt: null,
      problem: null,
      retryAt: null,
    };
    const started: SourceEvent = {
      type: 'snapshot.started',
      body: { scope: sweepScope(workspace), snapshotId, estimate: estimate.accounts },
      time: startedAt,
      id: stableId('sws', snapshotId),
      objectKey: null,
    };
    await context.publish([started], [{ item, progress: jsonOf(begun) }]);
    return begun;
  }

  /** Until the end, a problem, or a newer version of the state. */
  async function sweepFrom(head: Head, from: SweepProgress): Promise<SweepProgress> {
    let now = from;
    while (known.head(workspace)?.blob === head.blob) {
      const page = await parts.states.page(head.blob!, workspace, now.after, parts.limits.page);
      const instances = soMany(page.instances);
      const ended = await readPage(instances, head, now);
      if (ended.problem !== null) return putOff(ended.problem);
      const { events, counts } = ended;
      now = {
        ...now,
        after: instances.at(-1)?.address ?? now.after,
        listed: now.listed + counts.listed,
        published: now.published + counts.published,
        failed: sum(now.failed, counts.failed),
        problem: null,
        retryAt: null,
      };
      const isLast = page.next === null && instances.length === page.instances.length;
      if (isLast) return complete(now, events);
      await context.publish(events, [{ item, progress: jsonOf(now) }]);
    }
    return now;
  }

  /** The first of them, as many as are read in time; one at least. */
  function soMany(instances: readonly PagedInstance[]): readonly PagedInstance[] {
    const times = new Map<string, number>();
    const end = instances.findIndex((instance) => {
      const account = parts.accountOf(workspace, instance);
      if (account === null) return false;
      const time = (times.get(account.name) ?? 0) + 1_000 / account.perSecond;
      times.set(account.name, time);
      return time > parts.limits.pageMs;
    });
    return end < 0 ? instances : instances.slice(0, Math.max(1, end));
  }

  async function complete(last: SweepProgress, events: readonly SourceEvent[]): Promise<SweepProgress> {
    const completedAt = clock.now();
    const { snapshotId, startedAt, listed, published } = last;
    const completed: SourceEvent = {
      type: 'snapshot.completed',
      body: { scope: sweepScope(workspace), snapshotId, startedAt, listed, published, attributes: [] },
      time: completedAt,
      id: stableId('swc', snapshotId),
      objectKey: null,
    };
    const done = { ...last, completedAt };
    await context.publish([...events, completed], [{ item, progress: jsonOf(done) }]);
    log.info(
      { workspace, listed, published, failed: last.failed, seconds: (completedAt - startedAt) / 1_000 },
      `a sweep is complete: ${[`${listed} read, ${published} of them news`, failuresText(last)].filter((part) => part !== null).join('; ')}`,
    );
    return done;
  }

  /** What has been read of it stays; it goes on there later. */
  async function putOff(reason: string): Promise<SweepProgress> {
    const now = clock.now();
    const before: SweepProgress = progress ?? {
      snapshotId: '',
      startedAt: now,
      after: null,
      listed: 0,
      published: 0,
      failed: {},
      completedAt: null,
      problem: null,
      retryAt: null,
    };
    const latest = progressOf(context.progress(item)) ?? before;
    const retryAt = now + parts.limits.putOffMs;
    const put: SweepProgress = { ...latest, problem: reason, retryAt };
    const failed: SourceEvent = {
      type: 'snapshot.failed',
      body: { scope: sweepScope(workspace), snapshotId: put.snapshotId, reason, retryAt },
      time: now,
      id: stableId('swf', workspace, put.snapshotId, now),
      objectKey: null,
    };
    log.warn({ workspace, reason, retryAt }, 'a sweep is put off');
    // Said once: trying again and failing the same is no news.
    await context.publish(latest.problem === reason ? [] : [failed], [{ item, progress: jsonOf(put) }]);
    return put;
  }

  interface Todo {
    instance: PagedInstance;
    account: Account;
  }

  interface Counts {
    listed: number;
    published: number;
    failed: { [code: string]: number };
  }

  /** Reads all of them, with pauses where the cloud is asked too often; what it came to before a pause is published then. */
  async function readPage(
    instances: readonly PagedInstance[],
    head: Head,
    { snapshotId }: SweepProgress,
  ): Promise<{ events: SourceEvent[]; counts: Counts; problem: string | null }> {
    const counts: Counts = { listed: 0, published: 0, failed: {} };
    let left = instances.flatMap((instance) => {
      const account = parts.accountOf(workspace, instance);
      return account === null ? [] : [{ instance, account }];
    });
    for (let pauses = 0; ; ) {
      const { read, throttled, rest } = await readSome(left, head);
      signal.throwIfAborted();
      await known.catchUp(signal);
      const events = tell(read, known, parts.descriptions, { workspace, snapshotId });
      counts.published += events.filter(({ type }) => type !== 'type.described').length;
      for (const { answer } of read) {
        if (answer.kind !== 'failed') counts.listed++;
        else counts.failed[answer.code] = (counts.failed[answer.code] ?? 0) + 1;
      }
      if (rest.length === 0) return { events, counts, problem: null };
      if (events.length > 0) await context.publish(events);
      left = rest;
      pauses = read.length > 0 ? 1 : pauses + 1;
      if (pauses > parts.limits.pauses) return { events: [], counts, problem: throttled ?? 'throttled' };
      const pause = Math.min(parts.limits.longestPauseMs, parts.limits.pauseMs * 2 ** (pauses - 1));
      log.info({ workspace, pause, left: left.length, reason: throttled }, 'a sweep pauses: it is throttled');
      await clock.sleep(pause, signal);
      signal.throwIfAborted();
    }
  }

  /** Until all are read, or the first is throttled: then the others are not even tried. */
  async function readSome(
    todo: readonly Todo[],
    head: Head,
  ): Promise<{ read: ReadInstance[]; throttled: string | null; rest: Todo[] }> {
    const read: ReadInstance[] = [];
    const rest: Todo[] = [];
    let throttled: string | null = null;
    let next = 0;
    const ending = new AbortController();
    const either = AbortSignal.any([signal, ending.signal]);
    async function work(): Promise<void> {
      while (next < todo.length && !either.aborted) {
        const one = todo[next++]!;
        await parts.pace.turn(one.account.name, one.account.perSecond, either);
        if (throttled !== null) rest.push(one);
        else {
          either.throwIfAborted();
          const answer = await readOne(one.instance, head);
          if (answer.kind === 'failed' && answer.code === 'throttled') {
            throttled = answer.reason;
            rest.push(one);
          } else read.push({ instance: one.instance, answer });
        }
        if (throttled !== null) return;
      }
    }
    const workers = Array.from({ length: Math.min(parts.limits.concurrency, todo.length) }, work);
    try {
      await Promise.all(workers);
    } catch (error) {
      ending.abort(error);
      await Promise.allSettled(workers);
      throw error;
    }
    return { read, throttled, rest: [...rest, ...todo.slice(next)] };
  }

  async function readOne(instance: PagedInstance, { blob }: Head): Promise<Answer> {
    const { address, provider, account, region, type, resourceId } = instance;
    const target = { workspace, address, provider, account, region, type, resourceId, state: blob };
    const outcome = await parts.reader.read(target, instance, 'sweep', signal);
    if (outcome.kind !== 'observed') return outcome;
    const { began, attributes, sensitive, described } = outcome;
    const { attributes: text } = await parts.states.observed(blob!, address, attributes, sensitive);
    return { kind: 'observed', began, attributes: text, described };
  }
}

async function estimated(
  workspace: string,
  blob: string,
  { states, accountOf }: SweepParts,
  signal: AbortSignal,
): Promise<Estimate> {
  const accounts: (Account | null)[] = [];
  for (let after: string | null = null; ; ) {
    signal.throwIfAborted();
    const page = await states.page(blob, workspace, after, 1_000);
    for (const instance of page.instances) accounts.push(accountOf(workspace, instance));
    after = page.next;
    if (after === null) return estimateOf(accounts);
  }
}

const NO_STATE = 'no state of the workspace is known';
const problemOf = (head: Head | undefined): string | null => {
  if (!head) return NO_STATE;
  if (head.problem !== null) return `its state cannot be read: ${head.problem}`;
  return head.blob === null
    ? 'the original of its state is not stored: it is kept from the next write on'
    : null;
};

const sum = (
  one: { [code: string]: number },
  other: { [code: string]: number },
): { [code: string]: number } => {
  const all = { ...one };
  for (const [code, count] of Object.entries(other)) all[code] = (all[code] ?? 0) + count;
  return all;
};
