// Which processes hold which partitions of the drift detector, as the processes themselves tell it.
import { patiently } from './patience.ts';
import type { RoleProcess } from './role-process.ts';
import type { ClusterSystem } from './system.ts';

/** By process; one that tells nothing of itself is left out. */
export async function sharesOf({ client }: ClusterSystem): Promise<Map<string, number[]>> {
  const { processes } = await client.system.get();
  return new Map(
    processes.flatMap(({ url, readers }) => {
      const reader = readers.find(({ name }) => name === 'drift');
      const held = reader?.partitions.filter(({ phase }) => phase === 'running');
      return url === null || held === undefined ? [] : [[url, held.map(({ partition }) => partition)]];
    }),
  );
}

/** Until these processes, and no others, hold all partitions, none of them twice, and as evenly as it goes. */
export async function untilShared(system: ClusterSystem, among: readonly RoleProcess[], withinMs = 90_000) {
  const least = Math.floor(system.partitions / among.length);
  let shares = new Map<string, number[]>();
  await patiently(
    `${system.partitions} partitions to be shared among ${among.map(({ url }) => url).join(', ')}; held:`,
    withinMs,
    async () => {
      shares = await sharesOf(system);
      const ours = among.map(({ url }) => shares.get(url) ?? []);
      const held = [...shares.values()].flat();
      return (
        held.length === system.partitions &&
        new Set(held).size === system.partitions &&
        ours.flat().length === system.partitions &&
        ours.every(({ length }) => length === least || length === least + 1)
      );
    },
    () => [...shares],
  );
}
