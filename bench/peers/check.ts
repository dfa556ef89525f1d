// Whether what a contestant wrote is right: of each object the open drift has exactly the differences, status and revision
// it must have, and each transition was written once.
import type { Codec } from '../../schemas/index.ts';
import { objectKeyOf } from '../world.ts';
import type { Cluster } from './cluster.ts';
import type { Contestant } from './contestant.ts';
import { allDrifts } from './drift-reader.ts';

/** What is wrong, a few examples of it; empty when nothing is. */
export async function problemsOf(
  cluster: Cluster,
  codec: Codec,
  { drifts, openDrifts }: Contestant,
  changes: Uint32Array,
): Promise<string[]> {
  const open = new Map<string, string>();
  await allDrifts(cluster, codec, { topic: openDrifts, name: 'driftmgr.open-drifts' }, (drift) => {
    const { kind, status, revision } = drift;
    const differences = drift.differences.map(({ path, op, declared, observed }) => [
      path,
      op,
      declared,
      observed,
    ]);
    open.set(drift.objectKey, JSON.stringify({ kind, status, revision, differences }));
  });
  const written = new Map<string, number[]>();
  await allDrifts(cluster, codec, { topic: drifts, name: 'driftmgr.drifts' }, ({ objectKey, revision }) => {
    const revisions = written.get(objectKey);
    if (revisions) revisions.push(revision);
    else written.set(objectKey, [revision]);
  });
  const problems: string[] = [];
  let wrong = 0;
  changes.forEach((count, n) => {
    const objectKey = objectKeyOf(n);
    const is = open.get(objectKey);
    const must = count === 0 ? undefined : mustBe(count);
    const revisions = (written.get(objectKey) ?? []).join();
    const each = Array.from({ length: count }, (_, i) => i + 1).join();
    if (is === must && revisions === each) return;
    wrong++;
    if (problems.length < 3)
      problems.push(
        `${objectKey}: the open drift is ${is}, and must be ${must}; revisions ${revisions}, not ${each}`,
      );
  });
  if (open.size > changes.length)
    problems.push(`${open.size} objects have drifts, of ${changes.length} there are`);
  if (wrong > problems.length) problems.push(`… and ${wrong - problems.length} more objects`);
  return problems;
}

const mustBe = (change: number): string =>
  JSON.stringify({
    kind: 'modified',
    status: 'open',
    revision: change,
    differences: [['acl', 'changed', '"private"', JSON.stringify(`public-${change}`)]],
  });
