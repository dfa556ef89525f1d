// The rules in force, in order, and the lookup by Terraform type. Pure.
import type { TypeFacts } from '../../../schemas/type-facts.ts';
import { AWS_ALIASES, AWS_RULES } from './aws.ts';
import { AZURE_RULES } from './azure.ts';
import { DIGITALOCEAN_ALIASES, DIGITALOCEAN_RULES } from './digitalocean.ts';
import { GENERAL_RULES, VOLATILE_NAME } from './general.ts';
import { GOOGLE_RULES } from './google.ts';
import type { Rule, TypeRules } from './rule.ts';
import { compileRules } from './rule.ts';

export const RULES: readonly Rule[] = [
  ...GENERAL_RULES,
  ...AWS_RULES,
  ...AZURE_RULES,
  ...DIGITALOCEAN_RULES,
  ...GOOGLE_RULES,
];

const ALIASES: Record<string, string> = { ...AWS_ALIASES, ...DIGITALOCEAN_ALIASES };

/** The type under which a resource is observed: older names of a type stand for its present one. */
export const presentType = (type: string): string => (Object.hasOwn(ALIASES, type) ? ALIASES[type]! : type);

const compiled = new Map<string, TypeRules>();

/** Types come from states, so their number is not ours to trust. */
const TYPES_LIMIT = 5000;

/** By the object that holds the facts: whoever keeps it keeps what was made of it, and both go together. */
const compiledWith = new WeakMap<TypeFacts, { type: string; rules: TypeRules }>();

/** Rules of a type, with what its provider's schema says where that is known; made once and remembered. */
export function rulesOf(type: string, facts: TypeFacts | null = null): TypeRules {
  if (facts !== null) {
    const known = compiledWith.get(facts);
    if (known?.type === type) return known.rules;
    const rules = compileRules(RULES, [type, presentType(type)], VOLATILE_NAME, facts);
    compiledWith.set(facts, { type, rules });
    return rules;
  }
  let rules = compiled.get(type);
  if (rules === undefined) {
    if (compiled.size >= TYPES_LIMIT) compiled.clear();
    rules = compileRules(RULES, [type, presentType(type)], VOLATILE_NAME);
    compiled.set(type, rules);
  }
  return rules;
}

/** Declared attributes that switch a rule on for others: a comparison looks at them also where nothing differs. */
export const SWITCHES: readonly string[] = RULES.flatMap(({ treatment }) =>
  'coManaged' in treatment && treatment.coManaged !== 'always'
    ? [treatment.coManaged.when.split('.')[0]!]
    : [],
);
