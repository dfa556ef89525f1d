// Connections to the brokers, with kafkajs: finding them, staying connected, metadata, authentication.
import type { SASLOptions } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import { createLogger, LEVELS } from 'kafkajs/src/loggers/index.js';
import type { Logger } from '../../telemetry.ts';
import './request-queue.ts';
import { createSockets } from './sockets.ts';

export interface KafkaAccess {
  /** host:port, one or more to begin with. */
  brokers: readonly string[];
  clientId: string;
  tls: boolean;
  /** Null: no authentication. */
  credentials: {
    mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    username: string;
    password: string;
  } | null;
}

export const READ_COMMITTED = 1;
export const READ_UNCOMMITTED = 0;

/** Metadata younger than this is believed; errors that say it is stale refresh it at once. */
const METADATA_MS = 60_000;
const CONNECT_MS = 3_000;
const REQUEST_MS = 15_000;

/** Not connected yet. What kafkajs says is logged as it says it, a level lower: it calls errors what is tried again. */
export function createCluster(access: KafkaAccess, logger: Logger): Cluster {
  const heard = logger.child({ client: 'kafkajs' });
  return new Cluster({
    logger: createLogger({
      level: LEVELS.WARN,
      logCreator:
        () =>
        ({ namespace, log: { message, error } }) =>
          heard.debug({ namespace, error: error as unknown }, message),
    }),
    socketFactory: createSockets(),
    brokers: [...access.brokers],
    ssl: access.tls || undefined,
    sasl: (access.credentials ?? undefined) as SASLOptions | undefined,
    clientId: access.clientId,
    connectionTimeout: CONNECT_MS,
    requestTimeout: REQUEST_MS,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MS,
    allowAutoTopicCreation: false,
    isolationLevel: READ_COMMITTED,
    // What is tried again, and for how long, is decided where it is known what it costs.
    retry: { retries: 4, initialRetryTime: 50, maxRetryTime: 500 },
  });
}
