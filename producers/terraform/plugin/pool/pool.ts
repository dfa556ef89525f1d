// Providers at work: one process per provider, version and binding, no more than fit, each started when it is needed.
import { type Clock, systemClock } from '../../../../runtime/clock.ts';
import { backoffMs } from '../../../../runtime/failure.ts';
import { endLeftovers } from '../host/leftovers.ts';
import { PluginProblem } from '../host/problem.ts';
import type { Provider } from '../provider.ts';
import { fits, idlest, LIMITS, type Limits, overdue, type Running } from './limits.ts';
import { memoryOf } from './memory.ts';

/** What a process is for. Equal keys share one. */
export interface Member {
  /** Provider, version and binding: `hashicorp/aws 5.100.0 123456789012/eu-west-1`. No secret: it is shown. */
  key: string;
  /** Starts and configures it; the credentials are fetched here and go to it alone. */
  open(): Promise<Provider>;
}

export interface Pool {
  /**
   * Runs work on the member's provider, when there is room. The work must bear being done twice: when a provider ends in the
   * midst of several calls, each is tried once more, alone, so that only the one that ends it again fails.
   */
  use<T>(member: Member, work: (provider: Provider) => Promise<T>, signal?: AbortSignal): Promise<T>;
  status(): PoolStatus;
  /** What is waiting is refused; what runs is ended. */
  close(): Promise<void>;
}

export interface PoolStatus {
  running: { key: string; pid: number | null; bytes: number | null; calls: number; waiting: number }[];
  /** Work for bindings that have no process yet. */
  waiting: number;
  started: number;
  /** Ended to make room, for having nothing to do, for not answering. */
  ended: { room: number; idle: number; hung: number };
  crashed: number;
}

interface Task {
  work: (provider: Provider) => Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
  since: number;
  /** A second attempt: nothing else runs beside it. */
  alone: boolean;
  /** Others ran beside it: when the process ended, it may not be the one to blame. */
  accompanied: boolean;
  done: boolean;
  /** Stops listening to the caller's signal. */
  forget(): void;
}

interface Seat extends Running {
  key: string;
  provider: Provider | null;
  inFlight: Set<Task>;
  /** Takes no more work, and goes when what it is at is done. */
  leaving: boolean;
}

interface Lane {
  member: Member;
  tasks: Task[];
  /** Since it could not be started: no new attempt before. */
  failed: { problem: unknown; until: number; times: number } | null;
}

const SIGN_OF_LIFE_MS = 2_000;
const MEASURE_EVERY_MS = 5_000;
/** Others on this machine may be killed at any time, and not be started again. */
const LEFTOVERS_EVERY_MS = 15_000;

export function providerPool(given: Partial<Limits> = {}, clock: Clock = systemClock): Pool {
  const limits = { ...LIMITS, ...given };
  const seats = new Map<string, Seat>();
  const lanes = new Map<string, Lane>();
  const counts = { started: 0, crashed: 0, ended: { room: 0, idle: 0, hung: 0 } };
  const going = new Set<Promise<unknown>>();
  let closed = false;
  endLeftovers();
  let lookedForLeftovers = clock.now();
  const upkeep = setInterval(
    () => void keepUp(),
    Math.min(MEASURE_EVERY_MS, Math.max(20, limits.idleMs / 2)),
  );
  upkeep.unref();

  return {
    use<T>(member: Member, work: (provider: Provider) => Promise<T>, signal?: AbortSignal) {
      return new Promise<T>((resolve, reject) => {
        if (closed || signal?.aborted) return reject(gaveUp(member.key));
        const lane = lanes.get(member.key) ?? { member, tasks: [], failed: null };
        lanes.set(member.key, lane);
        lane.member = member;
        if (lane.failed && clock.now() < lane.failed.until) return reject(lane.failed.problem);
        const task: Task = {
          work,
          resolve: resolve as (value: unknown) => void,
          reject,
          since: clock.now(),
          alone: false,
          accompanied: false,
          done: false,
          forget: () => signal?.removeEventListener('abort', giveUp),
        };
        const giveUp = (): void => {
          settle(task, () => reject(gaveUp(member.key)));
          lane.tasks = lane.tasks.filter((one) => one !== task);
        };
        lane.tasks.push(task);
        signal?.addEventListener('abort', giveUp, { once: true });
        schedule();
      });
    },
    status: () => ({
      running: [...seats.values()].map(({ key, provider, bytes, inFlight }) => ({
        key,
        pid: provider?.pid ?? null,
        bytes,
        calls: inFlight.size,
        waiting: lanes.get(key)?.tasks.length ?? 0,
      })),
      waiting: [...lanes.values()]
        .filter(({ member }) => !seats.has(member.key))
        .reduce((sum, { tasks }) => sum + tasks.length, 0),
      ...structuredClone(counts),
    }),
    async close() {
      closed = true;
      clearInterval(upkeep);
      for (const { member, tasks } of lanes.values())
        for (const task of tasks.splice(0)) settle(task, () => task.reject(gaveUp(member.key)));
      for (const seat of [...seats.values()]) end(seat);
      await Promise.all(going);
    },
  };

  function settle(task: Task, how: () => void): void {
    if (task.done) return;
    task.done = true;
    task.forget();
    how();
  }

  /** Called whenever something changed: gives work to those that run, then room to those that wait. */
  function schedule(): void {
    if (closed) return;
    for (const seat of seats.values()) feed(seat);
    const waiting = [...lanes.values()]
      .filter(({ member, tasks }) => tasks.length > 0 && !seats.has(member.key))
      .sort((a, b) => a.tasks[0]!.since - b.tasks[0]!.since);
    for (const lane of waiting) {
      const running = [...seats.values()];
      if (fits(running, limits)) {
        start(lane);
        continue;
      }
      if (running.some(({ leaving }) => leaving)) return;
      const victim = idlest(running);
      if (victim) {
        counts.ended.room++;
        end(victim);
      } else {
        const due = overdue(running, clock.now(), limits.turnMs);
        if (due) {
          due.leaving = true;
          counts.ended.room++;
          feed(due);
        }
      }
      return;
    }
  }

  function feed(seat: Seat): void {
    const { provider, inFlight } = seat;
    const lane = lanes.get(seat.key);
    if (!provider || !seat.ready) return;
    if (seat.leaving) {
      if (inFlight.size === 0) end(seat);
      return;
    }
    while (lane && lane.tasks.length > 0 && inFlight.size < limits.concurrency) {
      const isAlone = [...inFlight].some(({ alone }) => alone);
      if (isAlone || (lane.tasks[0]!.alone && inFlight.size > 0)) break;
      void perform(seat, provider, lane, lane.tasks.shift()!);
    }
    seat.wanted = (lane?.tasks.length ?? 0) > 0;
    seat.busy = inFlight.size > 0;
  }

  async function perform(seat: Seat, provider: Provider, lane: Lane, task: Task): Promise<void> {
    if (seat.inFlight.size === 0) seat.turnBegan = clock.now();
    seat.inFlight.add(task);
    if (seat.inFlight.size > 1) for (const one of seat.inFlight) one.accompanied = true;
    try {
      const value = await task.work(provider);
      settle(task, () => task.resolve(value));
    } catch (error) {
      const kind = error instanceof PluginProblem ? error.kind : null;
      const hasEnded = kind === 'crashed' || (kind === 'hung' && (await endIfDead(seat, provider)));
      if (hasEnded && task.accompanied && !task.alone && !task.done && !closed)
        lane.tasks.unshift(Object.assign(task, { alone: true }));
      else settle(task, () => task.reject(error));
    } finally {
      seat.inFlight.delete(task);
      seat.busy = seat.inFlight.size > 0;
      seat.lastUsed = clock.now();
      schedule();
    }
  }

  /** One call that takes too long is its own trouble; a process that answers nothing is everyone's. */
  async function endIfDead(seat: Seat, provider: Provider): Promise<boolean> {
    const { plugin } = provider;
    if (plugin.exit() === null && (await plugin.alive(SIGN_OF_LIFE_MS))) return false;
    if (!seat.leaving) {
      counts.ended.hung++;
      seat.leaving = true;
      seat.ready = false;
    }
    await plugin.kill();
    return true;
  }

  function start(lane: Lane): void {
    const { key } = lane.member;
    const now = clock.now();
    const seat: Seat = {
      key,
      provider: null,
      inFlight: new Set(),
      leaving: false,
      ready: false,
      busy: false,
      wanted: true,
      bytes: null,
      lastUsed: now,
      turnBegan: now,
    };
    seats.set(key, seat);
    counts.started++;
    track(
      lane.member.open().then(
        (provider) => opened(seat, lane, provider),
        (problem: unknown) => failed(seat, lane, problem),
      ),
    );
  }

  async function opened(seat: Seat, lane: Lane, provider: Provider): Promise<void> {
    lane.failed = null;
    seat.provider = provider;
    if (closed) {
      await provider.stop();
      return;
    }
    seat.ready = true;
    seat.turnBegan = clock.now();
    provider.plugin.exited.then(() => {
      if (seats.get(seat.key) !== seat) return;
      seats.delete(seat.key);
      if (!seat.leaving) counts.crashed++;
      schedule();
    });
    schedule();
    seat.bytes = await memoryOf(provider.pid);
  }

  /** All that waited for it fail with its problem, and those that come soon too: each attempt costs seconds. */
  function failed(seat: Seat, lane: Lane, problem: unknown): void {
    seats.delete(seat.key);
    const times = (lane.failed?.times ?? 0) + 1;
    lane.failed = { problem, times, until: clock.now() + backoffMs(times + 2, 1) };
    for (const task of lane.tasks.splice(0)) settle(task, () => task.reject(problem));
    schedule();
  }

  /** Its place is free when it is gone (see opened). */
  function end(seat: Seat): void {
    seat.leaving = true;
    seat.ready = false;
    const { provider } = seat;
    if (!provider) return;
    track(provider.stop());
  }

  async function keepUp(): Promise<void> {
    const now = clock.now();
    if (now - lookedForLeftovers >= LEFTOVERS_EVERY_MS) {
      lookedForLeftovers = now;
      endLeftovers();
    }
    for (const seat of seats.values()) {
      if (seat.ready && !seat.busy && !seat.wanted && now - seat.lastUsed >= limits.idleMs) {
        counts.ended.idle++;
        end(seat);
      }
    }
    for (const [key, { tasks, failed: problem }] of lanes)
      if (tasks.length === 0 && !seats.has(key) && (!problem || now >= problem.until)) lanes.delete(key);
    await Promise.all(
      [...seats.values()].map(async (seat) => {
        if (seat.provider) seat.bytes = (await memoryOf(seat.provider.pid)) ?? seat.bytes;
      }),
    );
    const running = [...seats.values()];
    const bytes = running.reduce((sum, seat) => sum + (seat.bytes ?? 0), 0);
    // They grow as they work: beyond the bound the one that is least needed goes.
    const victim = bytes > limits.bytes && running.length > 1 ? idlest(running) : null;
    if (victim) {
      counts.ended.room++;
      end(victim);
    }
    schedule();
  }

  function track(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.finally(() => going.delete(tracked));
    going.add(tracked);
  }
}

const gaveUp = (key: string): PluginProblem =>
  new PluginProblem('stopped', `what was asked of ${key} was given up before it was answered`);
