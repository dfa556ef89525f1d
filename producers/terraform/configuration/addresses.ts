// Addresses in a configuration: of modules, of resources, and of what moved, import and removed blocks speak of. Pure.
import { quoted } from '../address.ts';
import { parseExpression } from './hcl/parse.ts';
import type { Expression, Step } from './hcl/syntax.ts';

/** `module.a.module.b`; empty for the root. */
export const moduleAddress = (path: readonly string[]): string =>
  path.map((name) => `module.${name}`).join('.');

export const addressIn = (path: readonly string[], address: string): string =>
  path.length === 0 ? address : `${moduleAddress(path)}.${address}`;

/** A reference as an address, with the indices that are literals; JSON has it as a text. Null: it is none. */
export function referenceAddress(expression: Expression | undefined): string | null {
  if (expression?.kind === 'literal' && typeof expression.value === 'string') {
    const parsed = parseExpression(expression.value);
    return parsed?.kind === 'reference' ? referenceAddress(parsed) : null;
  }
  if (expression?.kind !== 'reference') return null;
  return expression.root + expression.steps.map(printed).join('');
}

function printed(step: Step): string {
  if ('name' in step) return `.${step.name}`;
  if (step.index === null) return '';
  return `[${typeof step.index === 'number' ? step.index : quoted(step.index)}]`;
}

/** `aws` or `aws.east`: a reference to a provider configuration, in quotes in JSON and Terraform 0.11. */
export function providerReference(
  expression: Expression | undefined,
): { name: string; alias: string | null } | null {
  if (expression?.kind === 'literal' && typeof expression.value === 'string') {
    const parsed = parseExpression(expression.value);
    return parsed?.kind === 'reference' ? providerReference(parsed) : null;
  }
  if (expression?.kind !== 'reference') return null;
  const [first] = expression.steps;
  return { name: expression.root, alias: first && 'name' in first ? first.name : null };
}
