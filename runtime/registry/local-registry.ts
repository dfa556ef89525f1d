// The registry in one JSON file: ids are assigned at open, written durably before they are used, and never change.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import { readIfThereSync, replaceFileSync } from '../durable-file.ts';
import { DriftError } from '../errors.ts';
import type { Registered } from './registration.ts';
import { currentSchemas, idsOf, register } from './registration.ts';
import type { CurrentSchemas, Registry } from './registry.ts';

/**
 * Opens the file, or creates it. DM_SCHEMA_INCOMPATIBLE when a current schema cannot read what earlier ones wrote;
 * DM_LOG_CORRUPT when the file is damaged: without it, stored events cannot be told apart.
 */
export function openLocalRegistry(options: { file: string; current?: CurrentSchemas }): Registry {
  const { file } = options;
  const current = options.current ?? currentSchemas(SCHEMA_FILES, readSchema);
  const text = readIfThereSync(file);
  const known = text === null ? [] : parse(file, text);
  const all = register(known, current);
  if (all.length > known.length) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    replaceFileSync(file, `${JSON.stringify({ format: 1, schemas: all }, null, 1)}\n`);
  }
  return idsOf(all, current);
}

function parse(file: string, text: string): Registered[] {
  try {
    const { format, schemas } = JSON.parse(text) as { format: unknown; schemas: Registered[] };
    const isEntry = ({ id, subject, version, schema }: Registered): boolean =>
      Number.isInteger(id) &&
      Number.isInteger(version) &&
      typeof subject === 'string' &&
      typeof schema === 'string';
    if (format === 1 && Array.isArray(schemas) && schemas.every(isEntry)) return schemas;
  } catch (cause) {
    throw damaged(file, cause);
  }
  throw damaged(file);
}

const damaged = (file: string, cause?: unknown): DriftError =>
  new DriftError(`${file} is not a schema registry`, {
    code: 'DM_LOG_CORRUPT',
    retriable: false,
    public: `The schema registry ${file} is damaged, and without it stored events cannot be read. Restore it from a backup.`,
    cause,
  });
