// What Terraform and OpenTofu say when they take the lock, and what it means for runs. Pure.
//
// Rests on trials with Terraform 1.11.4: apply, destroy and apply -refresh-only say OperationTypeApply; plan
// OperationTypePlan; refresh OperationTypeRefresh; import and console OperationTypeInvalid; others their own name
// (state-mv, state-rm, state-push, state-replace-provider, taint, untaint).
import { malformed } from '../problem.ts';

export interface LockInfo {
  id: string;
  operation: string;
  who: string | null;
  terraformVersion: string | null;
  /** As it was sent: what others who want the lock are shown. */
  text: string;
}

const LONGEST_INFO = 64 * 1024;
const LONGEST_FIELD = 256;

/** Null for an empty body. Throws StateProblem for what is not lock info with an ID. */
export function readLockInfo(body: Buffer): LockInfo | null {
  const text = body.toString('utf8').trim();
  if (text === '') return null;
  if (text.length > LONGEST_INFO) throw malformed('the lock info is larger than 64 KiB');
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch {
    throw malformed('the lock info is not JSON');
  }
  const field = (name: string): string | null => {
    if (typeof info !== 'object' || info === null) return null;
    const value: unknown = Object.entries(info).find(([key]) => key === name)?.[1];
    return typeof value === 'string' ? value.slice(0, LONGEST_FIELD) : null;
  };
  const id = field('ID');
  if (!id) throw malformed('the lock info has no ID');
  return {
    id,
    operation: field('Operation') ?? '',
    who: field('Who') || null,
    terraformVersion: field('Version') || null,
    text,
  };
}

/** These only read, or cannot be told from those that do: their run begins with their first write, if there is one. */
const MAY_ONLY_READ = new Set(['', 'OperationTypePlan', 'OperationTypeRefresh', 'OperationTypeInvalid']);

/** When the run of a lock begins. */
export const runBegins = (operation: string): 'with the lock' | 'with a write' =>
  MAY_ONLY_READ.has(operation) ? 'with a write' : 'with the lock';
