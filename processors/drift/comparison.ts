// What comparing a declaration with an observation gives. The rules are data in rules/.
import type { Difference, JsonObject } from '../../schemas/index.ts';

/** Which attributes the configuration sets, where it is known; null: not known (a later source publishes it). */
export interface Configured {
  /** Undefined: not known for this path. */
  sets(path: string): boolean | undefined;
  ignores(path: string): boolean;
}

export interface ComparisonInput {
  type: string;
  declared: JsonObject;
  /** Attributes that are absent were not observed and are not compared. */
  observed: JsonObject;
  configuration: Configured | null;
}

export interface Comparison {
  differences: Difference[];
  /** `low` when every difference is on an Optional+Computed attribute and the configuration is not known. */
  certainty: 'high' | 'low';
  /** Name of the rule that makes all differences ignored (co-managed, ignore_changes); null when they count. */
  ignoredBy: string | null;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  /** Paths that both sides may hold but that cannot be compared (write-only, a secret against a plain value). */
  unverifiable?: string[];
}

export type Compare = (input: ComparisonInput) => Comparison;
