// What an expression comes to where that can be told without a plan: literals, variables and locals of literals, and texts
// made of them. Pure.
import type { Expression, Step } from './hcl/syntax.ts';

export type Literal =
  | null
  | boolean
  | number
  | string
  | readonly Literal[]
  | { readonly [name: string]: Literal };

/** What the names in an expression stand for; undefined: only a plan knows. */
export interface Scope {
  variable(name: string): Literal | undefined;
  local(name: string): Literal | undefined;
}

export function literalOf(expression: Expression | undefined, scope: Scope): Literal | undefined {
  switch (expression?.kind) {
    case 'literal':
      return expression.value;
    case 'template':
      return joined(expression.parts, scope);
    case 'tuple': {
      const items = expression.items.map((item) => literalOf(item, scope));
      return items.every((item) => item !== undefined) ? items : undefined;
    }
    case 'object': {
      const members: [string, Literal][] = [];
      for (const { key, value } of expression.items) {
        const name = literalOf(key, scope);
        const member = literalOf(value, scope);
        if (name === null || name === undefined || typeof name === 'object' || member === undefined)
          return undefined;
        members.push([String(name), member]);
      }
      return Object.fromEntries(members);
    }
    case 'reference':
      return referred(expression.root, expression.steps, scope);
    default:
      return undefined;
  }
}

/** The same, where only a text is of use. */
export function textOf(expression: Expression | undefined, scope: Scope): string | undefined {
  const value = literalOf(expression, scope);
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

function joined(parts: readonly Expression[], scope: Scope): string | undefined {
  let text = '';
  for (const part of parts) {
    const value = literalOf(part, scope);
    if (value === undefined || value === null || typeof value === 'object') return undefined;
    text += String(value);
  }
  return text;
}

function referred(root: string, steps: readonly Step[], scope: Scope): Literal | undefined {
  const [first, ...rest] = steps;
  if (!first || !('name' in first)) return undefined;
  let value: Literal | undefined;
  if (root === 'var') value = scope.variable(first.name);
  else if (root === 'local') value = scope.local(first.name);
  for (const step of rest) {
    const key = 'name' in step ? step.name : step.index;
    if (key === null || value === null || typeof value !== 'object') return undefined;
    value = Object.hasOwn(value, key) ? (value as Record<string, Literal>)[key] : undefined;
  }
  return value;
}
