// Which published rule makes a drift ignored: recorded, but no alarm. Pure; the rules are data in a shared row.
import type { Difference } from '../../schemas/index.ts';
import type { Sight, Subject } from './desired.ts';
import { fits, fitsPath } from './glob.ts';
import { RULES_ROW } from './rows.ts';

interface IgnoreRule {
  name: string;
  matches(subject: Subject): boolean;
  /** Null: the whole drift, whatever differs. */
  path: string | null;
  /** What earlier rules ignore is not ignored after all. */
  not: boolean;
  /** Milliseconds; null: for ever. */
  until: number | null;
}

type RulesRow = { completeAccounts: string[]; rules: string };

const compiled = new WeakMap<object, IgnoreRule[]>();

function rulesIn(row: RulesRow): IgnoreRule[] {
  let rules = compiled.get(row);
  if (!rules) {
    rules = parse(row.rules);
    compiled.set(row, rules);
  }
  return rules;
}

/** Rules are checked where they are configured; what is not a list of named rules ignores nothing. */
function parse(text: string): IgnoreRule[] {
  let rules: unknown;
  try {
    rules = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule: Record<string, unknown> | null) => {
    if (rule === null || typeof rule !== 'object' || typeof rule.name !== 'string') return [];
    const pattern = (name: string): string | null => {
      const value = rule[name];
      return typeof value === 'string' ? value : null;
    };
    const [workspace, type, address] = [pattern('workspace'), pattern('type'), pattern('address')];
    const until = typeof rule.until === 'string' ? Date.parse(rule.until) : Number.NaN;
    return [
      {
        name: rule.name,
        matches: (subject: Subject): boolean =>
          (workspace === null || fits(workspace, subject.workspace ?? '')) &&
          (type === null || fits(type, subject.type)) &&
          (address === null || fits(address, subject.address ?? '')),
        path: pattern('path'),
        not: rule.not === true,
        until: Number.isNaN(until) ? null : until,
      },
    ];
  });
}

const inForce = (sight: Sight, subject: Subject): IgnoreRule[] => {
  const row = sight.rows.shared(RULES_ROW) as RulesRow | undefined;
  if (!row) return [];
  return rulesIn(row).filter(
    (rule) => (rule.until === null || sight.now < rule.until) && rule.matches(subject),
  );
};

/**
 * The rule that ignores the drift: every difference must be covered; without differences, a rule for all paths. Of the rules
 * that cover a difference the last one counts, so that an exception stands behind what it is taken from.
 */
export function ignoringRule(
  sight: Sight,
  subject: Subject,
  differences: readonly Difference[],
): string | null {
  const rules = inForce(sight, subject);
  if (rules.length === 0) return null;
  const lastFor = (path: string | null): IgnoreRule | undefined =>
    rules.findLast((rule) => rule.path === null || (path !== null && fitsPath(rule.path, path)));
  let name: string | null = null;
  for (const path of differences.length === 0 ? [null] : differences.map((one) => one.path)) {
    const rule = lastFor(path);
    if (rule === undefined || rule.not) return null;
    name ??= rule.name;
  }
  return name;
}

/** When what the rules say of a drift may change because one of them expires; null when none does. */
export function ruleExpiry(sight: Sight, name: string | null, subject: Subject): number | null {
  const rules = inForce(sight, subject);
  if (name === null && !rules.some((rule) => rule.not)) return null;
  const ends = rules.flatMap(({ until }) => (until === null ? [] : [until]));
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Whether all states of the account are connected, so that what no state declares there is drift. */
export function isComplete(sight: Sight, at: { provider: string; account: string | null }): boolean {
  const row = sight.rows.shared(RULES_ROW) as RulesRow | undefined;
  return row?.completeAccounts.includes(`${at.provider}/${at.account ?? '-'}`) ?? false;
}
