// Resource identities: the few attributes that tell one resource of a type from all others, where a provider has them.
import { type Diagnostic, warningsOf } from './diagnostics.ts';
import type { Plugin } from './host/plugin.ts';
import { PluginProblem } from './host/problem.ts';
import { decode, type Encoded } from './values/decode.ts';
import { type Type, typeFromBytes } from './values/type.ts';
import { isObject, type ValueObject } from './values/value.ts';

/** Null where the provider gives none. The schemas of identities are asked for when the first is decoded. */
export type Identities = (
  type: string,
  data: { identity_data: Encoded | null } | null,
) => Promise<ValueObject | null>;

interface Response {
  identity_schemas: Record<string, { identity_attributes: { name: string; type: Uint8Array }[] }>;
  diagnostics: Diagnostic[];
}

export function identitiesOf(plugin: Plugin, withinMs: number): Identities {
  let asked: Promise<ReadonlyMap<string, Type>> | null = null;
  return async (type, data) => {
    if (!data?.identity_data) return null;
    asked ??= typesOf(plugin, withinMs);
    // One that failed is asked for again: it may have been given up.
    asked.catch(() => (asked = null));
    const of = (await asked).get(type);
    if (!of) return null;
    const identity = decode(of, data.identity_data);
    return isObject(identity) ? identity : null;
  };
}

async function typesOf(plugin: Plugin, withinMs: number): Promise<ReadonlyMap<string, Type>> {
  const what = 'the schemas of its identities';
  try {
    const answer = await plugin.call<Response>('GetResourceIdentitySchemas', {}, { what, withinMs });
    warningsOf(answer.diagnostics, what, plugin.name, plugin.redact);
    return new Map(
      Object.entries(answer.identity_schemas).map(([type, { identity_attributes }]) => [
        type,
        {
          kind: 'object' as const,
          attributes: Object.fromEntries(
            identity_attributes.map((one) => [one.name, typeFromBytes(one.type)]),
          ),
          optional: [],
        },
      ]),
    );
  } catch (error) {
    if (error instanceof PluginProblem && error.kind === 'unsupported') return new Map();
    throw error;
  }
}
