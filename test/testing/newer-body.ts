// Writes what a newer version of this software would have written: a body that the schema in the registry has, and this code
// has not.
import type { Log } from '../../runtime/log/log.ts';
import { openLocalRegistry } from '../../runtime/registry/local-registry.ts';
import { currentSchemas } from '../../runtime/registry/registration.ts';
import { avroType } from '../../schemas/codec.ts';
import { NO_FINGERPRINT } from '../../schemas/index.ts';
import { type RecordSchema, readSchema, SCHEMA_FILES } from '../../schemas/load.ts';

const GUESSED: RecordSchema = {
  type: 'record',
  name: 'ResourceGuessed',
  doc: 'A body that no version has.',
  fields: [{ name: 'guess', type: 'string' }],
};

/** Registers the newer schema of observations in the file, and appends one such record to the last partition. */
export async function writeNewerBody(log: Log, registryFile: string): Promise<void> {
  const topic = 'driftmgr.observations';
  const current = currentSchemas(SCHEMA_FILES, (file) => {
    const schema = readSchema(file);
    const body = schema.fields.find(({ name }) => name === 'body');
    if (file === SCHEMA_FILES[topic] && Array.isArray(body?.type)) body.type.push(GUESSED);
    return schema;
  });
  const registry = openLocalRegistry({ file: registryFile, current });
  const header = Buffer.alloc(5);
  const id = registry.idOf(topic);
  header.writeInt32BE(id, 1);
  const now = Date.now();
  const value = avroType(JSON.parse(registry.schemaOf(id)!)).toBuffer({
    fingerprint: NO_FINGERPRINT,
    time: now,
    id: 'evt_guessed',
    recordedAt: now,
    source: 'newer',
    org: 'default',
    objectKey: 'default/aws/-/-/s3-bucket/guessed',
    correlationId: null,
    clamped: false,
    body: { 'io.driftmgr.ResourceGuessed': { guess: 'it will rain' } },
  });
  await log.append([
    {
      topic,
      partition: log.partitions - 1,
      key: 'default/aws/-/-/s3-bucket/guessed',
      value: Buffer.concat([header, value]),
    },
  ]);
}
