// A scan as JSON, the shape DESIGN § 8 keeps stable. Pure.
import type { ScanResult } from './scan.ts';

export const scanAsJson = (result: ScanResult): string => `${JSON.stringify(inOrder(result), null, 2)}\n`;

const inOrder = ({ summary, drifts, coverage, unread }: ScanResult): ScanResult => ({
  summary,
  drifts,
  coverage,
  unread,
});
