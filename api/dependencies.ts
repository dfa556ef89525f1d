// What the API needs from outside; handed in by who composes, nothing here is global.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Registry } from 'prom-client';
import type { HttpBackend } from '../producers/terraform/index.ts';
import type { Stores } from '../projections/queries.ts';
import type { Blobs } from '../runtime/blobs/blobs.ts';
import type { Cache } from '../runtime/cache/cache.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log/log.ts';
import type { Postgres } from '../runtime/postgres/postgres.ts';
import type { Logger } from '../runtime/telemetry.ts';
import type { Codec, Json } from '../schemas/index.ts';
import type { Authentication } from './authentication.ts';
import type { Keys, Principal } from './keys.ts';
import type { Live } from './live.ts';
import type { Remembered } from './remembered.ts';
import type { Requests } from './requests.ts';
import type { KeyScope, ProcessJson, SystemJson, TopologyJson } from './types.ts';

export interface Dependencies extends Omit<Stores, 'postgres'> {
  postgres: Pick<Postgres, 'ask'>;
  org: string;
  version: string;
  log: Log;
  codec: Codec;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
  keys: Keys;
  blobs: Blobs;
  /** What all processes that serve this system count together. */
  cache: Cache;
  /** What is still missing before answers are whole; empty: ready. */
  readiness(): string[] | Promise<string[]>;
  /** How far every processor, reactor and projection is behind. */
  readers(): Promise<SystemJson['readers']>;
  sources(): SystemJson['sources'];
  /** Every process of the system that is known to live, this one included. */
  processes(): Promise<ProcessJson[]>;
  topology: TopologyJson;
  /** Starts to fill a new generation of a projection; the old one serves until it is there. DM_NOT_FOUND for an unknown one. */
  rebuild(projection: string): Promise<void>;
  /** The part of the configuration that may be shown: no secrets. */
  configuration: Record<string, Json>;
  /** Secret (HS256) or public key (RS256) of accepted JWTs; neither: only API keys are. */
  jwt?: { secret?: string; publicKey?: string };
  /** Null: there is no /tfstate here. */
  httpBackend: HttpBackend | null;
  /** Whether the http backend's source runs in this process: only there are states taken and locks held. */
  ownsBackend(): boolean;
  /** Base URL of the process that owns the http backend; null while that is not known. */
  backendOwner(): Promise<string | null>;
  /** Larger Terraform states are refused, bytes. */
  maxStateBytes: number;
  /** Directory of the built dashboard. */
  dashboard: string;
  limits?: Partial<Limits>;
}

export interface Limits {
  /** Requests a minute from one address. */
  requestsPerMinute: number;
  /** How long an outcome of a request is waited for, milliseconds. */
  outcomeWaitMs: number;
  /** How long an answered wish waits until reads show what it did, milliseconds. */
  visibleWaitMs: number;
  heartbeatMs: number;
  /** How often the process that reads the log for the live streams of all says so, milliseconds. */
  liveBeatMs: number;
  /** Bytes a live reader may be behind before it goes on at its own pace. */
  liveWaitingBytes: number;
  /** A live reader that takes nothing for so long is dropped, milliseconds. */
  liveStalledMs: number;
  liveReaders: number;
}

export const LIMITS: Limits = {
  requestsPerMinute: 60_000,
  outcomeWaitMs: 5_000,
  visibleWaitMs: 1_000,
  heartbeatMs: 15_000,
  liveBeatMs: 500,
  liveWaitingBytes: 1 << 20,
  liveStalledMs: 30_000,
  liveReaders: 500,
};

/** What a route gets. */
export interface Context extends Omit<Dependencies, 'limits' | 'postgres'>, Stores {
  limits: Limits;
  authentication: Authentication;
  requests: Requests;
  live: Live;
  remembered: Remembered;
  startedAt: number;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** Adds the routes of one resource. Every one names its scope; a server with one that does not will not start. */
export type Routes = (app: App, context: Context) => void;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key needs to ask this. */
    scope?: KeyScope;
    /** Speaks of all workspaces at once: not for keys that are limited to some. */
    allWorkspaces?: boolean;
  }
  interface FastifyRequest {
    principal: Principal;
  }
}
