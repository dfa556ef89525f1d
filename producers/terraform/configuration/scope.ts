// What names stand for in one module, as far as that is known without a plan. Pure.
import { type Literal, literalOf, type Scope } from './evaluate.ts';
import type { Body, Expression } from './hcl/syntax.ts';
import type { Module } from './module.ts';

export const NOWHERE: Scope = { variable: () => undefined, local: () => undefined };
const DEEPEST = 50;

/** Of variables of the root: what files say, else the default. A null may be replaced from outside (-var, TF_VAR_…). */
export function rootScope(module: Module, values: ReadonlyMap<string, Expression>): Scope {
  return scopeOf(module, (name) => {
    const value = literalOf(values.get(name) ?? module.variables.get(name)?.initial, NOWHERE);
    return value === null ? undefined : value;
  });
}

/** Of variables of a module that is called: what the call says, else the default. Nothing else can set them. */
export function calledScope(module: Module, call: Body, outside: Scope): Scope {
  return scopeOf(module, (name) => {
    const variable = module.variables.get(name);
    const initial = literalOf(variable?.initial, NOWHERE);
    if (!call.attributes.has(name)) return initial;
    const given = literalOf(call.attributes.get(name), outside);
    return given === null && variable?.nullable === false ? initial : given;
  });
}

function scopeOf(module: Module, variable: (name: string) => Literal | undefined): Scope {
  const known = new Map<string, Literal | undefined>();
  let depth = 0;
  const once = (key: string, evaluate: () => Literal | undefined): Literal | undefined => {
    // Locals that speak of each other in a circle (Terraform refuses them) find themselves here as not known.
    if (known.has(key) || depth >= DEEPEST) return known.get(key);
    known.set(key, undefined);
    depth++;
    const value = evaluate();
    depth--;
    known.set(key, value);
    return value;
  };
  const scope: Scope = {
    variable: (name) => once(`var.${name}`, () => variable(name)),
    local: (name) => once(`local.${name}`, () => literalOf(module.locals.get(name), scope)),
  };
  return scope;
}
