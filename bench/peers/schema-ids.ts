// Ids of the schemas: registered over the registry's HTTP interface, as any producer does.
import type { SchemaIds, TopicName } from '../../schemas/index.ts';
import { readSchema, SCHEMA_FILES } from '../../schemas/load.ts';

/** `registry` null: numbered from 1, for a trial without one. */
export async function schemaIds(registry: string | null): Promise<SchemaIds> {
  const ids = new Map<TopicName, number>();
  for (const topic of Object.keys(SCHEMA_FILES) as TopicName[])
    ids.set(topic, registry === null ? ids.size + 1 : await register(registry, topic));
  return { idOf: (topic) => ids.get(topic)!, schemaOf: () => undefined };
}

async function register(registry: string, topic: TopicName): Promise<number> {
  const url = `${registry.replace(/\/$/, '')}/subjects/${topic}-value/versions`;
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(readSchema(SCHEMA_FILES[topic])), schemaType: 'AVRO' }),
  });
  const answer = (await response.json()) as { id?: number; message?: string };
  if (!response.ok || answer.id === undefined)
    throw new Error(
      `the registry refused the schema of ${topic} with ${response.status}: ${answer.message ?? ''}`,
    );
  return answer.id;
}

const NAMES = {
  declarations: 'driftmgr.declarations',
  observations: 'driftmgr.observations',
  drifts: 'driftmgr.drifts',
  'open-drifts': 'driftmgr.open-drifts',
} as const;

/** As the Streams application is told them. */
export const idsText = (ids: SchemaIds): string =>
  Object.entries(NAMES)
    .map(([name, topic]) => `${name}=${ids.idOf(topic)}`)
    .join(',');
