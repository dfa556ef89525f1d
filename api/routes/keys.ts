// API keys: made, listed and revoked by admins. The key itself is told once.
import Type from 'typebox';
import { iso, isoOrNull } from '../../projections/drift-json.ts';
import { decodeCursor, encodeCursor } from '../../projections/queries.ts';
import type { Routes } from '../dependencies.ts';
import type { KeyRecord } from '../keys.ts';
import { InputMistakes } from '../problems.ts';
import { timeOf } from '../times.ts';
import { CreatedKeySchema, CreateKeyBody, type KeyJson, KeySchema, PageQuery, pageOf } from '../types.ts';

const Params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) });

export const keys: Routes = (app, context) => {
  const { clock } = context;
  app.get(
    '/api/v1/keys',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'listKeys',
        summary: 'API keys, newest first',
        tags: ['keys'],
        querystring: PageQuery,
        response: { 200: pageOf(KeySchema) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? null : String(decodeCursor(cursor, ['string'])[0]);
      const page = await context.keys.list({ limit: limit ?? 50, after });
      return { items: page.items.map(keyJson), next: page.next === null ? null : encodeCursor([page.next]) };
    },
  );

  app.post(
    '/api/v1/keys',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'createKey',
        summary: 'Make a key',
        tags: ['keys'],
        body: CreateKeyBody,
        response: { 201: CreatedKeySchema },
      },
    },
    async (request, reply) => {
      const { name, scopes, workspaces, expiresAt } = request.body;
      const expires = expiresAt === undefined ? null : timeOf(expiresAt);
      if (expires !== null && expires <= clock.now())
        throw new InputMistakes([{ path: 'body.expiresAt', message: 'must be in the future' }]);
      const { key, record } = await context.keys.create({
        name,
        scopes,
        workspaces: workspaces ?? null,
        expiresAt: expires,
        createdBy: request.principal.name,
      });
      request.log.info({ key: record.id, scopes, by: request.principal.id }, 'an API key was made');
      return reply.status(201).send({ key, ...keyJson(record) });
    },
  );

  app.delete(
    '/api/v1/keys/:id',
    {
      config: { scope: 'admin', allWorkspaces: true },
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key: it works no more',
        tags: ['keys'],
        params: Params,
        response: { 200: KeySchema },
      },
    },
    async (request) => {
      const record = await context.keys.revoke(request.params.id);
      request.log.info({ key: record.id, by: request.principal.id }, 'an API key was revoked');
      return keyJson(record);
    },
  );
};

const keyJson = (record: KeyRecord): KeyJson => ({
  id: record.id,
  name: record.name,
  scopes: record.scopes,
  workspaces: record.workspaces,
  createdAt: iso(record.createdAt),
  createdBy: record.createdBy,
  expiresAt: isoOrNull(record.expiresAt),
  revokedAt: isoOrNull(record.revokedAt),
  lastUsedAt: isoOrNull(record.lastUsedAt),
});
