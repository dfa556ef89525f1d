// What of HCL's native syntax is told apart: the structure whole, of expressions what can be known without evaluating them.

export type Expression =
  | { kind: 'literal'; value: string | number | boolean | null }
  /** A string with interpolations: literal texts and expressions. */
  | { kind: 'template'; parts: readonly Expression[] }
  | { kind: 'tuple'; items: readonly Expression[] }
  | { kind: 'object'; items: readonly ObjectItem[] }
  /** `aws_x.y[0].z`. */
  | { kind: 'reference'; root: string; steps: readonly Step[] }
  /** Calls, operators, conditions, `for`, splats, …: only a plan knows their value. */
  | { kind: 'other' };

export interface ObjectItem {
  key: Expression;
  value: Expression;
}

/** `.name`, or an index; the index is null when it is not a literal. */
export type Step = { name: string } | { index: string | number | null };

export interface Body {
  attributes: ReadonlyMap<string, Expression>;
  blocks: readonly Block[];
}

export interface Block {
  type: string;
  labels: readonly string[];
  body: Body;
}

export const OTHER: Expression = { kind: 'other' };
export const EMPTY_BODY: Body = { attributes: new Map(), blocks: [] };
