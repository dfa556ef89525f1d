// Reads what a contestant wrote and says what is wrong with it.
import type { Codec } from '../../schemas/index.ts';
import type { Cluster } from './cluster.ts';
import type { Contestant } from './contestant.ts';
import { allDrifts } from './drift-reader.ts';
import { Result } from './result.ts';

/** Empty when nothing is wrong. */
export async function problemsOf(
  cluster: Cluster,
  codec: Codec,
  { drifts, openDrifts }: Contestant,
  changes: Uint32Array,
): Promise<string[]> {
  const result = new Result();
  await allDrifts(cluster, codec, { topic: openDrifts, name: 'driftmgr.open-drifts' }, (drift) =>
    result.addCurrent(drift),
  );
  await allDrifts(cluster, codec, { topic: drifts, name: 'driftmgr.drifts' }, (drift) =>
    result.addTransition(drift),
  );
  return result.problems(changes);
}
