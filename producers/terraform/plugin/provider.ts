// A provider that is ready to be asked: one interface over protocols 5 and 6. One process, one configuration.
import type { JsonObject } from '../../../schemas/index.ts';
import { CAPABILITIES, configure } from './configure.ts';
import { type Diagnostic, warningsOf } from './diagnostics.ts';
import type { Method } from './host/connection.ts';
import { type Plugin, type StoppedBy, type StopTimes, startPlugin } from './host/plugin.ts';
import { PluginProblem } from './host/problem.ts';
import { identitiesOf } from './identities.ts';
import type { SchemaCache } from './schema-cache.ts';
import { type ProviderSchemas, schemaDiagnostics, schemaMethod } from './schemas.ts';
import { secretsIn } from './secrets-in.ts';
import { decode, type Encoded } from './values/decode.ts';
import { encode } from './values/encode.ts';
import { fill } from './values/fill.ts';
import { typeOfBlock } from './values/schema.ts';
import { isObject, type ValueObject } from './values/value.ts';

export interface ProviderOptions {
  /** For messages: `hashicorp/aws 5.100.0`. */
  name: string;
  program: string;
  args?: readonly string[];
  /** Where it runs; else in a folder of its own. */
  directory?: string | null;
  /** Its whole environment: credentials of the binding go here or into the configuration, and nowhere else. */
  environment?: Readonly<Record<string, string>>;
  /** The `provider` block, as JSON; blocks as lists. */
  configuration: JsonObject;
  cache: SchemaCache;
  times?: Partial<CallTimes>;
  /** What the provider is told of the Terraform that runs it: the version that wrote the state. */
  terraformVersion?: string;
}

/** Milliseconds that each may take before the provider is taken for hung. */
export interface CallTimes {
  startMs: number;
  schemaMs: number;
  configureMs: number;
  upgradeMs: number;
  readMs: number;
  listMs: number;
}
export const TIMES: CallTimes = {
  startMs: 30_000,
  schemaMs: 60_000,
  configureMs: 60_000,
  upgradeMs: 30_000,
  readMs: 120_000,
  listMs: 600_000,
};
const TERRAFORM_VERSION = '1.11.4';

/** A resource instance as a Terraform state keeps it. */
export interface StatedResource {
  type: string;
  schemaVersion: number;
  /** The state's `attributes`, byte for byte, or its `attributes_flat` of before Terraform 0.12. */
  attributes: Uint8Array | { flat: Readonly<Record<string, string>> };
  /** The state's `private`, decoded from base64; null when it has none. */
  private: Uint8Array | null;
}

/** What a provider reads from, opaque: only it knows what is in it. */
export interface Held {
  state: Encoded;
  private: Uint8Array;
}

export type Read =
  | { gone: true; warnings: string[] }
  | { gone: false; attributes: ValueObject; held: Held; warnings: string[] };

export interface Imported {
  type: string;
  held: Held;
}

export interface Listed {
  name: string;
  /** What tells it from all others of its type; null where the provider does not say. */
  identity: ValueObject | null;
  /** Null when it was not asked for, or the provider does not give it. */
  attributes: ValueObject | null;
  warnings: string[];
}

export interface Provider {
  name: string;
  pid: number;
  plugin: Plugin;
  schemas: ProviderSchemas;
  /** What it warned of when it was configured. */
  warnings: string[];
  /** The state's own JSON, brought to this version's schema. */
  upgrade(resource: StatedResource, signal?: AbortSignal): Promise<Held>;
  read(type: string, held: Held, signal?: AbortSignal): Promise<Read>;
  /** What a person gives to `terraform import`; may bring several resources, also of other types. Nothing is read yet. */
  importById(type: string, id: string, signal?: AbortSignal): Promise<Imported[]>;
  /** A data source: how a provider says whose account and which region it reads (`aws_caller_identity`). Null: no answer. */
  readData(type: string, configuration: JsonObject, signal?: AbortSignal): Promise<ValueObject | null>;
  list(
    type: string,
    configuration: JsonObject,
    options: { attributes: boolean; limit: number },
    signal?: AbortSignal,
  ): AsyncIterable<Listed>;
  stop(times?: Partial<StopTimes>): Promise<StoppedBy>;
}

/** A null, as MessagePack. */
const NIL = 0xc0;

/** Started, asked for its schema where that is not known, and configured; ended again when any of it fails. */
export async function openProvider(options: ProviderOptions): Promise<Provider> {
  const { name, program, args, directory, environment, cache } = options;
  const times = { ...TIMES, ...options.times };
  const plugin = await startPlugin({
    name,
    program,
    args,
    directory,
    environment,
    startMs: times.startMs,
  });
  try {
    const schemas = await schemasOf(plugin, program, cache, times.schemaMs);
    plugin.hide(secretsIn(schemas.provider.block, options.configuration));
    const warnings = await configure(
      plugin,
      schemas,
      { terraformVersion: TERRAFORM_VERSION, ...options },
      times.configureMs,
    );
    return ready(plugin, schemas, warnings, times);
  } catch (error) {
    await plugin.kill();
    throw error;
  }
}

async function schemasOf(
  plugin: Plugin,
  program: string,
  cache: SchemaCache,
  withinMs: number,
): Promise<ProviderSchemas> {
  const { name, protocol } = plugin;
  const known = await cache.find(program, name);
  // Some need the call itself, to learn which of their parts serves which type.
  if (known?.protocol === protocol && known.schemaOptional) return known;
  const method: Method = {
    ...plugin.method(schemaMethod(protocol)),
    responseDeserialize: (bytes: Buffer) => bytes,
  };
  const what = 'its schema';
  const bytes = await plugin.callAs<Buffer>(method, {}, { what, withinMs });
  if (known?.protocol === protocol) return known;
  warningsOf(schemaDiagnostics(protocol, bytes) as Diagnostic[], what, name, plugin.redact);
  return cache.remember(program, name, protocol, bytes);
}

interface ReadResponse {
  new_state: Encoded | null;
  diagnostics: Diagnostic[];
  private: Uint8Array;
  deferred: { reason: string } | null;
}
interface ImportResponse {
  imported_resources: { type_name: string; state: Encoded; private: Uint8Array }[];
  diagnostics: Diagnostic[];
  deferred: { reason: string } | null;
}
interface ListEvent {
  identity: { identity_data: Encoded | null } | null;
  display_name: string;
  resource_object: Encoded | null;
  diagnostic: Diagnostic[];
}

function ready(plugin: Plugin, schemas: ProviderSchemas, warnings: string[], times: CallTimes): Provider {
  const { name, redact } = plugin;
  const identify = identitiesOf(plugin, times.schemaMs);
  const meta = schemas.takesMeta ? { provider_meta: { msgpack: Buffer.of(NIL) } } : {};
  const schemaOf = (type: string) => {
    const schema = schemas.resource(type);
    if (schema) return schema;
    throw new PluginProblem('unsupported', `${name} has no resource type ${type}: another version of it may`);
  };
  const attributesOf = (type: string, encoded: Encoded): ValueObject | null => {
    const value = decode(typeOfBlock(schemaOf(type).block), encoded);
    if (value !== null && !isObject(value))
      throw new PluginProblem('protocol', `${name} gave no object for a ${type}`);
    return value;
  };
  const notDeferred = (deferred: { reason: string } | null, what: string): void => {
    if (deferred)
      throw new PluginProblem(
        'not-configurable',
        `${name} put off ${what} (${deferred.reason}): its configuration is not complete`,
      );
  };
  return {
    name,
    pid: plugin.pid,
    plugin,
    schemas,
    warnings,
    async upgrade({ type, schemaVersion, attributes, private: kept }, signal) {
      const { version } = schemaOf(type);
      if (schemaVersion > version)
        throw new PluginProblem(
          'too-old',
          `the state's ${type} was written with schema version ${schemaVersion}, ${name} knows up to ${version}: install the provider version that wrote it`,
        );
      const what = `the upgrade of a ${type}`;
      const raw_state =
        attributes instanceof Uint8Array ? { json: attributes } : { flatmap: attributes.flat };
      const answer = await plugin.call<{ upgraded_state: Encoded | null; diagnostics: Diagnostic[] }>(
        'UpgradeResourceState',
        { type_name: type, version: schemaVersion, raw_state },
        { what, withinMs: times.upgradeMs, signal },
      );
      warningsOf(answer.diagnostics, what, name, redact);
      if (!answer.upgraded_state) throw new PluginProblem('protocol', `${name} gave no answer to ${what}`);
      return { state: answer.upgraded_state, private: kept ?? new Uint8Array() };
    },
    async read(type, held, signal) {
      const what = `a read of a ${type}`;
      schemaOf(type);
      const answer = await plugin.call<ReadResponse>(
        'ReadResource',
        {
          type_name: type,
          current_state: held.state,
          private: held.private,
          client_capabilities: CAPABILITIES,
          ...meta,
        },
        { what, withinMs: times.readMs, signal },
      );
      const warned = warningsOf(answer.diagnostics, what, name, redact);
      notDeferred(answer.deferred, what);
      if (!answer.new_state) throw new PluginProblem('protocol', `${name} gave no answer to ${what}`);
      const attributes = attributesOf(type, answer.new_state);
      if (attributes === null) return { gone: true, warnings: warned };
      return {
        gone: false,
        attributes,
        held: { state: answer.new_state, private: answer.private },
        warnings: warned,
      };
    },
    async importById(type, id, signal) {
      const what = `an import of a ${type}`;
      schemaOf(type);
      const answer = await plugin.call<ImportResponse>(
        'ImportResourceState',
        { type_name: type, id, client_capabilities: CAPABILITIES },
        { what, withinMs: times.readMs, signal },
      );
      warningsOf(answer.diagnostics, what, name, redact);
      notDeferred(answer.deferred, what);
      return answer.imported_resources.map((one) => ({
        type: one.type_name,
        held: { state: one.state, private: one.private },
      }));
    },
    async readData(type, configuration, signal) {
      const what = `the data source ${type}`;
      const schema = schemas.dataSource(type);
      if (!schema) throw new PluginProblem('unsupported', `${name} has no data source ${type}`);
      const valueType = typeOfBlock(schema.block);
      const answer = await plugin.call<{ state: Encoded | null; diagnostics: Diagnostic[] }>(
        'ReadDataSource',
        {
          type_name: type,
          config: encode(valueType, fill(schema.block, configuration)),
          client_capabilities: CAPABILITIES,
          ...meta,
        },
        { what, withinMs: times.readMs, signal },
      );
      warningsOf(answer.diagnostics, what, name, redact);
      const value = decode(valueType, answer.state);
      return isObject(value) ? value : null;
    },
    async *list(type, configuration, { attributes, limit }, signal) {
      const what = `a listing of ${type}`;
      const schema = schemas.list(type);
      if (!schema) throw new PluginProblem('unsupported', `${name} cannot list ${type}`);
      const config = encode(typeOfBlock(schema.block), fill(schema.block, configuration));
      const events = plugin.stream<ListEvent>(
        'ListResource',
        { type_name: type, config, include_resource_object: attributes, limit },
        { what, withinMs: times.listMs, signal },
      );
      for await (const { identity, display_name, resource_object, diagnostic } of events)
        yield {
          warnings: warningsOf(diagnostic, what, name, redact),
          identity: await identify(type, identity),
          name: display_name,
          attributes: resource_object ? attributesOf(type, resource_object) : null,
        };
    },
    stop: plugin.stop,
  };
}
