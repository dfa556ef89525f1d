// Registering schemas: pure. What is known and what is current in, what is then known out.
import { incompatibility } from '../../schemas/compatibility.ts';
import type { RecordSchema } from '../../schemas/load.ts';
import { DriftError } from '../errors.ts';
import type { CurrentSchemas, Registry } from './registry.ts';

export interface Registered {
  id: number;
  /** `<topic>-value` */
  subject: string;
  /** Counts from 1 within the subject. */
  version: number;
  /** Avro, JSON text. */
  schema: string;
}

export const subjectOf = (topic: string): string => `${topic}-value`;

/** Adds the current schemas that are not known yet, ids in order of first sight; refuses incompatible ones, all named. */
export function register(known: readonly Registered[], current: CurrentSchemas): Registered[] {
  const all = [...known];
  const problems: string[] = [];
  for (const [topic, schema] of Object.entries(current)) {
    const text = JSON.stringify(schema);
    const subject = subjectOf(topic);
    const earlier = all.filter((one) => one.subject === subject);
    if (earlier.some((one) => one.schema === text)) continue;
    problems.push(...problemsWith(subject, schema, earlier));
    const id = all.reduce((highest, one) => Math.max(highest, one.id), 0) + 1;
    all.push({ id, subject, version: earlier.length + 1, schema: text });
  }
  refuse(problems);
  return all;
}

/** Why the schema cannot read what earlier ones of its subject wrote. */
export function problemsWith(
  subject: string,
  schema: RecordSchema,
  earlier: readonly Pick<Registered, 'version' | 'schema'>[],
): string[] {
  return earlier.flatMap(({ version, schema: before }) => {
    const problem = incompatibility(schema, JSON.parse(before) as RecordSchema);
    return problem === null ? [] : [`${subject}, against version ${version}: ${problem}`];
  });
}

/** DM_SCHEMA_INCOMPATIBLE when there are problems. */
export function refuse(problems: readonly string[], cause?: unknown): void {
  if (problems.length === 0) return;
  throw new DriftError(`incompatible schemas: ${problems.join('; ')}`, {
    code: 'DM_SCHEMA_INCOMPATIBLE',
    retriable: false,
    public: `This version cannot read events that are already stored (${problems.join('; ')}). Start the version that wrote them, or a later one.`,
    cause,
  });
}

/** Answers from what is registered, by one process alone: nothing is there to be learnt. */
export function idsOf(registered: readonly Registered[], current: CurrentSchemas): Registry {
  const ids = new Map(
    Object.entries(current).map(([topic, schema]) => {
      const text = JSON.stringify(schema);
      return [topic, registered.find((one) => one.subject === subjectOf(topic) && one.schema === text)!.id];
    }),
  );
  const schemas = new Map(registered.map(({ id, schema }) => [id, schema]));
  return { ...answers(ids, schemas), learn: async () => {} };
}

/** The answers of a registry: `ids` by topic, `schemas` by id. */
export function answers(
  ids: ReadonlyMap<string, number>,
  schemas: ReadonlyMap<number, string>,
): Pick<Registry, 'idOf' | 'schemaOf'> {
  return {
    idOf(topic) {
      const id = ids.get(topic);
      if (id === undefined)
        throw new DriftError(`no schema is registered for ${topic}`, {
          code: 'DM_SCHEMA_UNKNOWN',
          retriable: false,
        });
      return id;
    },
    schemaOf: (id) => schemas.get(id),
  };
}

/** The schemas in schemas/, as the process runs with them. */
export function currentSchemas(
  files: Readonly<Record<string, string>>,
  read: (file: string) => RecordSchema,
): CurrentSchemas {
  return Object.fromEntries(Object.entries(files).map(([topic, file]) => [topic, read(file)]));
}
