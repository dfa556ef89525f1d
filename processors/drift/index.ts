// The drift detector, and how it is wired to the real comparison rules.
import type { Processor } from '../../runtime/processor.ts';
import { compare } from './compare.ts';
import { createDriftDetector } from './detector.ts';

export type { Compare, Comparison, ComparisonInput, Configured } from './comparison.ts';
export type { DriftDetectorOptions } from './detector.ts';
export { createDriftDetector } from './detector.ts';
export { FORWARDS, forwards } from './perform.ts';

/** The detector with the real rules and default times. */
export const driftDetector: Processor = createDriftDetector({ compare });
