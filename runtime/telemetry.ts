// Logs and metrics. Secrets never get here: callers log ids, counts and reasons, not values.
import pino from 'pino';
import { Registry } from 'prom-client';

export type Logger = pino.Logger;

export function createLogger(options: { level: string; destination?: pino.DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['authorization', '*.authorization', '*.password', 'password', 'token', '*.token'],
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination(2),
  );
}

export const createMetrics = (): Registry => new Registry();
