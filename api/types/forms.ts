// The forms that the API's schemas are made of, its pages and its problems. No code runs here but building schemas.
import type { Static, TSchema } from 'typebox';
import Type from 'typebox';

export const object = <P extends Record<string, TSchema>>(properties: P, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
/** One of literal names; the document lists them. */
export const oneOf = <const V extends string[]>(values: readonly [...V]) =>
  Type.Enum<V>(values, { type: 'string' });
export const text = (description?: string) => Type.String(description ? { description } : {});
export const nullableText = nullable(Type.String());
export const time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
export const nullableTime = nullable(time);
export const json = Type.Unknown({
  description: 'Any JSON value; a secret is {"$secret": "<keyed fingerprint>"}',
});

export const many = <const V extends string[]>(values: readonly [...V]) =>
  Type.Optional(Type.Array(oneOf(values), { description: 'Repeat, or separate with commas.', maxItems: 20 }));
export const filter = Type.Optional(Type.String({ minLength: 1, maxLength: 512 }));

export const listOf = <T extends TSchema>(items: T) => object({ items: Type.Array(items) });

export const ProblemSchema = object(
  {
    type: text('Where the code is explained.'),
    title: Type.String(),
    status: Type.Integer(),
    detail: text('What happened, to what, and what to do.'),
    instance: text('Path that was asked for.'),
    code: text('Stable: dm_not_found, dm_forbidden, …'),
    correlationId: text('Quote it: the log has it.'),
    errors: Type.Optional(
      Type.Array(object({ path: Type.String(), message: Type.String() }), {
        description: 'Every parameter that is wrong, at once.',
      }),
    ),
  },
  'RFC 9457 problem',
);
export type Problem = Static<typeof ProblemSchema>;

export const pageOf = <T extends TSchema>(items: T) =>
  object({
    items: Type.Array(items),
    next: nullable(text('Pass as `cursor` for the next page; null: this was the last one.')),
  });
export interface Page<T> {
  items: T[];
  next: string | null;
}

export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
};
export const PageQuery = object(paging);
export type PageQuery = Static<typeof PageQuery>;
