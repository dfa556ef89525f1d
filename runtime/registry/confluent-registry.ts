// The registry of the cluster mode: a Confluent-compatible server (Confluent's, Apicurio's, Karapace), asked when it is
// opened and when a record names a schema not met before.
import { avroType } from '../../schemas/codec.ts';
import { type RecordSchema, readSchema, SCHEMA_FILES } from '../../schemas/load.ts';
import type { Logger } from '../telemetry.ts';
import { answers, currentSchemas, problemsWith, refuse, subjectOf } from './registration.ts';
import type { CurrentSchemas, Registry } from './registry.ts';
import type { Version } from './registry-client.ts';
import { createRegistryClient } from './registry-client.ts';

export interface ConfluentRegistryOptions {
  /** `http://user:password@host:8081`, with the path of the API where it has one. */
  url: string;
  logger: Logger;
  current?: CurrentSchemas;
  /** Before the subject of every topic; for tests that share a server. */
  subjectPrefix?: string;
  /** How long the server may be silent before a question counts as not answered, milliseconds. */
  silentMs?: number;
}

/** A poison record may name any id: the registry is not asked for the same again so soon. */
const MISSING_MS = 30_000;
const MISSING_KEPT = 1_000;

/**
 * Registers the current schemas. DM_SCHEMA_INCOMPATIBLE when one cannot read what earlier ones wrote, with the reason;
 * DM_REGISTRY_UNREACHABLE (retriable) when the server does not answer, DM_CONFIG_INVALID when it refuses or is none.
 */
export async function openConfluentRegistry(options: ConfluentRegistryOptions): Promise<Registry> {
  const { url, logger, subjectPrefix = '' } = options;
  const client = createRegistryClient(url, options.silentMs);
  const topics = Object.entries(options.current ?? currentSchemas(SCHEMA_FILES, readSchema)).map(
    ([topic, schema]) => ({
      topic,
      schema,
      text: JSON.stringify(schema),
      subject: subjectPrefix + subjectOf(topic),
    }),
  );
  const ids = new Map<string, number>();
  const schemas = new Map<number, string>();

  /** Looks what the registry has of a topic, and takes the id of the very schema from there. */
  async function look({ topic, schema, subject }: (typeof topics)[number]): Promise<Version[]> {
    const versions = await client.versions(subject);
    for (const version of versions) schemas.set(version.id, version.schema);
    const id = versions.find((version) => isSame(JSON.parse(version.schema) as RecordSchema, schema))?.id;
    if (id !== undefined) ids.set(topic, id);
    return versions;
  }

  const problems: string[] = [];
  await Promise.all(
    topics.map(async (each) => {
      const versions = await look(each);
      // Checked here for all topics before any is registered, and by the registry again, whoever registers meanwhile.
      if (!ids.has(each.topic)) problems.push(...problemsWith(each.subject, each.schema, versions));
    }),
  );
  refuse(problems);
  await Promise.all(topics.map(({ subject }) => client.protect(subject)));
  await Promise.all(
    topics
      .filter(({ topic }) => !ids.has(topic))
      .map(async (each) => {
        const { topic, subject, text } = each;
        const answer = await client.register(subject, text);
        if ('id' in answer) {
          logger.info({ subject, id: answer.id }, 'a schema was registered');
          ids.set(topic, answer.id);
          return;
        }
        // It may be that another process has registered the same in the same moment.
        await look(each);
        if (!ids.has(topic)) problems.push(`${subject}: ${answer.refused}`);
      }),
  );
  refuse(problems);
  for (const { topic, text } of topics) schemas.set(ids.get(topic)!, text);

  /** When an id was asked for that the registry did not have. */
  const missing = new Map<number, number>();
  const asking = new Map<number, Promise<void>>();

  async function ask(id: number): Promise<void> {
    const text = await client.schema(id);
    if (text !== null) {
      logger.info({ id }, 'a schema of a newer process was learnt');
      schemas.set(id, text);
      return;
    }
    if (missing.size >= MISSING_KEPT) missing.delete(missing.keys().next().value!);
    missing.set(id, performance.now());
  }

  return {
    ...answers(ids, schemas),
    async learn(id) {
      if (schemas.has(id)) return;
      if (performance.now() - (missing.get(id) ?? Number.NEGATIVE_INFINITY) < MISSING_MS) return;
      let asked = asking.get(id);
      if (asked === undefined) {
        asked = ask(id).finally(() => asking.delete(id));
        asking.set(id, asked);
      }
      await asked;
    },
  };
}

/**
 * Whether two schemas are one: notation, which some registries change, does not matter; defaults do, which a registry's own
 * search leaves out.
 */
function isSame(one: RecordSchema, other: RecordSchema): boolean {
  const form = (schema: RecordSchema): string =>
    JSON.stringify(avroType(schema).schema({ exportAttrs: true }));
  return form(one) === form(other);
}
