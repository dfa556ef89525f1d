// Whether what was written is right: of each object the open drift has exactly the differences, status and revision it must
// have, and each revision was written once. Pure.
import type { Drift } from '../../schemas/index.ts';
import { objectKeyOf } from '../world.ts';

const EXAMPLES = 3;

export class Result {
  private readonly open = new Map<string, string>();
  private readonly written = new Map<string, number[]>();

  /** The current drift, as the newest record of its key says. */
  addCurrent({ objectKey, kind, status, revision, differences }: Drift): void {
    const told = differences.map(({ path, op, declared, observed }) => [path, op, declared, observed]);
    this.open.set(objectKey, JSON.stringify({ kind, status, revision, differences: told }));
  }

  addTransition({ objectKey, revision }: Drift): void {
    const revisions = this.written.get(objectKey);
    if (revisions) revisions.push(revision);
    else this.written.set(objectKey, [revision]);
  }

  /** What is wrong, a few examples of it; empty when nothing is. `changes`: how often each object has changed. */
  problems(changes: Uint32Array): string[] {
    const problems: string[] = [];
    let wrong = 0;
    changes.forEach((count, n) => {
      const objectKey = objectKeyOf(n);
      const is = this.open.get(objectKey);
      const must = count === 0 ? undefined : mustBe(count);
      const revisions = (this.written.get(objectKey) ?? []).join();
      const each = Array.from({ length: count }, (_, i) => i + 1).join();
      if (is === must && revisions === each) return;
      if (++wrong <= EXAMPLES)
        problems.push(
          `${objectKey}: the open drift is ${is}, and must be ${must}; its revisions are ${revisions}, and must be ${each}`,
        );
    });
    if (wrong > EXAMPLES) problems.push(`… and ${wrong - EXAMPLES} more objects`);
    if (this.open.size > changes.length)
      problems.push(`${this.open.size} objects have drifts, of ${changes.length} there are`);
    return problems;
  }
}

const mustBe = (change: number): string =>
  JSON.stringify({
    kind: 'modified',
    status: 'open',
    revision: change,
    differences: [['acl', 'changed', '"private"', JSON.stringify(`public-${change}`)]],
  });
