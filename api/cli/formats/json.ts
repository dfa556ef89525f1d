// A scan as JSON, the shape DESIGN § 8 keeps stable. Pure.
import type { ScanResult } from './scan.ts';

export const scanAsJson = (result: ScanResult): string =>
  `${JSON.stringify({ summary: result.summary, drifts: result.drifts, coverage: result.coverage }, null, 2)}\n`;
