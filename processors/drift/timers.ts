// The detector's timers: their names and what their data holds. Timers are also its memory of changes.
export const EVIDENCE_TIMER = 'change';
export const WAIT_TIMER = 'wait';
export const FORGET_TIMER = 'forget';
export const ACCEPTED_TIMER = 'accepted';
export const ABSORBED_TIMER = 'absorbed';
export const PART_TIMER = 'part';
export const READ_TIMER = 'read';
