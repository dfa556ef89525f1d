// An observation as another, later version writes it: with a schema of its own, that not every registry has yet.
import { avroType } from '../../schemas/codec.ts';
import { type Event, fingerprint } from '../../schemas/index.ts';
import { type RecordSchema, readSchema, SCHEMA_FILES } from '../../schemas/load.ts';

/** Observations with one field more, which says nothing to this version. */
export function laterSchema(): RecordSchema {
  const schema = readSchema(SCHEMA_FILES['driftmgr.observations']);
  schema.fields.push({ name: 'mood', type: ['null', 'string'], default: null });
  return schema;
}

/** The value under a schema id. */
export function encodeAs(id: number, schema: RecordSchema, { type: _, ...event }: Event): Buffer {
  const header = Buffer.alloc(5);
  header.writeInt32BE(id, 1);
  const value = avroType(schema).toBuffer({
    ...event,
    fingerprint: fingerprint({ said: event.id }),
    body: { 'io.driftmgr.ResourceObserved': event.body },
    mood: null,
  });
  return Buffer.concat([header, value]);
}
