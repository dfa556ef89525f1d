// What a call did to one object, as the changes that say so. Pure.
//
// Mostly that is one change. A call that makes or removes a part of an object which itself stays (a role's policy), or that
// may have made what it wrote (a Put), did more than one thing: then there is one change for each, so that a creation is a
// creation of that part and of nothing else. What was written over, if anything, was changed: so a Put is also an update.
import type { Target, Verb } from '../../schemas/index.ts';

/**
 * A candidate, and whether the call made it (or wrote over it) or removed it, apart from what it did to the object; `each`: all
 * that is declared of the type.
 */
export type Marked = Target & { does: 'make' | 'remove' | 'each' | null };

export interface Found {
  objectKey: string;
  kind: string;
  account: string | null;
  region: string | null;
  verb: Verb;
  targets: Marked[];
}

export interface Outcome {
  objectKey: string;
  account: string | null;
  region: string | null;
  verb: Verb;
  targets: Target[];
  /** Tells the changes of one object apart; null for the first, about the object as a whole. */
  part: string | null;
}

const unmarked = ({ type, id }: Marked): Target => ({ type, id });

export function outcomesOf({ objectKey, account, region, verb, targets }: Found): Outcome[] {
  const outcome = (what: Verb, named: readonly Marked[], part: string | null): Outcome => ({
    objectKey,
    account,
    region,
    verb: what,
    targets: named.map(unmarked),
    part,
  });
  // Which one was made or removed must be known; else it is one more candidate of the change of the object.
  const made = targets.filter(({ does, id }) => does === 'make' && id !== null);
  const removed = targets.filter(({ does, id }) => does === 'remove' && id !== null);
  const each = targets.filter(({ does }) => does === 'each');
  const stays = targets.filter((target) => !removed.includes(target) && !each.includes(target));
  const whole = stays.filter(({ does, id }) => does !== 'make' && id !== null);
  return [
    ...(stays.length > 0 || (removed.length === 0 && each.length === 0) ? [outcome(verb, stays, null)] : []),
    // What it may have made comes first; what that is a part of is named too: if that is declared, nothing new was made.
    ...made.map((target) => outcome('create', [target, ...whole], `create ${target.type} ${target.id}`)),
    // By itself: beside what it names, a type alone would not count.
    ...each.map((target) => outcome('update', [target], `each ${target.type}`)),
    ...(removed.length > 0 ? [outcome('delete', removed, 'delete')] : []),
  ];
}
