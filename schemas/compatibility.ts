// Whether records written with an earlier schema of a topic can be read with the current one (Avro's backward
// compatibility). Pure. The registry and the test of the committed versions decide by this one function.
import type avro from 'avsc';
import { avroType } from './codec.ts';
import type { RecordSchema } from './load.ts';

/**
 * Why data written with `earlier` could not be read with `current`; null when all of it can. New bodies are fine, and so
 * are new fields with a default; a body, enum symbol or field type that goes away is not.
 */
export function incompatibility(current: RecordSchema, earlier: RecordSchema): string | null {
  const reader = avroType(current) as avro.types.RecordType;
  const writer = avroType(earlier) as avro.types.RecordType;
  for (const field of reader.fields) {
    const written = writer.fields.find(({ name }) => name === field.name);
    if (field.name === 'body') {
      if (written === undefined) return 'it has no bodies';
      const problem = bodyProblem(branches(field.type), branches(written.type));
      if (problem !== null) return problem;
    } else if (written === undefined) {
      if (field.defaultValue() === undefined) return `field ${field.name} is new and has no default`;
    } else {
      const problem = unreadable(field.type, written.type);
      if (problem !== null) return `field ${field.name}: ${problem}`;
    }
  }
  return null;
}

function bodyProblem(readers: readonly avro.Type[], writers: readonly avro.Type[]): string | null {
  for (const writer of writers) {
    const reader = readers.find(({ name }) => name === writer.name);
    if (!reader) return `body ${writer.name} is gone`;
    const problem = unreadable(reader, writer);
    if (problem !== null) return `body ${writer.name}: ${problem}`;
  }
  return null;
}

const branches = (type: avro.Type): avro.Type[] => ('types' in type ? (type.types as avro.Type[]) : [type]);

function unreadable(reader: avro.Type, writer: avro.Type): string | null {
  try {
    reader.createResolver(writer);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
