// The committed positions of all groups, and their text in frames. Pure.
import type { Position } from './log.ts';

/** Positions by group and place; a place is a topic's number and a partition in one number. */
export type GroupPositions = Map<string, Map<number, number>>;

/** What a frame notes besides records: positions moved by it and, in a snapshot, where every place ends. */
interface Note {
  ends?: [place: number, end: number][];
  groups?: [group: string, positions: [place: number, offset: number][]][];
}

export function movePositions(
  groups: GroupPositions,
  group: string,
  positions: Iterable<readonly [place: number, offset: number]>,
): void {
  const held = groups.get(group) ?? new Map<number, number>();
  groups.set(group, held);
  for (const [place, offset] of positions) held.set(place, offset);
}

/** The note of a commit frame: empty when no positions move. */
export function commitNote(
  commits: readonly { group: string | null; positions: readonly Position[] }[],
  placeOf: (position: Position) => number,
): string {
  const groups: GroupPositions = new Map();
  for (const { group, positions } of commits)
    if (group !== null && positions.length > 0)
      movePositions(
        groups,
        group,
        positions.map((position) => [placeOf(position), position.offset]),
      );
  if (groups.size === 0) return '';
  return JSON.stringify({ groups: groupsOf(groups) } satisfies Note);
}

export const snapshotNote = (groups: GroupPositions, ends: Float64Array): string =>
  JSON.stringify({
    ends: [...ends.entries()].filter(([, end]) => end > 0),
    groups: groupsOf(groups),
  } satisfies Note);

const groupsOf = (groups: GroupPositions): Note['groups'] =>
  [...groups].map(([group, positions]) => [group, [...positions]]);

/** Folds the note of a frame read back. */
export function foldNote(text: string, groups: GroupPositions, ends: Float64Array): void {
  if (text === '') return;
  const note = JSON.parse(text) as Note;
  for (const [place, end] of note.ends ?? []) ends[place] = Math.max(ends[place] ?? 0, end);
  for (const [group, positions] of note.groups ?? []) movePositions(groups, group, positions);
}
