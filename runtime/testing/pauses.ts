// How long the event loop is held while something runs: what this thread worked between two turns of it. Time that passes
// does not count: other processes of a busy machine would be taken for us.

export interface Pauses {
  /** Milliseconds of the longest. */
  longest: number;
  /** Of all of it. */
  worked: number;
}

export async function pausesIn(work: () => Promise<unknown>): Promise<Pauses> {
  const began = workedSoFar();
  let longest = 0;
  let last = began;
  const look = (): void => {
    const now = workedSoFar();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  look();
  return { longest, worked: last - began };
}

function workedSoFar(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
