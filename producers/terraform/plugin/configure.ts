// Gives a provider its configuration, as Terraform does: made whole by its schema, checked by the provider, then set.
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '../../../schemas/index.ts';
import { type Diagnostic, warningsOf } from './diagnostics.ts';
import type { Plugin } from './host/plugin.ts';
import { PluginProblem } from './host/problem.ts';
import type { SchemaCache } from './schema-cache.ts';
import type { ProviderSchemas } from './schemas.ts';
import { decode, type Encoded } from './values/decode.ts';
import { encode } from './values/encode.ts';
import { fill } from './values/fill.ts';
import { type Block, typeOfBlock } from './values/schema.ts';
import { isObject, type Value } from './values/value.ts';

/** What we bear: no answers put off, and attributes that are never kept. */
export const CAPABILITIES = { deferral_allowed: false, write_only_attributes_allowed: true };

export interface Configuring {
  program: string;
  configuration: JsonObject;
  environment?: Readonly<Record<string, string>>;
  terraformVersion: string;
  cache: SchemaCache;
}

/**
 * Its warnings. The provider's own check costs the aws provider six seconds of CPU, for it looks through all its schemas: it is
 * left out when a configuration of the same form, with the same attributes set, has passed it and was not changed by it.
 */
export async function configure(
  plugin: Plugin,
  schemas: ProviderSchemas,
  { program, configuration, environment = {}, terraformVersion, cache }: Configuring,
  withinMs: number,
): Promise<string[]> {
  const { name, protocol, redact } = plugin;
  const what = 'its configuration';
  const how = { what, withinMs };
  const type = typeOfBlock(schemas.provider.block);
  const value = filled(schemas.provider.block, configuration, name);
  const given = encode(type, value);
  const form = [...formOf(value, ''), ...Object.keys(environment)].sort().join(' ');
  const five = protocol === 5;
  let config: Encoded = given;
  let warnings: string[] = [];
  if (!(await cache.isChecked(program, form))) {
    const answer = await plugin.call<{ prepared_config?: Encoded | null; diagnostics: Diagnostic[] }>(
      five ? 'PrepareProviderConfig' : 'ValidateProviderConfig',
      { config: given },
      how,
    );
    warnings = warningsOf(answer.diagnostics, what, name, redact);
    // Version 5 may add defaults; version 6 only checks.
    if (answer.prepared_config?.msgpack?.length) config = answer.prepared_config;
    if (warnings.length === 0 && (config === given || isDeepStrictEqual(decode(type, config), value)))
      await cache.markChecked(program, form);
  }
  const { diagnostics } = await plugin.call<{ diagnostics: Diagnostic[] }>(
    five ? 'Configure' : 'ConfigureProvider',
    { terraform_version: terraformVersion, config, client_capabilities: CAPABILITIES },
    how,
  );
  return [...warnings, ...warningsOf(diagnostics, what, name, redact)];
}

function filled(block: Block, configuration: JsonObject, name: string): Value {
  try {
    return fill(block, configuration);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new PluginProblem(
      'not-configurable',
      `the configuration of ${name} does not fit its schema: ${said}`,
      error,
    );
  }
}

/** The paths that are set, without their values. */
function formOf(value: Value, path: string): string[] {
  if (value === null) return [];
  if (Array.isArray(value)) return [...new Set(value.flatMap((one) => formOf(one, `${path}[]`)))];
  if (isObject(value)) return Object.entries(value).flatMap(([name, one]) => formOf(one, `${path}.${name}`));
  return [path];
}
