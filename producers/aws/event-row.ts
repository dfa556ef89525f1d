// The form of one row of the event table, and the short words the tables are written in. Pure.
import type { Verb } from '../../schemas/index.ts';
import type { KindName } from './objects.ts';

export interface Touch {
  /** Kind of the object; `by-prefix`: an EC2 id tells it; `by-arn`: an ARN tells it. */
  kind: KindName | 'by-prefix' | 'by-arn';
  /** Templates of the object's id, in any form; the first that gives objects of the kind wins. */
  ids: readonly string[];
  /** Path of the elements the templates are filled for, one by one, as `item`. */
  each: string | null;
  /**
   * Candidates: `*` the types of the kind; `aws_x={template}` a type and its id, which may also read `@id` (the object's
   * id), `@` (the id a state holds it under) and `@account`; `aws_x=*` is `aws_x={@id}`; `aws_x` alone when the call does
   * not tell the id. Before any of them, `+`: the call makes this or writes over it, nobody can tell which (a Put, an
   * Attach); `-`: it removes this, though the object of the key stays; `~`: it concerns whatever is declared of the type under
   * the key, also where something else that it names is (`~aws_x={template}`: that and what the template names, when it names anything). `+` is for objects of their own, and for parts of one
   * that have an id and a removal of their own. A part that goes in silence with its object (a bucket's policy, a log
   * group's filters) names the object too, as `*`: its deletion then ends the part as well.
   */
  targets: readonly string[];
  /** Path of the word (CREATE, UPSERT, DELETE) that says what happened to this object, where one call does several things. */
  verb?: string;
}

export interface EventRow {
  source: string;
  names: readonly string[];
  verb: Verb;
  touches: readonly Touch[];
  /** Paths under `req` that are safe to keep besides what every call may keep (redact.ts). */
  keep: readonly string[];
}

/** One object; `targets` is a space-separated list. */
export const touch = (
  kind: Touch['kind'],
  ids: string | readonly string[],
  targets = '*',
  each: string | null = null,
): Touch => ({ kind, ids: typeof ids === 'string' ? [ids] : ids, each, targets: targets.split(' ') });

/** Rows of one service: names, verb, what is touched. */
export const rowsOf =
  (source: string) =>
  (names: string, verb: Verb, touches: Touch | readonly Touch[], keep: readonly string[] = []): EventRow => ({
    source,
    names: names.split(/\s+/).filter((name) => name !== ''),
    verb,
    touches: 'kind' in touches ? [touches] : touches,
    keep,
  });
