// What kept a resource from being read: a code to count by and a reason for people, without secrets. Pure.
import { DriftError } from '../../../runtime/errors.ts';
import { PluginProblem, type PluginProblemKind } from '../plugin/host/problem.ts';
import { ValueProblem } from '../plugin/values/problem.ts';
import { StateProblem } from '../problem.ts';

export interface Failure {
  code: string;
  reason: string;
  /** Worth another try later. */
  again: boolean;
}

const CODES: Partial<Record<PluginProblemKind, string>> = { 'not-found': 'not-found-provider' };

/** What to do, where the problem does not say it itself. */
const MEND: Partial<Record<PluginProblemKind, string>> = {
  unstartable: 'install the provider again with "terraform init"',
  'not-a-plugin': 'install the provider again with "terraform init"',
  protocol: 'a newer DriftMgr, or another version of the provider, may speak it',
  crashed: 'the resource stays unknown until it can be read; another version of the provider may help',
  hung: 'it is asked again at the next change; see whether the cloud can be reached from here',
  unsupported: 'install the version of the provider that wrote the state',
};

const LONGEST = 1_000;

/** Null for what is no trouble of reading: a defect, or something of ours that is away. `redact`: of the instance's secrets. */
export function failureOf(error: unknown, redact: (text: string) => string): Failure | null {
  if (error instanceof PluginProblem) {
    const mend = MEND[error.kind];
    return {
      code: CODES[error.kind] ?? error.kind,
      reason: short(redact(mend ? `${error.message}: ${mend}` : error.message)),
      again: error.retriable,
    };
  }
  if (error instanceof ValueProblem)
    return {
      code: 'unreadable-answer',
      reason: short(
        redact(
          `what the provider answered does not fit its own schema (${error.message}): try another version of it`,
        ),
      ),
      again: false,
    };
  return null;
}

/** Why the stored state did not give the instance. Null as above. */
export function stateFailureOf(error: unknown): Failure | null {
  if (error instanceof StateProblem)
    return {
      code: 'state-unreadable',
      reason: short(`the stored state cannot be read: ${error.public ?? error.message}`),
      again: false,
    };
  if (error instanceof DriftError && error.code === 'DM_BLOB_MISSING')
    return {
      code: 'no-state',
      reason: 'the version of the state that declares it is no longer stored: it is read with the next one',
      again: false,
    };
  if (error instanceof DriftError && (error.code === 'DM_BLOB_UNREADABLE' || error.code === 'DM_NOT_FOUND'))
    return { code: 'state-unreadable', reason: short(error.public ?? error.message), again: false };
  return null;
}

const short = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
