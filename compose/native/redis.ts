// Redis, Debian's, with every command in its append-only file.
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { portOf } from './layout.ts';
import type { Server } from './server.ts';

const PROGRAM = '/usr/bin/redis-server';
export const redisPackage = { package: 'redis-server', found: () => existsSync(PROGRAM) };

export function redis(options: { portBase: number; folder: string }): Server {
  const port = portOf('redis', options.portBase);
  return {
    name: 'redis',
    async prepare() {
      mkdirSync(options.folder, { recursive: true });
    },
    command: () => ({
      program: PROGRAM,
      args: Object.entries({
        port: String(port),
        bind: '127.0.0.1',
        dir: options.folder,
        appendonly: 'yes',
        save: '',
        daemonize: 'no',
      }).flatMap(([name, value]) => [`--${name}`, value]),
      folder: options.folder,
    }),
    healthy: () => pings(port),
  };
}

/** It refuses with LOADING until its data is in memory. */
function pings(port: number): Promise<boolean> {
  return new Promise((done, fail) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.on('connect', () => socket.write('PING\r\n'));
    socket.on('data', (chunk) => {
      done(chunk.toString().startsWith('+PONG'));
      socket.destroy();
    });
    socket.on('error', fail);
    socket.on('close', () => done(false));
  });
}
