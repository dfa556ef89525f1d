// Who of a group gets which partitions. Pure: the member that leads the group computes it for all.
import { compareText } from '../state/order.ts';

export interface Member {
  id: string;
  /** What it works on now: it keeps what it may, because moving a partition means restoring its state elsewhere. */
  holds: readonly number[];
}

/**
 * Every partition to exactly one member, numbers of partitions at most one apart, and as few moved as that allows. The
 * same for the same members, in whatever order they are named.
 */
export function share(members: readonly Member[], partitions: number): Map<string, number[]> {
  const ordered = [...members].sort((a, b) => compareText(a.id, b.id));
  const shares = new Map<string, number[]>(ordered.map(({ id }) => [id, []]));
  if (ordered.length === 0) return shares;
  const least = Math.floor(partitions / ordered.length);
  let larger = partitions % ordered.length;
  const taken = new Set<number>();
  // Those who hold most choose first, so that the larger shares go where they move least.
  for (const { id, holds } of [...ordered].sort((a, b) => b.holds.length - a.holds.length)) {
    const kept = [...new Set(holds)].filter(
      (partition) => partition >= 0 && partition < partitions && !taken.has(partition),
    );
    const most = larger > 0 && kept.length > least ? least + 1 : least;
    if (most > least) larger--;
    const share = kept.sort((a, b) => a - b).slice(0, most);
    for (const partition of share) taken.add(partition);
    shares.set(id, share);
  }
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (partition) => !taken.has(partition),
  );
  for (const partition of free) {
    const [smallest] = [...shares].reduce((a, b) => (b[1].length < a[1].length ? b : a));
    shares.get(smallest)!.push(partition);
  }
  for (const share of shares.values()) share.sort((a, b) => a - b);
  return shares;
}
