// A value that is not what its type says: told by path, never by value, for values may be secrets. Pure.
import { DriftError } from '../../../../runtime/errors.ts';

export class ValueProblem extends DriftError {
  /** Where in the value: `ingress[0].from_port`; empty for the whole. */
  readonly path: string;
  constructor(what: string, path: string, cause?: unknown) {
    const text = path === '' ? what : `${path}: ${what}`;
    super(text, { code: 'DM_PROVIDER_FAILED', retriable: false, public: text, cause });
    this.name = 'ValueProblem';
    this.path = path;
  }
}

export const undecodable = (what: string, path = '', cause?: unknown): ValueProblem =>
  new ValueProblem(what, path, cause);

export const below = (path: string, name: string): string => {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
};
export const at = (path: string, index: number): string => `${path}[${index}]`;
