// Terraform configurations, as they are uploaded in parsed form and as they are shown. The limits are those of an event.
import type { Static } from 'typebox';
import Type from 'typebox';
import { nullable, nullableText, object, text, time } from './forms.ts';

const short = Type.String({ maxLength: 500 });
const address = Type.String({ minLength: 1, maxLength: 2_000 });
const paths = Type.Array(Type.String({ minLength: 1, maxLength: 1_000 }), { maxItems: 2_000 });

export const ConfiguredProviderSchema = object({
  module: Type.String({ maxLength: 2_000, description: 'Module that holds the block; empty for the root.' }),
  name: Type.String({ minLength: 1, maxLength: 500 }),
  alias: nullable(short),
  source: nullable(short),
  region: nullable(short),
  account: nullable(short),
  role: nullable(Type.String({ maxLength: 2_048 })),
  unknown: Type.Array(short, { maxItems: 100, description: 'Arguments that only a plan knows.' }),
});

export const ConfigurationBody = object({
  revision: Type.Optional(
    nullable(
      Type.String({ minLength: 1, maxLength: 200, description: 'Commit, or another name of the version.' }),
    ),
  ),
  blocks: Type.Array(
    object({
      address,
      sets: paths,
      ignores: paths,
      complete: Type.Boolean(),
      provider: nullable(short),
    }),
    { maxItems: 20_000, description: 'Resource blocks: addresses without indices, and the paths they set.' },
  ),
  providers: Type.Array(ConfiguredProviderSchema, { maxItems: 2_000 }),
  moves: Type.Array(object({ from: address, to: nullable(address) }), { maxItems: 20_000 }),
  problems: Type.Array(Type.String({ minLength: 1, maxLength: 4_000 }), { maxItems: 200 }),
});
export type ConfigurationBody = Static<typeof ConfigurationBody>;

export const ConfigurationSchema = object({
  workspace: Type.String(),
  revision: nullable(text('Commit, or another name of the version.')),
  by: text('Where it came from.'),
  publishedAt: time,
  blocks: Type.Integer({ description: 'Resource blocks.' }),
  incomplete: Type.Integer({ description: 'Blocks of which it is not fully known what they set.' }),
  moves: Type.Integer({ description: 'moved, import and removed blocks.' }),
  providers: Type.Array(
    object({ ...ConfiguredProviderSchema.properties, alias: nullableText, source: nullableText }),
  ),
  problems: Type.Array(Type.String(), { description: 'What could not be read, and is therefore unknown.' }),
});
export type ConfigurationJson = Static<typeof ConfigurationSchema>;
