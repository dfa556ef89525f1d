// Who is killed in which round: a seeded shuffle of all, then another, so that each was killed before one is killed again.

/** Numbers in [0, 1), the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** One for each round. */
export function victimsOf<T>(kinds: readonly T[], rounds: number, random: () => number): T[] {
  const drawn: T[] = [];
  let left: T[] = [];
  while (drawn.length < rounds) {
    if (left.length === 0) left = [...kinds];
    drawn.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return drawn;
}
