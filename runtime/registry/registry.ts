// The registry port: which schema has which id. Adapters: memory, local (a file), a Confluent-compatible server.
//
// Opening one registers the current schema of every topic under `<topic>-value`; afterwards it answers synchronously.
// Rules every adapter keeps: an id once given means the same schema for ever; a schema registered before keeps its id;
// one that cannot read all data of the earlier ones is refused (BACKWARD_TRANSITIVE) with DM_SCHEMA_INCOMPATIBLE, and then
// nothing is registered.
import type { SchemaIds } from '../../schemas/index.ts';
import type { RecordSchema } from '../../schemas/load.ts';

export interface Registry extends SchemaIds {
  /**
   * Looks for a schema that was registered after this one was opened: by a newer process, whose records are met now. When the
   * registry has it, `schemaOf` gives it from now on; when not, it stays unknown. Retriable when it cannot be asked.
   */
  learn(id: number): Promise<void>;
}

/** The schemas to register, by topic: what schemas/ holds, or, in tests, other versions of it. */
export type CurrentSchemas = Readonly<Record<string, RecordSchema>>;
