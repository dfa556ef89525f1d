// Why a Terraform state cannot be read, in words for people: never a value of the state.
import { DriftError } from '../../runtime/errors.ts';

export type ProblemKind =
  /** Not a state at all, or one cut short: nothing a backend should keep. */
  | 'malformed'
  /** A state that we cannot read but Terraform or OpenTofu can: keep it, serve it, say so. */
  | 'unsupported'
  | 'too-large';

export class StateProblem extends DriftError {
  readonly kind: ProblemKind;
  constructor(kind: ProblemKind, text: string) {
    super(text, {
      code: kind === 'too-large' ? 'DM_INPUT_TOO_LARGE' : 'DM_STATE_UNREADABLE',
      retriable: false,
      public: text,
    });
    this.name = 'StateProblem';
    this.kind = kind;
  }
}

export const malformed = (text: string): StateProblem => new StateProblem('malformed', text);
