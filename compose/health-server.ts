// What a process without an API serves: whether it lives, whether it is ready, and its metrics. Asks for no key, and tells no
// more than that; it listens where the API would.
import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';
import type { Configuration } from '../runtime/config-schema.ts';
import { cannotListen } from './listening.ts';

export interface HealthOptions {
  configuration: Pick<Configuration, 'host' | 'port'>;
  metrics: Registry;
  /** What keeps it from being ready; empty: ready. */
  readiness(): Promise<string[]>;
}

/** DM_CONFIG_INVALID when the address cannot be listened on. */
export async function serveHealth(options: HealthOptions): Promise<{ url: string; close(): Promise<void> }> {
  const { configuration, metrics, readiness } = options;
  const { host, port } = configuration;
  const server = createServer((request, response) => {
    answer(request.url ?? '/', response).catch((error: unknown) => {
      send(response, 503, 'application/json', JSON.stringify({ ready: false, reasons: [String(error)] }));
    });
  });
  async function answer(url: string, response: ServerResponse): Promise<void> {
    const path = url.split('?')[0];
    if (path === '/healthz') return send(response, 200, 'application/json', '{"status":"ok"}');
    if (path === '/metrics') return send(response, 200, metrics.contentType, await metrics.metrics());
    if (path !== '/readyz') return send(response, 404, 'text/plain', 'This process serves no API.\n');
    const reasons = await readiness();
    const ready = reasons.length === 0;
    send(response, ready ? 200 : 503, 'application/json', JSON.stringify({ ready, reasons }));
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen({ host, port }, cause)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${taken}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
