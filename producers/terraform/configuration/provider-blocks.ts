// Provider blocks: where they point, as far as it can be told without a plan. Pure.
import type { ConfigurationPublished } from '../../../schemas/index.ts';
import { moduleAddress } from './addresses.ts';
import { literalOf, type Scope, textOf } from './evaluate.ts';
import type { Body, Expression } from './hcl/syntax.ts';
import type { Module } from './module.ts';

export type ConfiguredProvider = ConfigurationPublished['providers'][number];

/** Arguments that say where a provider points, in any provider; the first that is there counts. */
const ACCOUNTS = ['account_id', 'subscription_id', 'project', 'project_id'];
const ROLES = ['impersonate_service_account', 'role_arn'];
const ASSUMING = ['assume_role', 'assume_role_with_web_identity'];
/** No region, account or role is longer. */
const LONGEST = 500;
const ROLE_ARN = /^arn:[a-z0-9-]+:(?:iam|sts)::(\d{12}):/;

export function providersOf(path: readonly string[], module: Module, scope: Scope): ConfiguredProvider[] {
  return module.providers.map(({ name, body }) => ({
    module: moduleAddress(path),
    name,
    alias: textOf(body.attributes.get('alias'), scope) ?? null,
    source: module.required.get(name) ?? null,
    ...placeOf(body, scope),
  }));
}

function placeOf(
  body: Body,
  scope: Scope,
): Pick<ConfiguredProvider, 'region' | 'account' | 'role' | 'unknown'> {
  const unknown: string[] = [];
  /** Null when it is not there or says nothing. */
  const told = (path: string, expression: Expression | undefined): string | null => {
    if (expression === undefined || literalOf(expression, scope) === null) return null;
    const text = textOf(expression, scope);
    if (text !== undefined && text.length <= LONGEST) return text;
    unknown.push(path);
    return null;
  };
  const first = (names: readonly string[]): string | null => {
    const name = names.find((one) => body.attributes.has(one));
    return name === undefined ? null : told(name, body.attributes.get(name));
  };
  const region = told('region', body.attributes.get('region'));
  let role = first(ROLES);
  for (const type of ASSUMING) {
    // Roles are assumed one after another: the last is who acts.
    const assumed = nested(body, type).at(-1);
    if (assumed === 'dynamic') unknown.push(`${type}.role_arn`);
    else if (assumed) role = told(`${type}.role_arn`, assumed.get('role_arn')) ?? role;
  }
  const account =
    allowedAccount(body, scope, unknown) ??
    first(ACCOUNTS) ??
    (role === null ? null : (ROLE_ARN.exec(role)?.[1] ?? null));
  return { region, account, role, unknown: [...new Set(unknown)].sort() };
}

type Nested = ReadonlyMap<string, Expression> | 'dynamic';

/** What the blocks of a type set; in JSON, and in some providers, they are objects. */
function nested(body: Body, type: string): Nested[] {
  const blocks = body.blocks.flatMap((block): Nested[] => {
    if (block.type === type) return [block.body.attributes];
    return block.type === 'dynamic' && block.labels[0] === type ? ['dynamic'] : [];
  });
  const value = body.attributes.get(type);
  const values = value?.kind === 'tuple' ? value.items : value ? [value] : [];
  const objects = values.map((one): Nested => {
    if (one.kind !== 'object') return 'dynamic';
    return new Map(
      one.items.flatMap(({ key, value: member }): [string, Expression][] =>
        key.kind === 'literal' ? [[String(key.value), member]] : [],
      ),
    );
  });
  return [...blocks, ...objects];
}

/** The one account that is allowed; several say nothing. */
function allowedAccount(body: Body, scope: Scope, unknown: string[]): string | null {
  const given = body.attributes.get('allowed_account_ids');
  if (given === undefined) return null;
  const ids = literalOf(given, scope);
  if (ids === undefined) unknown.push('allowed_account_ids');
  const [id, ...more] = Array.isArray(ids) ? (ids as unknown[]) : [];
  return more.length === 0 && (typeof id === 'string' || typeof id === 'number') ? String(id) : null;
}
