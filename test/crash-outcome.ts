// What the drifts of a run are compared by: what must be the same in any order across topics. Resolved ones are left out:
// what one order opens and resolves may never stand in another (docs/detector.md, "What does").
import type { Drift, EventOf } from '../schemas/index.ts';

export type Standing = Pick<Drift, 'kind' | 'confidence' | 'status' | 'differences'> & { actors: string[] };

/** The drifts that stand in the end, by id. */
export function standingDrifts(current: readonly EventOf<'drift.current'>[]): Record<string, Standing> {
  const newest = new Map(current.map(({ body }) => [body.drift.id, body.drift]));
  const standing: Record<string, Standing> = {};
  for (const { id, kind, confidence, status, differences, actors } of newest.values())
    if (status !== 'resolved')
      standing[id] = { kind, confidence, status, differences, actors: actors.map((actor) => actor.name) };
  return standing;
}
