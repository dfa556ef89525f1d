// API keys, as the API takes and gives them, and what a key may do.
import type { Static } from 'typebox';
import Type from 'typebox';
import { nullable, nullableTime, object, oneOf, text, time } from './forms.ts';

/** What a key may do. `admin` stands for all of them but `tfstate:read`, which is always given by name. */
export const SCOPES = [
  'read',
  'drifts:write',
  'snapshots:write',
  'configuration:write',
  'tfstate:read',
  'tfstate:write',
  'metrics:read',
  'admin',
] as const;
export type KeyScope = (typeof SCOPES)[number];

export const KeySchema = object({
  id: Type.String(),
  name: Type.String(),
  scopes: Type.Array(oneOf(SCOPES)),
  workspaces: nullable(Type.Array(Type.String(), { description: 'Globs; null: all workspaces.' })),
  createdAt: time,
  createdBy: Type.String(),
  expiresAt: nullableTime,
  revokedAt: nullableTime,
  lastUsedAt: nullableTime,
});
export type KeyJson = Static<typeof KeySchema>;

export const CreateKeyBody = object({
  name: Type.String({ minLength: 1, maxLength: 200 }),
  scopes: Type.Array(oneOf(SCOPES), { minItems: 1, uniqueItems: true }),
  workspaces: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 100 }),
  ),
  expiresAt: Type.Optional(time),
});
export type CreateKeyBody = Static<typeof CreateKeyBody>;

export const CreatedKeySchema = object({
  key: text('The key itself: shown once, never again.'),
  ...KeySchema.properties,
});
export type CreatedKey = Static<typeof CreatedKeySchema>;
