// The moments of a transaction at which a crash test may end its writer: as if the process had been killed there, it says
// nothing more to the brokers.
export const TRANSACTION_STEPS = [
  'partitions-added',
  'produced',
  'offsets-added',
  'offsets-sent',
  'before-end',
  'after-end',
] as const;
export type TransactionStep = (typeof TRANSACTION_STEPS)[number];

/** Throws {@link Killed} where the writer is to die. */
export type TransactionFaults = (step: TransactionStep, transactionalId: string) => void;

export class Killed extends Error {
  constructor(step: TransactionStep) {
    super(`died at ${step}`);
  }
}
