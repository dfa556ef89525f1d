// The committed versions of each topic's schema, schemas/versions/<topic>/<n>.avsc: what stored events may be written in.
import { existsSync, readdirSync } from 'node:fs';
import type { RecordSchema } from './load.ts';
import { readSchema } from './load.ts';
import type { TopicName } from './topics.ts';

export interface CommittedVersion {
  version: number;
  schema: RecordSchema;
}

/** Oldest first; empty for a topic none was committed of. */
export function committedVersions(topic: TopicName): CommittedVersion[] {
  const directory = new URL(`versions/${topic}/`, import.meta.url);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .flatMap((file) => /^(\d+)\.avsc$/.exec(file)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
    .map((version) => ({ version, schema: readSchema(`versions/${topic}/${version}.avsc`) }));
}
