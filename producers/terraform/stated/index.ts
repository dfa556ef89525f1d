// Stored states as those who read resources anew need them.
export type { PagedInstance, StatedInstance, StatedPage, StatedStates } from './instance.ts';
export { createStatedStates, type StatedOptions } from './states.ts';
