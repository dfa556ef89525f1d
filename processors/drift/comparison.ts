// What comparing a declaration with an observation gives. The rules are data in rules/.
import type { Difference, JsonObject } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import { SWITCHES } from './rules/index.ts';

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
  /**
   * What the provider's schema says of the type; null: not known. With it, an attribute that the declaration does not even
   * mention was unknown to the provider version that wrote the state, and is not compared.
   */
  facts: TypeFacts | null;
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

/**
 * Attributes that are looked at whatever differs; of all others those of the observation that differ from what is declared.
 * A comparison gives the same when it is given no more than these (differing.ts).
 */
export const LOOKED_AT: ReadonlySet<string> = new Set(['id', 'tags', 'tags_all', ...SWITCHES]);

export type Compare = (input: ComparisonInput) => Comparison;
