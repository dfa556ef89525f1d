// What a blob reference may look like. Pure.
import { DriftError } from '../errors.ts';

/** Refuses references that are not `a/b/c` of [A-Za-z0-9._-] parts, none of them `.` or `..`, 200 characters at most each. */
export function checkReference(reference: string): void {
  const parts = reference.split('/');
  const fine = (part: string): boolean =>
    /^[A-Za-z0-9._-]{1,200}$/.test(part) && part !== '.' && part !== '..';
  if (parts.length <= 16 && parts.every(fine)) return;
  throw new DriftError(`not a blob reference: ${JSON.stringify(reference.slice(0, 100))}`, {
    code: 'DM_INTERNAL',
    retriable: false,
  });
}
