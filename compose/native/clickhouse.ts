// ClickHouse by wire: our HTTP front over chDB, as a process of its own.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { portOf } from './layout.ts';
import { answers, type Server } from './server.ts';

export function clickHouse(options: { portBase: number; folder: string }): Server {
  const port = portOf('clickhouse', options.portBase);
  return {
    name: 'clickhouse',
    async prepare() {
      mkdirSync(options.folder, { recursive: true });
    },
    command: () => ({
      program: process.execPath,
      args: [fileURLToPath(new URL('clickhouse-front.ts', import.meta.url)), options.folder, String(port)],
      // Each running statement holds one of these threads.
      environment: { UV_THREADPOOL_SIZE: '16' },
      folder: options.folder,
    }),
    healthy: () => answers(`http://127.0.0.1:${port}/ping`),
  };
}
