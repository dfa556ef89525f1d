// The registry port: which schema has which id. Adapters: memory, local (a file), a Confluent-compatible server.
//
// Opening one registers the current schema of every topic under `<topic>-value`; afterwards it answers synchronously.
// Rules every adapter keeps: an id once given means the same schema for ever; a schema registered before keeps its id;
// one that cannot read all data of the earlier ones is refused (BACKWARD_TRANSITIVE) with DM_SCHEMA_INCOMPATIBLE.
import type { SchemaIds } from '../../schemas/index.ts';
import type { RecordSchema } from '../../schemas/load.ts';

export type Registry = SchemaIds;

/** The schemas to register, by topic: what schemas/ holds, or, in tests, other versions of it. */
export type CurrentSchemas = Readonly<Record<string, RecordSchema>>;
