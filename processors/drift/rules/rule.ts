// What a comparison rule is, and how the rows that concern one Terraform type become a lookup by attribute path. Pure.
import type { Json } from '../../../schemas/index.ts';
import type { EquivalenceName } from './equivalence.ts';

/** Why an attribute is not compared. `write-only` ones are reported as unverifiable; the others say nothing. */
export type SkipReason = 'server' | 'provider-only' | 'write-only' | 'computed';

/** Attributes whose blocks are first broken up into canonical elements (./elements.ts). */
export type ElementsName = 'security-group-rules' | 'network-acl-entries' | 'routes';

/** What a row does with the attributes it names. */
export type Treatment =
  | { skip: SkipReason }
  /** Arrays are ordered lists unless a row says they are sets. */
  | { order: 'set' | 'list' }
  /** Array of objects matched by this member before they are compared. */
  | { keyedBy: string }
  | { equal: EquivalenceName }
  /** What the service has when nothing is configured: an unset attribute equals it (and only it). */
  | { default: Json }
  /** Optional+Computed: compared only when the state has a value, and then with low certainty. */
  | { optionalComputed: true }
  /** Keys belong to the user: an empty value differs from an absent one, and no general rule looks inside. */
  | { freeForm: true }
  /** Keys of a free-form map that the platform sets. */
  | { systemKeys: string }
  /** Something besides Terraform edits it by design (where the declared `when` is on): ignored under the rule's name. */
  | { coManaged: 'always' | { when: string } }
  | { elements: ElementsName };

export interface Rule {
  /** Unique; what `ignoredBy` shows. */
  name: string;
  /** Where it comes from: the rule's number in the noise reference. */
  basis: string;
  /** Terraform types; a trailing `*` stands for the rest. */
  types: readonly string[];
  /** Attribute paths without indices (`root_block_device.encrypted`); `**.x` is x at any depth outside free-form maps. */
  paths: readonly string[];
  treatment: Treatment;
}

/** All that holds at one attribute path of one type. */
export interface Treatments {
  skip: SkipReason | null;
  order: 'set' | 'list';
  keyedBy: string | null;
  equal: EquivalenceName | null;
  /** Undefined: no default is known. */
  default: Json | undefined;
  optionalComputed: boolean;
  /** The attribute, or a block it stands in, is Optional+Computed. */
  uncertain: boolean;
  freeForm: boolean;
  systemKeys: RegExp | null;
  coManaged: { rule: string; when: string | null } | null;
  elements: ElementsName | null;
}

export interface TypeRules {
  at(path: string): Treatments;
}

const PLAIN: Treatments = {
  skip: null,
  order: 'list',
  keyedBy: null,
  equal: null,
  default: undefined,
  optionalComputed: false,
  uncertain: false,
  freeForm: false,
  systemKeys: null,
  coManaged: null,
  elements: null,
};

/** Paths in a hostile state are without number: the memo of one type is dropped when it gets this large. */
const MEMO_LIMIT = 4096;

const concerns = (rule: Rule, type: string): boolean =>
  rule.types.some((pattern) =>
    pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type,
  );

/**
 * Rows for one type. An exact path beats `**`, later rows beat earlier ones, and treatments of different sorts add up.
 * `volatileName` names members that servers write, at any depth.
 */
export function compileRules(rules: readonly Rule[], type: string, volatileName: RegExp): TypeRules {
  const exact = new Map<string, Rule[]>();
  const anywhere = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (!concerns(rule, type)) continue;
    for (const path of rule.paths) {
      const into = path.startsWith('**.') ? anywhere : exact;
      const key = path.startsWith('**.') ? path.slice(3) : path;
      const rows = into.get(key);
      if (rows) rows.push(rule);
      else into.set(key, [rule]);
    }
  }
  const memo = new Map<string, Treatments>();
  const lookup: TypeRules = {
    at(path) {
      const known = memo.get(path);
      if (known) return known;
      const dot = path.lastIndexOf('.');
      const name = path.slice(dot + 1);
      const rows = [...(anywhere.get(name) ?? []), ...(exact.get(path) ?? [])];
      let found = rows.length === 0 ? PLAIN : rows.reduce(add, { ...PLAIN });
      if (found.skip === null && !exact.has(path) && volatileName.test(name))
        found = { ...found, skip: 'server' };
      if (found.optionalComputed || (dot > 0 && lookup.at(path.slice(0, dot)).uncertain))
        found = { ...found, uncertain: true };
      if (memo.size >= MEMO_LIMIT) memo.clear();
      memo.set(path, found);
      return found;
    },
  };
  return lookup;
}

function add(to: Treatments, { name, treatment }: Rule): Treatments {
  if ('coManaged' in treatment) {
    const when = treatment.coManaged === 'always' ? null : treatment.coManaged.when;
    return { ...to, coManaged: { rule: name, when } };
  }
  if ('systemKeys' in treatment) return { ...to, systemKeys: new RegExp(treatment.systemKeys) };
  return { ...to, ...treatment };
}
