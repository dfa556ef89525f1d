// The command line's outside on Node: standard streams, environment, the admin key's file, signals.
import { systemClock } from '../../runtime/clock.ts';
import { readAdminKey } from '../admin-key.ts';
import type { Io } from './io.ts';

export function nodeIo(): Io {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  // A reader that went away (`| head`) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') stop.abort();
    else throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    environment: process.env,
    fetch: globalThis.fetch,
    adminKey: readAdminKey,
    now: systemClock.now,
    sleep: systemClock.sleep,
    signal: stop.signal,
  };
}
