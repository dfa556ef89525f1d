// The work on partitions that are held: begun when they are given, ended when they are given up, one at a time each.
import { aborted } from '../aborted.ts';
import type { Held } from './assignment.ts';

interface Working {
  stop: AbortController;
  ended: Promise<void>;
}

export class Work {
  private readonly work: (held: Held) => Promise<void>;
  private readonly confirmed: () => Promise<void>;
  private readonly working = new Map<number, Working>();
  /** Of partitions given up: the end of the work on them, which must be over before it begins anew. */
  private readonly ending = new Map<number, Promise<void>>();

  constructor(work: (held: Held) => Promise<void>, confirmed: () => Promise<void>) {
    this.work = work;
    this.confirmed = confirmed;
  }

  get held(): number[] {
    return [...this.working.keys()].sort((a, b) => a - b);
  }

  /** Holds these and no others. */
  hold(partitions: readonly number[]): void {
    for (const partition of this.held) if (!partitions.includes(partition)) this.giveUp(partition);
    for (const partition of partitions) if (!this.working.has(partition)) this.begin(partition);
  }

  /** Resolves when all work that is held now has ended by itself or by being given up. */
  async done(): Promise<void> {
    await Promise.all([...this.working.values()].map(({ ended }) => ended));
  }

  /** Resolves when the work on what was given up is over. */
  async ended(): Promise<void> {
    while (this.ending.size > 0) await Promise.all(this.ending.values());
  }

  private begin(partition: number): void {
    const stop = new AbortController();
    const before = this.ending.get(partition) ?? Promise.resolve();
    const ended = before
      .then(async () => {
        if (!stop.signal.aborted)
          await this.work({ partition, signal: stop.signal, confirmed: () => this.whileHeld(stop.signal) });
      })
      .catch(() => undefined);
    this.working.set(partition, { stop, ended });
  }

  private giveUp(partition: number): void {
    const { stop, ended } = this.working.get(partition)!;
    this.working.delete(partition);
    const ending = ended.finally(() => {
      if (this.ending.get(partition) === ending) this.ending.delete(partition);
    });
    this.ending.set(partition, ending);
    stop.abort();
  }

  /** The confirmation, or the end of it all. */
  private async whileHeld(signal: AbortSignal): Promise<void> {
    await Promise.race([this.confirmed(), aborted(signal)]);
  }
}
