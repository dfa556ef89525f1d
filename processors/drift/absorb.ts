// Differences that a refresh wrote into the state. The configuration still says what was declared before, so the drift
// stays: `bases` remember each such difference as it stood between the first declaration and what the state took over.
import type { Difference, Drift, Json } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';

interface AbsorbInput {
  drift: Drift | undefined;
  /** What differs between the state now and the observation now. */
  natural: Difference[];
  bases: readonly Difference[];
  /** Whether the declaration, or the observation, changed since the drift was last looked at. */
  declaredMoved: boolean;
  observedMoved: boolean;
  /** Whether the declaration is newer than the observation: one that came late was in force when it was observed. */
  declaredLater: boolean;
  /** Terraform itself made the observed value: then nothing is absorbed. */
  meant: boolean;
  /** Whether the configuration is known to agree with what the state took over. */
  agreed(tookOver: Difference): boolean;
}

export interface Absorption {
  /** What differs between what was meant and what is. */
  differences: Difference[];
  bases: Difference[];
  /** Whether the bases are others than before. */
  changed: boolean;
  /** Whether the configuration was found to agree with any of them. */
  agreed: boolean;
}

export function absorb(input: AbsorbInput): Absorption {
  const { drift, natural, bases } = input;
  const standing = drift && drift.status !== 'resolved' ? drift.differences : [];
  if (bases.length === 0 && standing.length === 0)
    return { differences: natural, bases: [], changed: false, agreed: false };
  if (input.meant) return { differences: natural, bases: [], changed: bases.length > 0, agreed: false };

  const now = new Map(natural.map((one) => [one.path, one]));
  const kept: Difference[] = [];
  const result: Difference[] = [];
  const taken = new Set<string>();
  let agreed = false;
  for (const base of bases) {
    if (input.agreed(base)) {
      agreed = true;
      continue;
    }
    const difference = now.get(base.path);
    const whole = difference
      ? continued(base, difference, input)
      : input.declaredMoved && input.observedMoved
        ? 'left'
        : base;
    if (whole === 'left') continue;
    kept.push(base);
    taken.add(base.path);
    if (whole !== null) result.push(whole);
  }
  for (const one of standing) {
    if (taken.has(one.path) || now.has(one.path) || bases.some((base) => base.path === one.path)) continue;
    const moved = input.declaredMoved && input.declaredLater;
    const tookOver = !input.observedMoved && (moved || (!input.declaredMoved && drift!.absorbed));
    if (!tookOver) continue;
    if (input.agreed(one)) {
      agreed = true;
      continue;
    }
    kept.push(one);
    taken.add(one.path);
    result.push(one);
  }
  for (const one of natural) if (!taken.has(one.path)) result.push(one);
  const changed = kept.length !== bases.length || kept.some((one, i) => one !== bases[i]);
  return { differences: changed || taken.size > 0 ? result : natural, bases: kept, changed, agreed };
}

/** What differs from what was meant, when the state differs from the observation too; 'left': the state moved on. */
function continued(
  base: Difference,
  difference: Difference,
  { declaredMoved, observedMoved }: AbsorbInput,
): Difference | null | 'left' {
  if (declaredMoved && !observedMoved) return 'left';
  const meant = elements(base.declared);
  const tookOver = elements(base.observed);
  const removed = elements(difference.declared);
  const added = elements(difference.observed);
  const news = [...minus(tookOver, removed), ...minus(added, meant)];
  const gone = [...minus(meant, added), ...minus(removed, tookOver)];
  if (news.length === 0 && gone.length === 0) return null;
  const op = gone.length === 0 ? 'added' : news.length === 0 ? 'removed' : 'changed';
  return { ...base, op, declared: few(gone), observed: few(news), configured: difference.configured };
}

/** The elements of a side of a difference: those of an array, a value as itself, none for nothing. */
function elements(text: string | null): string[] {
  if (text === null) return [];
  if (!text.startsWith('[')) return [text];
  const value = JSON.parse(text) as Json;
  return Array.isArray(value) ? value.map((one) => canonical(one)) : [text];
}

const minus = (from: readonly string[], without: readonly string[]): string[] => {
  const left = [...without];
  return from.filter((one) => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
};

const few = (values: readonly string[]): string | null =>
  values.length === 0 ? null : values.length === 1 ? values[0]! : `[${values.join(',')}]`;
