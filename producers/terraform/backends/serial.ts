// Whether a state that is sent may become the head of a workspace. Pure; the rules of serials and lineages.
//
// Terraform checks serial and lineage itself before it writes, and its http client cannot say that it was forced to: what
// it sends while it holds the lock is meant, be it older or of another lineage. Without the lock nobody vouches for it.
import type { StateWriteKind } from '../../../schemas/index.ts';

export type Ruling =
  | { may: 'write'; kind: StateWriteKind }
  /** The same bytes again, after an answer that got lost. */
  | { may: 'nothing' }
  | { may: 'not'; why: string };

export interface Sent {
  /** Null when the state does not tell: encrypted ones may not. */
  serial: number | null;
  lineage: string;
  md5: string;
  /** Operation of the lock under which it came; null when it came without. */
  operation: string | null;
}

export function rule(head: { serial: number; lineage: string; md5: string } | null, sent: Sent): Ruling {
  if (head === null) return { may: 'write', kind: 'write' };
  if (head.md5 === sent.md5) return { may: 'nothing' };
  if (sent.serial === null) return { may: 'write', kind: 'write' };
  const locked = sent.operation !== null;
  const refuse = (why: string): Ruling => ({ may: 'not', why });
  if (head.lineage !== '' && sent.lineage !== '' && head.lineage !== sent.lineage) {
    return locked
      ? { may: 'write', kind: 'rollback' }
      : refuse(
          `The state sent has lineage ${sent.lineage}, the one stored has ${head.lineage}: they are different states. ` +
            'To replace it, push with -force while holding the lock.',
        );
  }
  if (sent.serial > head.serial) return { may: 'write', kind: 'write' };
  if (sent.serial === head.serial) {
    // Only a push may replace a serial by another with the same number; from a run it is two writers at once.
    return sent.operation === 'state-push'
      ? { may: 'write', kind: 'rollback' }
      : refuse(
          `Serial ${head.serial} is stored already, with other content: someone else wrote it meanwhile. ` +
            'Read the state again and repeat the operation.',
        );
  }
  return locked
    ? { may: 'write', kind: 'rollback' }
    : refuse(
        `The state sent has serial ${sent.serial}, the one stored has ${head.serial}, which is newer. ` +
          'To go back, push with -force while holding the lock.',
      );
}
