// Where a blob stands below a directory or in a bucket. Pure. `a/b/c` is kept as `a+/b+/c=`: signs that no reference can
// hold keep blobs apart from what lies below a name like theirs, which file systems, and stores built on them, need.
import { checkReference } from './reference.ts';

export const DIRECTORY = '+';
const BLOB = '=';

/** The place of a blob; refuses what is not a reference. */
export function placeOf(reference: string): string {
  checkReference(reference);
  return placesBefore(reference) + BLOB;
}

/** What the places of all references that start with the prefix start with, and no others do. */
export const placesBefore = (prefix: string): string => prefix.replaceAll('/', `${DIRECTORY}/`);

/** The reference at a place; null for what is no blob. */
export const referenceOf = (place: string): string | null =>
  place.endsWith(BLOB) ? place.slice(0, -1).replaceAll(`${DIRECTORY}/`, '/') : null;
