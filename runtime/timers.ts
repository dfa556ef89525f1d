// The timers of one partition in order of time: a binary heap with lazy deletion. Pure; the clock belongs to the loop.

export interface Timer {
  objectKey: string;
  what: string;
  at: number;
}

const before = (a: Timer, b: Timer): boolean =>
  a.at !== b.at ? a.at < b.at : a.objectKey !== b.objectKey ? a.objectKey < b.objectKey : a.what < b.what;

export class Timers {
  private heap: Timer[] = [];
  // What is set now; an entry of the heap that is not the one here was cleared or replaced, and is dropped when it surfaces.
  private readonly current = new Map<string, Timer>();

  get size(): number {
    return this.current.size;
  }

  /** The same `what` of the same key again replaces it. */
  set(objectKey: string, what: string, at: number): void {
    const timer = { objectKey, what, at };
    this.current.set(nameOf(objectKey, what), timer);
    this.heap.push(timer);
    this.up(this.heap.length - 1);
    if (this.heap.length > 64 && this.heap.length > 2 * this.current.size) this.sweep();
  }

  clear(objectKey: string, what: string): void {
    this.current.delete(nameOf(objectKey, what));
  }

  /** The earliest one; equal times go by key, then by name, so that every run fires them in the same order. */
  next(): Timer | undefined {
    for (let top = this.heap[0]; top; top = this.heap[0]) {
      if (this.current.get(nameOf(top.objectKey, top.what)) === top) return top;
      this.pop();
    }
    return undefined;
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.down(0);
  }

  private sweep(): void {
    this.heap = [...this.current.values()];
    for (let i = (this.heap.length >> 1) - 1; i >= 0; i--) this.down(i);
  }

  private up(start: number): void {
    const { heap } = this;
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) return;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  private down(start: number): void {
    const { heap } = this;
    for (let i = start; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

const nameOf = (objectKey: string, what: string): string => `${objectKey}\u001f${what}`;
