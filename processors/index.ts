// All processors. A test fails when a folder is missing from the list.
import type { Processor } from '../runtime/processor.ts';
import { driftDetector } from './drift/index.ts';

export const processors: readonly Processor[] = [driftDetector];
