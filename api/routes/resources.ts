// Resources: what is declared and observed under each object key, now or as of a time.
import Type from 'typebox';
import { resourceAt } from '../../projections/clickhouse/resource-versions.ts';
import type { ResourceDetail } from '../../projections/postgres/resource-queries.ts';
import { resourceByKey, resourcesPage } from '../../projections/postgres/resource-queries.ts';
import type { Routes } from '../dependencies.ts';
import type { Principal } from '../keys.ts';
import { linked } from '../links.ts';
import { notFound } from '../problems.ts';
import { timeOf } from '../times.ts';
import { AtQuery, pageOf, ResourceDetailSchema, ResourceSchema, ResourcesQuery } from '../types.ts';
import { maySee, visibleWorkspaces } from '../visibility.ts';

const Params = Type.Object({
  objectKey: Type.String({ minLength: 1, maxLength: 2_048, description: 'Percent-encoded: it has slashes.' }),
});

export const resources: Routes = (app, context) => {
  const { org, clock } = context;
  app.get(
    '/api/v1/resources',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'listResources',
        summary: 'Declared resource instances, by workspace and address',
        tags: ['resources'],
        querystring: ResourcesQuery,
        response: { 200: pageOf(ResourceSchema) },
      },
    },
    async (request) => {
      const workspaces = await visibleWorkspaces(context, org, request.principal);
      return resourcesPage(context, { ...request.query, org, ...(workspaces ? { workspaces } : {}) });
    },
  );

  app.get(
    '/api/v1/resources/:objectKey',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getResource',
        summary:
          'Everything under one object key: who declares it, what was observed, its drifts; now or as of a time',
        tags: ['resources'],
        params: Params,
        querystring: AtQuery,
        response: { 200: ResourceDetailSchema },
      },
    },
    async (request) => {
      const { objectKey } = request.params;
      const { at } = request.query;
      const found =
        at === undefined
          ? await resourceByKey(context, { org, objectKey, now: clock.now() })
          : await resourceAt(context, { org, objectKey, at: timeOf(at) });
      const seen = found && visiblePart(found, request.principal);
      if (!seen) throw notFound(`resource ${objectKey}${at === undefined ? '' : ` as of ${at}`}`);
      return seen;
    },
  );
};

/** Of an object that several workspaces declare, a limited key sees its own part; null when there is none. */
function visiblePart(found: ResourceDetail, principal: Principal): ResourceDetail | null {
  const drifts = found.drifts.filter((drift) => maySee(principal, drift.workspace)).map(linked);
  if (principal.workspaces === null) return { ...found, drifts };
  const declarations = found.declarations.filter(({ workspace }) => maySee(principal, workspace));
  return declarations.length === 0 ? null : { ...found, declarations, drifts };
}
