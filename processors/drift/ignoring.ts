// Which published rule makes a drift ignored: recorded, but no alarm. Pure; the rules are data in a shared row.
import type { Difference } from '../../schemas/index.ts';
import type { Sight, Subject } from './desired.ts';
import { RULES_ROW } from './rows.ts';

interface IgnoreRule {
  name: string;
  matches(subject: Subject): boolean;
  /** Null: the whole drift, whatever differs. */
  path: RegExp | null;
  /** Milliseconds; null: for ever. */
  until: number | null;
}

type RulesRow = { completeAccounts: string[]; rules: string };

/** `*` stands for any characters, `?` for one; everything else for itself. */
const glob = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    's',
  );

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
    const pattern = (name: string): RegExp | null => {
      const value = rule[name];
      return typeof value === 'string' ? glob(value) : null;
    };
    const [workspace, type, address] = [pattern('workspace'), pattern('type'), pattern('address')];
    const until = typeof rule.until === 'string' ? Date.parse(rule.until) : Number.NaN;
    return [
      {
        name: rule.name,
        matches: (subject: Subject): boolean =>
          (workspace?.test(subject.workspace ?? '') ?? true) &&
          (type?.test(subject.type) ?? true) &&
          (address?.test(subject.address ?? '') ?? true),
        path: pattern('path'),
        until: Number.isNaN(until) ? null : until,
      },
    ];
  });
}

/** The rule that ignores the drift: every difference must be covered; without differences, a rule for all paths. */
export function ignoringRule(
  sight: Sight,
  subject: Subject,
  differences: readonly Difference[],
): string | null {
  const row = sight.rows.shared(RULES_ROW) as RulesRow | undefined;
  if (!row) return null;
  const rules = rulesIn(row).filter(
    (rule) => (rule.until === null || sight.now < rule.until) && rule.matches(subject),
  );
  if (rules.length === 0) return null;
  const whole = rules.find((rule) => rule.path === null);
  if (whole) return whole.name;
  let name: string | null = null;
  for (const { path } of differences) {
    const rule = rules.find((one) => one.path?.test(path));
    if (!rule) return null;
    name ??= rule.name;
  }
  return name;
}

/** When the next of the rules in force on a drift expires; null when none does. */
export function ruleExpiry(sight: Sight, name: string | null): number | null {
  if (name === null) return null;
  const row = sight.rows.shared(RULES_ROW) as RulesRow | undefined;
  if (!row) return null;
  return rulesIn(row).find((rule) => rule.name === name)?.until ?? null;
}

/** Whether all states of the account are connected, so that what no state declares there is drift. */
export function isComplete(sight: Sight, at: { provider: string; account: string | null }): boolean {
  const row = sight.rows.shared(RULES_ROW) as RulesRow | undefined;
  return row?.completeAccounts.includes(`${at.provider}/${at.account ?? '-'}`) ?? false;
}
