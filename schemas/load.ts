// Reads the .avsc sources. Only schemas/ uses it: everything else imports the generated types and the codec.
import { readFileSync } from 'node:fs';
import type { TopicName } from './topics.ts';

export const SCHEMA_FILES: Record<TopicName, string> = {
  'driftmgr.changes': 'changes.avsc',
  'driftmgr.declarations': 'declarations.avsc',
  'driftmgr.observations': 'observations.avsc',
  'driftmgr.requests': 'requests.avsc',
  'driftmgr.drifts': 'drifts.avsc',
  'driftmgr.open-drifts': 'open-drifts.avsc',
  'driftmgr.timers': 'timers.avsc',
  'driftmgr.sources': 'sources.avsc',
  'driftmgr.dead-letters': 'dead-letters.avsc',
};

export interface RecordSchema {
  type: 'record';
  name: string;
  doc?: string;
  event?: string;
  broadcast?: boolean;
  fields: { name: string; type: SchemaType; default?: unknown; doc?: string }[];
}
export type SchemaType =
  | string
  | SchemaType[]
  | RecordSchema
  | { type: 'array'; items: SchemaType }
  | { type: 'map'; values: SchemaType }
  | { type: 'enum'; name: string; symbols: string[] }
  | { type: 'fixed'; name: string; size: number };

export function readSchema(file: string): RecordSchema {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as RecordSchema;
}

/** The bodies of a topic's schema, in the order of its union. */
export function bodiesOf(schema: RecordSchema): RecordSchema[] {
  const body = schema.fields.find((field) => field.name === 'body');
  if (!body || !Array.isArray(body.type)) throw new Error(`${schema.name} has no union called body`);
  return body.type as RecordSchema[];
}
