// The moments at which a crash test may end the process (or throw, which leaves the files as a crash would).
export const FAULT_STEPS = [
  'before-write',
  'after-partial-write',
  'after-write-before-sync',
  'after-sync',
  'roll-before-create',
  'roll-after-create',
  'roll-after-sync',
  'compact-before-write',
  'compact-before-sync',
  'compact-before-rename',
  'compact-after-rename',
  'compact-before-remove',
  'compact-after-remove',
] as const;
export type FaultStep = (typeof FAULT_STEPS)[number];
export type Faults = (step: FaultStep) => void | Promise<void>;
