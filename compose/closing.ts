// Closes what was opened, last opened first. One that fails does not keep the others open.
type Close = () => unknown;

export class Closing {
  private readonly closes: Close[] = [];

  add(close: Close): void {
    this.closes.push(close);
  }

  /** Throws the first failure, after all were tried. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.closes.pop(); close; close = this.closes.pop()) {
      try {
        await close();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
