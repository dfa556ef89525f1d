// Values as the rest of DriftMgr sees them: the JSON that Terraform's state holds, and what is not known yet. Pure.
import { ExactNumber } from '../../exact-json.ts';

/**
 * Lists, sets and tuples are arrays; maps, objects and blocks are objects with every attribute present. A number is a
 * double where that keeps every digit, else an ExactNumber. A value of dynamic type is `{ type, value }`, as in the state.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | ExactNumber
  | Unknown
  | Value[]
  | { [name: string]: Value };
export type ValueObject = { [name: string]: Value };

export interface Bound {
  value: number | ExactNumber;
  inclusive: boolean;
}

/** What is known of a value that is not known: each may be missing. */
export interface Refinements {
  /** False: it will not be null. */
  null?: boolean;
  prefix?: string;
  min?: Bound;
  max?: Bound;
  minLength?: number;
  maxLength?: number;
}

/** A value that only an apply will decide. Reads never hold one; plans do. */
export class Unknown {
  readonly refinements: Readonly<Refinements>;
  constructor(refinements: Readonly<Refinements> = {}) {
    this.refinements = refinements;
  }
}
export const UNKNOWN = new Unknown();

export const isObject = (value: Value | undefined): value is ValueObject =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof ExactNumber) &&
  !(value instanceof Unknown);
