// A registry in memory: for tests and one-shot runs.
import { readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import { currentSchemas, idsOf, register } from './registration.ts';
import type { CurrentSchemas, Registry } from './registry.ts';

export function createMemoryRegistry(options: { current?: CurrentSchemas } = {}): Registry {
  const current = options.current ?? currentSchemas(SCHEMA_FILES, readSchema);
  return idsOf(register([], current), current);
}
