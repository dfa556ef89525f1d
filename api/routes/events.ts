// Live events as server-sent events: drifts in the API's own JSON, and what happens to workspaces, runs and snapshots.
import type { OutgoingHttpHeaders } from 'node:http';
import Type from 'typebox';
import type { Routes } from '../dependencies.ts';
import type { Principal } from '../keys.ts';
import { allows } from '../keys.ts';
import type { Sink } from '../live.ts';
import type { LiveItem } from '../live-items.ts';
import { wants } from '../live-items.ts';
import { EventsQuery } from '../types.ts';
import { maySee } from '../visibility.ts';

const Headers = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 4_096,
      description: 'Reads on after this event; a `reset` event says when it cannot.',
    }),
  ),
});

export const events: Routes = (app, context) => {
  app.get(
    '/api/v1/events',
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'streamEvents',
        summary: 'Live events (server-sent events)',
        description:
          'Events: `ready` (first), `drift`, `workspace`, `run`, `snapshot`, `reset` (there was a gap: load everything again). A reader that takes nothing for a while is disconnected and resumes by `Last-Event-ID`.',
        tags: ['events'],
        querystring: EventsQuery,
        headers: Headers,
        response: {
          200: { description: 'The stream', content: { 'text/event-stream': { schema: Type.String() } } },
        },
      },
    },
    async (request, reply) => {
      const { query, principal } = request;
      const response = reply.raw;
      let gone = false;
      let leave: (() => void) | null = null;
      response.on('close', () => {
        gone = true;
        leave?.();
      });
      // The first write begins the stream: until then, what goes wrong is answered as a problem.
      const sink: Sink = {
        write(text) {
          if (gone) return;
          if (!reply.sent) {
            reply.hijack();
            response.writeHead(200, { ...(reply.getHeaders() as OutgoingHttpHeaders), ...STREAM });
          }
          response.write(text);
        },
        waiting: () => response.writableLength,
        drained: () =>
          new Promise((resolve) => {
            if (gone || !response.writableNeedDrain) return resolve();
            const done = (): void => {
              response.off('drain', done);
              response.off('close', done);
              resolve();
            };
            response.on('drain', done);
            response.on('close', done);
          }),
        end(gently) {
          if (!reply.sent) return;
          if (!gently) return void response.destroy();
          response.end();
          // One that takes nothing would keep the server from stopping.
          const late = setTimeout(() => response.destroy(), TAKE_LEAVE_MS);
          response.on('close', () => clearTimeout(late));
        },
      };
      leave = await context.live.join(
        {
          wants: (item) => wants(query, item) && maySeeItem(principal, item),
          lastEventId: request.headers['last-event-id'],
          mayStay: async () => allows(await context.authentication.authenticate(request), 'read'),
        },
        sink,
      );
      if (gone) leave();
    },
  );
};

const TAKE_LEAVE_MS = 1_000;

const STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
};

/** Snapshots belong to no workspace. */
const maySeeItem = (principal: Principal, item: LiveItem): boolean => maySee(principal, item.workspace);
