// Whether what is only suspected was done by what is there to do it: a service by itself, or the function that a declared
// resource beside it names. Such a drift is recorded, and ignored. Pure.
import type { Rows } from '../../runtime/processor.ts';
import type { Actor } from '../../schemas/index.ts';
import { attributesOf, type DeclaredRow, instancesOf } from './rows.ts';
import { AUTOMATIONS } from './rules/automations.ts';

/** The rule under which all of the actors act; null: at least one of them does not. */
export function automatedBy(rows: Rows, { type }: DeclaredRow, actors: readonly Actor[]): string | null {
  const automation = AUTOMATIONS.find((one) => one.type === type);
  if (!automation || actors.length === 0) return null;
  const { setUpBy, rule } = automation;
  const functions = instancesOf(rows, setUpBy.type, null, LIMIT).flatMap((row) => {
    const arn = attributesOf(row)[setUpBy.names];
    const name = typeof arn === 'string' ? /:function:([^:]+)/.exec(arn)?.[1] : undefined;
    return name === undefined ? [] : [name];
  });
  // A function acts in a session that has its name.
  const acts = ({ via, certainty, session, name }: Actor): boolean =>
    (via === 'service' && certainty === 'high') ||
    (via !== 'console' && via !== 'cli' && functions.some((one) => one === session || one === name));
  return actors.every(acts) ? rule : null;
}

const LIMIT = 8;
