// Serves the built dashboard and the explanations of error codes: files only, no data, so no key is asked for.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from './dependencies.ts';
import { DOCS, notFound } from './problems.ts';

const ERRORS = new URL('../docs/errors.md', import.meta.url);

/** Paths that programs ask for: what is not there is a problem, never the dashboard's page. */
const isApi = (path: string): boolean =>
  /^\/(api|tfstate|docs|healthz|readyz|metrics|openapi\.json)(\/|$)/.test(path);

export async function serveDashboard(app: App, directory: string): Promise<void> {
  const page = join(directory, 'index.html');
  const built = existsSync(page);
  if (built) {
    await app.register(fastifyStatic, {
      root: directory,
      index: ['index.html'],
      dotfiles: 'ignore',
      cacheControl: false,
      setHeaders: (response, path) => {
        // What the build puts into assets/ carries a hash of its content in its name.
        const kept = path.includes(`${join(directory, 'assets')}`);
        response.header('cache-control', kept ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  } else {
    app.get('/', { schema: { hide: true } }, (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(NOT_BUILT),
    );
  }
  app.get(DOCS, { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/markdown; charset=utf-8').send(readFileSync(ERRORS, 'utf8')),
  );

  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (wantsPage && built && !isApi(path)) {
      return reply.header('cache-control', 'no-cache').sendFile('index.html', { cacheControl: false });
    }
    throw notFound(`${request.method} ${path}`);
  });
}

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>DriftMgr</title>
<h1>DriftMgr is running</h1>
<p>The dashboard is not built. Build it with <code>npx vite build web</code>, then start again.</p>
<p>The API is at <code>/api/v1</code>, its description at <code>/openapi.json</code>.</p>
</html>
`;
