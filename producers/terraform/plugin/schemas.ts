// A provider's schemas, kept as the bytes it sent. A large provider has 1,500 resource types and a workspace uses forty: a
// type is decoded when it is first asked for.
import { PluginProblem } from './host/problem.ts';
import type { ProtocolVersion } from './protocol/definitions.ts';
import { providerService } from './protocol/definitions.ts';
import type { Schema } from './values/schema.ts';
import { schemaFromWire, type WireSchema } from './values/wire-schema.ts';

export interface ProviderSchemas {
  readonly protocol: ProtocolVersion;
  /** Of the provider's own configuration. */
  readonly provider: Schema;
  /** Whether modules may tell the provider about themselves (`provider_meta`). */
  readonly takesMeta: boolean;
  /** It answers other calls without having been asked for its schema. */
  readonly schemaOptional: boolean;
  readonly resourceTypes: ReadonlySet<string>;
  readonly listTypes: ReadonlySet<string>;
  /** Null when it has no such type. */
  resource(type: string): Schema | null;
  /** Null when it has no such data source. */
  dataSource(type: string): Schema | null;
  /** What a listing of the type is asked with; null when it cannot be listed. */
  list(type: string): Schema | null;
}

/** Fields of GetProviderSchema.Response, the same in both versions. */
const FIELD = {
  provider: 1,
  resources: 2,
  dataSources: 3,
  diagnostics: 4,
  meta: 5,
  capabilities: 6,
  lists: 9,
} as const;

interface Response {
  provider: WireSchema | null;
  resource_schemas: Record<string, WireSchema>;
  data_source_schemas: Record<string, WireSchema>;
  list_resource_schemas: Record<string, WireSchema>;
  server_capabilities: { get_provider_schema_optional: boolean } | null;
  diagnostics: unknown[];
}

export const schemaMethod = (protocol: ProtocolVersion): 'GetSchema' | 'GetProviderSchema' =>
  protocol === 5 ? 'GetSchema' : 'GetProviderSchema';

/** The parts of a message stand one after another, so any selection of them is a message: that decodes one type alone. */
export function schemasFrom(protocol: ProtocolVersion, bytes: Buffer, name: string): ProviderSchemas {
  const method = providerService(protocol)[schemaMethod(protocol)]!;
  const decode = (part: Buffer): Response => method.responseDeserialize(part) as Response;
  const rest: Buffer[] = [];
  const resources = new Map<string, Buffer>();
  const dataSources = new Map<string, Buffer>();
  const lists = new Map<string, Buffer>();
  let takesMeta = false;
  try {
    for (const { field, part, content } of partsOf(bytes)) {
      if (field === FIELD.resources) resources.set(keyOf(content), part);
      else if (field === FIELD.dataSources) dataSources.set(keyOf(content), part);
      else if (field === FIELD.lists) lists.set(keyOf(content), part);
      else if (field === FIELD.meta) takesMeta = true;
      else if (field === FIELD.provider || field === FIELD.capabilities) rest.push(part);
    }
    const { provider, server_capabilities } = decode(Buffer.concat(rest));
    return {
      protocol,
      provider: schemaFromWire(provider ?? { version: 0, block: null }),
      takesMeta,
      schemaOptional: server_capabilities?.get_provider_schema_optional ?? false,
      resourceTypes: new Set(resources.keys()),
      listTypes: new Set(lists.keys()),
      resource: once(resources, (part, type) => decode(part).resource_schemas[type]),
      dataSource: once(dataSources, (part, type) => decode(part).data_source_schemas[type]),
      list: once(lists, (part, type) => decode(part).list_resource_schemas[type]),
    };
  } catch (cause) {
    throw unreadable(name, cause);
  }

  function once(
    parts: ReadonlyMap<string, Buffer>,
    wire: (part: Buffer, type: string) => WireSchema | undefined,
  ): (type: string) => Schema | null {
    const decoded = new Map<string, Schema>();
    return (type) => {
      const known = decoded.get(type);
      if (known) return known;
      const part = parts.get(type);
      if (!part) return null;
      let schema: Schema;
      try {
        schema = schemaFromWire(wire(part, type)!);
      } catch (cause) {
        throw unreadable(`${name}, ${type}`, cause);
      }
      decoded.set(type, schema);
      return schema;
    };
  }
}

/** The diagnostics of the answer alone. */
export function schemaDiagnostics(protocol: ProtocolVersion, bytes: Buffer): unknown[] {
  const parts = [...partsOf(bytes)].filter(({ field }) => field === FIELD.diagnostics);
  const method = providerService(protocol)[schemaMethod(protocol)]!;
  return (method.responseDeserialize(Buffer.concat(parts.map(({ part }) => part))) as Response).diagnostics;
}

const unreadable = (of: string, cause: unknown): PluginProblem =>
  new PluginProblem(
    'protocol',
    `the schema of ${of} cannot be read${cause instanceof Error ? ` (${cause.message})` : ''}: it may need a newer DriftMgr`,
    cause,
  );

interface Part {
  field: number;
  /** With its tag and length. */
  part: Buffer;
  content: Buffer;
}

const LENGTH_DELIMITED = 2;

/** The top-level fields of a protobuf message, of which all in use here have a length. */
function* partsOf(bytes: Buffer): Generator<Part> {
  for (let position = 0; position < bytes.length; ) {
    const start = position;
    const tag = varint();
    if ((tag & 7) !== LENGTH_DELIMITED)
      throw new RangeError(`field ${tag >> 3} has another form than expected`);
    const length = varint();
    const from = position;
    position += length;
    if (position > bytes.length) throw new RangeError('it is cut short');
    yield { field: tag >> 3, part: bytes.subarray(start, position), content: bytes.subarray(from, position) };

    function varint(): number {
      let value = 0;
      for (let factor = 1; factor < 2 ** 42; factor *= 128) {
        const byte = bytes[position++];
        if (byte === undefined) throw new RangeError('it is cut short');
        value += (byte & 0x7f) * factor;
        if (byte < 0x80) return value;
      }
      throw new RangeError('a number in it has no end');
    }
  }
}

/** The key of a map's entry, which is a message of its own: field 1. */
function keyOf(entry: Buffer): string {
  for (const { field, content } of partsOf(entry)) if (field === 1) return content.toString('utf8');
  return '';
}
