// What became of a wish: pending until its one outcome.
import Type from 'typebox';
import { driftById } from '../../projections/postgres/open-drifts.ts';
import { requestById } from '../../projections/postgres/requests.ts';
import type { Routes } from '../dependencies.ts';
import { notFound } from '../problems.ts';
import { RequestSchema } from '../types.ts';
import { maySee } from '../visibility.ts';

const Params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 200 }) });

export const requests: Routes = (app, context) => {
  const { org } = context;
  app.get(
    '/api/v1/requests/:id',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getRequest',
        summary: 'One request and its outcome',
        tags: ['requests'],
        params: Params,
        response: { 200: RequestSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      const found = await requestById(context, { org, id });
      const about = found?.driftId ? await driftById(context, { org, id: found.driftId }) : null;
      if (!found || !maySee(request.principal, about?.workspace ?? null)) throw notFound(`request ${id}`);
      return found;
    },
  );
};
