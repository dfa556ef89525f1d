// A comparison without rules, for tests of the detector that are not about rules: top-level attributes, deep equality.
import { canonical, type Json } from '../../../schemas/index.ts';
import type { Compare } from '../comparison.ts';

const text = (value: Json | undefined): string | null =>
  value === undefined || value === null ? null : canonical(value);

export const deepCompare: Compare = ({ declared, observed }) => ({
  differences: Object.keys(observed)
    .sort()
    .filter((path) => text(declared[path]) !== text(observed[path]))
    .map((path) => {
      const [was, is] = [text(declared[path]), text(observed[path])];
      const op = was === null ? 'added' : is === null ? 'removed' : 'changed';
      return { path, op, declared: was, observed: is, configured: null };
    }),
  certainty: 'high',
  ignoredBy: null,
  severity: 'medium',
});
