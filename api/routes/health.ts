// Is it alive, is it ready: the only routes that ask for no key.
import type { Routes } from '../dependencies.ts';
import { HealthSchema, ReadinessSchema } from '../types.ts';

export const health: Routes = (app, context) => {
  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process answers',
        tags: ['system'],
        security: [],
        response: { 200: HealthSchema },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether answers are whole, and what is missing',
        tags: ['system'],
        security: [],
        response: { 200: ReadinessSchema, 503: ReadinessSchema },
      },
    },
    async (_request, reply) => {
      const reasons = await context.readiness();
      return reply.status(reasons.length === 0 ? 200 : 503).send({ ready: reasons.length === 0, reasons });
    },
  );
};
