// What is known of the configuration of a workspace, and the upload of it in parsed form: no .tf file is ever taken.
import Type from 'typebox';
import { configurationOf, type KnownConfiguration } from '../../projections/postgres/workspaces.ts';
import { announce } from '../announce.ts';
import { requireWorkspace } from '../authentication.ts';
import type { Context, Routes } from '../dependencies.ts';
import { notFound } from '../problems.ts';
import { ConfigurationBody, type ConfigurationJson, ConfigurationSchema } from '../types.ts';

const Params = Type.Object({ workspace: Type.String({ minLength: 1, maxLength: 512 }) });
/** Above what one event may hold; the limits of the schema come first for what is not hostile. */
const MOST_BYTES = 4 << 20;

/** Without the event that said so. */
export function configurationJson({ event: _, ...shown }: KnownConfiguration): ConfigurationJson {
  return shown;
}

export const configurations: Routes = (app, context) => {
  const { org } = context;
  const url = '/api/v1/workspaces/:workspace/configuration';
  app.get(
    url,
    {
      config: { scope: 'read' },
      schema: {
        operationId: 'getConfiguration',
        summary: 'What is known of its configuration',
        tags: ['workspaces'],
        params: Params,
        response: { 200: ConfigurationSchema },
      },
    },
    async (request) => {
      const { workspace } = request.params;
      requireWorkspace(request.principal, workspace);
      const known = await configurationOf(context, { org, name: workspace });
      if (!known) throw notFound(`configuration of ${workspace}`);
      return configurationJson(known);
    },
  );

  app.put(
    url,
    {
      bodyLimit: MOST_BYTES,
      config: { scope: 'configuration:write' },
      schema: {
        operationId: 'publishConfiguration',
        summary: 'Tell what its configuration says',
        description:
          'In parsed form, as `driftmgr configuration publish` makes it: which paths resource blocks set, never their values. The newest one counts.',
        tags: ['workspaces'],
        params: Params,
        body: ConfigurationBody,
        response: { 200: ConfigurationSchema },
      },
    },
    async (request) => {
      const { workspace } = request.params;
      requireWorkspace(request.principal, workspace);
      const { revision = null, blocks, providers, moves, problems } = request.body;
      const by = `upload by ${request.principal.name}`;
      const event = await announce(context, {
        type: 'configuration.published',
        body: { workspace, revision, by, blocks, providers, moves, problems },
        correlationId: request.id,
      });
      request.log.info(
        { workspace, revision, blocks: blocks.length, by: request.principal.id },
        'a configuration was published',
      );
      await untilShown(context, workspace, event);
      return {
        workspace,
        revision,
        by,
        publishedAt: new Date(event.time).toISOString(),
        blocks: blocks.length,
        incomplete: blocks.filter(({ complete }) => !complete).length,
        moves: moves.length,
        providers,
        problems,
      };
    },
  );
};

const LOOK_EVERY_MS = 20;

/** So that who uploads and then looks sees it. Bounded: when projections are far behind, the answer is right all the same. */
async function untilShown(
  context: Context,
  workspace: string,
  event: { id: string; time: number },
): Promise<void> {
  const { clock, limits, org } = context;
  const end = clock.now() + limits.visibleWaitMs;
  while (clock.now() < end) {
    const known = await configurationOf(context, { org, name: workspace });
    if (known && (known.event === event.id || Date.parse(known.publishedAt) > event.time)) return;
    await clock.sleep(LOOK_EVERY_MS);
  }
}
