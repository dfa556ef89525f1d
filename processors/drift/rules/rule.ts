// What a comparison rule is, and how the rows that concern one Terraform type become a lookup by attribute path. Pure.
import type { Json } from '../../../schemas/index.ts';
import type { TypeFacts } from '../../../schemas/type-facts.ts';
import type { EquivalenceName } from './equivalence.ts';

/** Why an attribute is not compared. `write-only` ones are reported as unverifiable; the others say nothing. */
export type SkipReason = 'server' | 'provider-only' | 'write-only' | 'computed';

/** Attributes whose blocks are first broken up into canonical elements (./elements.ts). */
export type ElementsName =
  | 'security-group-rules'
  | 'network-acl-entries'
  | 'routes'
  | 'azure-subnets'
  | 'azure-routes'
  | 'azure-security-rules';

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
  | { coManaged: 'always' | { when: string; only?: 'minor-versions' } }
  | { elements: ElementsName };

export interface Rule {
  /** Unique; what `ignoredBy` shows. */
  name: string;
  /** Where it comes from: the rule's number in the noise reference. */
  basis: string;
  /** Terraform types; a trailing `*` stands for the rest. */
  types: readonly string[];
  /**
   * Attribute paths without indices (`root_block_device.encrypted`); `**.x` is x at any depth outside free-form maps, `**`
   * any path, and `wait_*` any attribute whose name begins so.
   */
  paths: readonly string[];
  treatment: Treatment;
  /** Told from a name alone: holds only where no provider's schema says better. */
  guess?: true;
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
  coManaged: { rule: string; when: string | null; only: 'minor-versions' | null } | null;
  elements: ElementsName | null;
  /** The schema calls it sensitive: a plain value is never shown. */
  sensitive: boolean;
  /** A nested block of the schema: its members are known by name. */
  block: boolean;
}

export interface TypeRules {
  at(path: string): Treatments;
  /** Null where no schema is known, and the rows say all there is to say. */
  facts: TypeFacts | null;
  /** Paths that the schema calls Optional+Computed inside this one. */
  filledIn(path: string): readonly string[];
  /** Whether the schema names anything inside this path. */
  holds(path: string): boolean;
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
  sensitive: false,
  block: false,
};

/** Paths in a hostile state are without number: the memo of one type is dropped when it gets this large. */
const MEMO_LIMIT = 4096;

const concerns = (rule: Rule, names: readonly string[]): boolean =>
  rule.types.some((pattern) =>
    pattern.endsWith('*') ? names[0]!.startsWith(pattern.slice(0, -1)) : names.includes(pattern),
  );

/**
 * Rows for one type (by all its names), over what the provider's schema says of it. A more exact path beats a wider one, later rows beat
 * earlier ones, any row but a guess beats the schema, and treatments of different sorts add up. `volatileName` names members that
 * servers write, at any depth; where a schema is known, only those that it lets the provider fill in.
 */
export function compileRules(
  rules: readonly Rule[],
  names: readonly string[],
  volatileName: RegExp,
  facts: TypeFacts | null = null,
): TypeRules {
  const everywhere: Rule[] = [];
  const prefixed: [prefix: string, rule: Rule][] = [];
  const exact = new Map<string, Rule[]>();
  const anywhere = new Map<string, Rule[]>();
  for (const rule of rules) {
    if (!concerns(rule, names) || (rule.guess && facts !== null)) continue;
    for (const path of rule.paths) {
      if (path === '**') everywhere.push(rule);
      else if (path.endsWith('*')) prefixed.push([path.slice(0, -1), rule]);
      if (path.endsWith('*')) continue;
      const into = path.startsWith('**.') ? anywhere : exact;
      const key = path.startsWith('**.') ? path.slice(3) : path;
      const rows = into.get(key);
      if (rows) rows.push(rule);
      else into.set(key, [rule]);
    }
  }
  const known = facts === null ? null : compileFacts(facts);
  const memo = new Map<string, Treatments>();
  const lookup: TypeRules = {
    facts,
    at(path) {
      const before = memo.get(path);
      if (before) return before;
      const dot = path.lastIndexOf('.');
      const name = path.slice(dot + 1);
      const rows = [
        ...everywhere,
        ...prefixed.flatMap(([prefix, rule]) => (path.startsWith(prefix) ? [rule] : [])),
        ...(anywhere.get(name) ?? []),
        ...(exact.get(path) ?? []),
      ];
      const base = known?.at(path) ?? PLAIN;
      let found = rows.length === 0 ? base : rows.reduce(add, { ...base });
      if (base.skip !== null) found = { ...found, skip: base.skip };
      if (base.block && found.freeForm) found = { ...found, freeForm: false };
      if (found.optionalComputed || (dot > 0 && lookup.at(path.slice(0, dot)).uncertain))
        found = { ...found, uncertain: true };
      const volatile = known === null ? !exact.has(path) : found.uncertain;
      if (found.skip === null && volatile && volatileName.test(name)) found = { ...found, skip: 'server' };
      if (memo.size >= MEMO_LIMIT) memo.clear();
      memo.set(path, found);
      return found;
    },
    filledIn: (path) => known?.filledIn.get(path) ?? NONE,
    holds: (path) => known?.inside.has(path) ?? false,
  };
  return lookup;
}

const NONE: readonly string[] = [];

interface CompiledFacts {
  at(path: string): Treatments | null;
  filledIn: ReadonlyMap<string, readonly string[]>;
  /** Paths that have named paths inside. */
  inside: ReadonlySet<string>;
}

/** A schema as treatments by path. */
function compileFacts(facts: TypeFacts): CompiledFacts {
  const by = new Map<string, Treatments>();
  const set = (paths: readonly string[], treatment: Partial<Treatments>): void => {
    for (const path of paths) by.set(path, { ...(by.get(path) ?? PLAIN), ...treatment });
  };
  set(facts.sets, { order: 'set' });
  set(facts.maps, { freeForm: true });
  set(facts.blocks, { block: true });
  set(facts.optionalComputed, { optionalComputed: true });
  set(facts.sensitive, { sensitive: true });
  set(facts.writeOnly, { skip: 'write-only' });
  set(facts.computed, { skip: 'computed' });
  const inside = new Set<string>();
  for (const path of by.keys())
    for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
      const holder = path.slice(0, dot);
      if (inside.has(holder)) break;
      inside.add(holder);
    }
  const filledIn = new Map<string, string[]>();
  for (const path of facts.optionalComputed)
    for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
      const holder = path.slice(0, dot);
      const paths = filledIn.get(holder);
      if (paths) paths.push(path);
      else filledIn.set(holder, [path]);
    }
  return { at: (path) => by.get(path) ?? null, filledIn, inside };
}

function add(to: Treatments, { name, treatment }: Rule): Treatments {
  if ('coManaged' in treatment) {
    const { when, only } =
      treatment.coManaged === 'always' ? { when: null } : { only: null, ...treatment.coManaged };
    return { ...to, coManaged: { rule: name, when, only: only ?? null } };
  }
  if ('systemKeys' in treatment) return { ...to, systemKeys: new RegExp(treatment.systemKeys) };
  return { ...to, ...treatment };
}
