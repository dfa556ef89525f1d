// A comparison without rules, for tests of the detector that are not about rules: top-level attributes, deep equality, and
// what the configuration and the provider's schema say of them.
import { canonical, type Json } from '../../../schemas/index.ts';
import type { Compare } from '../comparison.ts';

const text = (value: Json | undefined): string | null =>
  value === undefined || value === null ? null : canonical(value);

export const deepCompare: Compare = ({ declared, observed, facts, configuration }) => {
  const differences = Object.keys(observed)
    .sort()
    .filter((path) => text(declared[path]) !== text(observed[path]) && !facts?.computed.includes(path))
    .map((path) => {
      const [was, is] = [text(declared[path]), text(observed[path])];
      const op =
        was === null ? ('added' as const) : is === null ? ('removed' as const) : ('changed' as const);
      return { path, op, declared: was, observed: is, configured: configuration?.sets(path) ?? null };
    });
  const ignored = differences.length > 0 && differences.every(({ path }) => configuration?.ignores(path));
  return { differences, certainty: 'high', ignoredBy: ignored ? 'ignore_changes' : null, severity: 'medium' };
};
