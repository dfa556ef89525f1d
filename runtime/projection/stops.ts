// Why a projection stops for good: what a person has to mend before it can go on.
import type { ErrorCode } from '../errors.ts';
import { DriftError, ERROR_CODES } from '../errors.ts';
import { codeOf, reasonOf } from '../failure.ts';

/** A record stands in the way that may be neither skipped nor dead-lettered. */
export function refusal(
  projection: string,
  at: { topic: string; partition: number; offset: number },
  error: unknown,
): DriftError {
  const code = codeOf(error);
  const where = `${at.topic}/${at.partition} at ${at.offset}`;
  return new DriftError(`projection ${projection} stops at ${where}: ${reasonOf(error)}`, {
    code: (ERROR_CODES as readonly string[]).includes(code) ? (code as ErrorCode) : 'DM_INTERNAL',
    retriable: false,
    public: `The projection ${projection} has stopped (${where}): ${reasonOf(error)}. What it shows stays as it was until then.`,
    cause: error,
  });
}
