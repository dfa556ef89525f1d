// Writes schemas/generated.ts: TypeScript types of every event, from the .avsc files. `npm run schemas` runs it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RecordSchema, SchemaType } from './load.ts';
import { bodiesOf, readSchema, SCHEMA_FILES } from './load.ts';

export function generate(): string {
  const declared = new Map<string, string>();
  const events: string[] = [];
  const table: string[] = [];
  const union: string[] = [];
  for (const [topic, file] of Object.entries(SCHEMA_FILES)) {
    const schema = readSchema(file);
    for (const body of bodiesOf(schema)) {
      if (!body.event) throw new Error(`${file}: body ${body.name} has no "event" name`);
      declare(body);
      events.push(`  '${body.event}': ${body.name};`);
      table.push(
        `  '${body.event}': { topic: '${topic}', record: 'io.driftmgr.${body.name}', broadcast: ${body.broadcast === true} },`,
      );
      union.push(body.event);
    }
  }

  function declare(record: RecordSchema): void {
    const fields = record.fields.map((field) => {
      const doc = field.doc ? `  /** ${field.doc} */\n` : '';
      return `${doc}  ${field.name}: ${typeOf(field.type)};`;
    });
    const doc = record.doc ? `/** ${record.doc} */\n` : '';
    add(record.name, `${doc}export interface ${record.name} {\n${fields.join('\n')}\n}`);
  }

  function add(name: string, text: string): void {
    const before = declared.get(name);
    if (before !== undefined && before !== text) throw new Error(`${name} is defined in two ways`);
    declared.set(name, text);
  }

  function typeOf(type: SchemaType): string {
    if (Array.isArray(type)) return type.map(typeOf).join(' | ');
    if (typeof type === 'string') {
      if (type === 'int' || type === 'long' || type === 'double') return 'number';
      return type === 'bytes' ? 'Buffer' : type;
    }
    switch (type.type) {
      case 'record':
        declare(type);
        return type.name;
      case 'enum':
        add(
          type.name,
          `export type ${type.name} = ${type.symbols.map((symbol) => `'${symbol}'`).join(' | ')};`,
        );
        return type.name;
      case 'array': {
        const items = typeOf(type.items);
        return items.includes(' ') ? `(${items})[]` : `${items}[]`;
      }
      case 'map':
        return `Record<string, ${typeOf(type.values)}>`;
      case 'fixed':
        return 'Buffer';
    }
  }

  return `// Generated from schemas/*.avsc by \`npm run schemas\`. Do not edit: a test holds that it is current.
import type { TopicName } from './topics.ts';

/** What every event carries besides its body. Times are milliseconds since the epoch. */
export interface Envelope {
  /** When it happened (observations: when the request began). */
  time: number;
  /** Unique: a hash, the same however often the fact is reported. */
  id: string;
  recordedAt: number;
  source: string;
  org: string;
  /** What places the record; null on broadcasts and on what belongs to no object. */
  objectKey: string | null;
  correlationId: string | null;
  clamped: boolean;
}

${[...declared.values()].join('\n\n')}

export interface Bodies {
${events.join('\n')}
}

export type EventType = keyof Bodies;
/** One event of the given type (or of any of several). */
export type EventOf<T extends EventType> = { [K in T]: Envelope & { type: K; body: Bodies[K] } }[T];
export type Event = EventOf<EventType>;

export const EVENTS: Record<EventType, { topic: TopicName; record: string; broadcast: boolean }> = {
${table.join('\n')}
};

export const EVENT_TYPES = [
${union.map((name) => `  '${name}',`).join('\n')}
] as const satisfies readonly EventType[];
`;
}

const target = fileURLToPath(new URL('generated.ts', import.meta.url));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(target, generate());
}
export const isCurrent = (): boolean => readFileSync(target, 'utf8') === generate();
