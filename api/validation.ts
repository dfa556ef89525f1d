// Validates what comes in against its TypeBox schema and names every mistake at once. Queries and path parameters are
// text: they are converted first; bodies are taken as they are. Unknown parameters are mistakes, never passed over.
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { InputMistakes, type Mistake } from './problems.ts';

// TypeBox stops at the eighth mistake unless it is told otherwise; a hostile body still makes no endless list.
Settings.Set({ maxErrors: 1_000 });

export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  return (given: unknown) => {
    const value =
      httpPart === 'body' ? given : Value.Convert(schema, Value.Default(schema, commasApart(schema, given)));
    if (check.Check(value)) return { value };
    return { error: new InputMistakes(mistakesOf(check.Errors(value), httpPart ?? 'input')) };
  };
};

/** `?status=open,accepted` says the same as `?status=open&status=accepted`, where the schema takes a list. */
function commasApart(schema: TSchema, given: unknown): unknown {
  const properties = 'properties' in schema ? (schema.properties as Record<string, { type?: string }>) : {};
  if (typeof given !== 'object' || given === null) return given;
  const value: Record<string, unknown> = { ...given };
  for (const [name, member] of Object.entries(value)) {
    if (properties[name]?.type !== 'array') continue;
    const texts = Array.isArray(member) ? member : [member];
    value[name] = texts.flatMap((text) => (typeof text === 'string' ? text.split(',') : [text]));
  }
  return value;
}

interface Failure {
  keyword: string;
  instancePath: string;
  message: string;
  params: object;
}

function mistakesOf(failures: Failure[], part: string): Mistake[] {
  const mistakes: Mistake[] = [];
  const add = (path: string, message: string): void => {
    if (!mistakes.some((mistake) => mistake.path === path && mistake.message === message))
      mistakes.push({ path, message });
  };
  const where = part === 'querystring' ? 'query' : part === 'params' ? 'path' : part;
  for (const failure of failures) {
    const at = `${where}${failure.instancePath.replaceAll('/', '.')}`;
    const params = failure.params as Record<string, unknown>;
    if (failure.keyword === 'boolean') continue;
    if (failure.keyword === 'additionalProperties') {
      for (const name of params.additionalProperties as string[]) add(`${at}.${name}`, 'is not known here');
    } else if (failure.keyword === 'required') {
      for (const name of params.requiredProperties as string[]) add(`${at}.${name}`, 'is missing');
    } else if (failure.keyword === 'enum') {
      add(at, `must be one of ${(params.allowedValues as string[]).join(', ')}`);
    } else if (failure.keyword === 'format') {
      add(
        at,
        `must be a ${params.format === 'date-time' ? 'time like 2026-01-31T12:00:00Z' : params.format}`,
      );
    } else {
      add(at, failure.message);
    }
  }
  return mistakes.length > 0 ? mistakes : [{ path: where, message: 'is invalid' }];
}
