// The HTTP server: puts authentication, limits, problems, documentation and the routes together. No route lives here.
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import helmet from '@fastify/helmet';
import jwt from '@fastify/jwt';
import rateLimit from '@fastify/rate-limit';
import sensible from '@fastify/sensible';
import swagger from '@fastify/swagger';
import type { FastifyBaseLogger, FastifyReply, FastifyRequest } from 'fastify';
import fastify, { LogController } from 'fastify';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Clock } from '../runtime/clock.ts';
import { DriftError } from '../runtime/errors.ts';
import { inTurns } from '../runtime/postgres/in-turns.ts';
import { traceIdIn } from '../schemas/index.ts';
import type { Authentication } from './authentication.ts';
import { createAuthentication, requireAllWorkspaces, requireScope } from './authentication.ts';
import { serveDashboard } from './dashboard.ts';
import type { App, Context, Dependencies } from './dependencies.ts';
import { LIMITS } from './dependencies.ts';
import { requestCounts, WINDOW_MS } from './limits.ts';
import { createLive } from './live.ts';
import { openApi } from './openapi.ts';
import { isOrdinary, problemOf } from './problems.ts';
import { createRemembered } from './remembered.ts';
import { createRequests } from './requests.ts';
import { OPEN_ROUTES, ROUTES, tfstateRoutes } from './routes/index.ts';
import { compileValidator } from './validation.ts';

/** Not listening yet: call `listen`, or `inject` in tests. `close` ends the live streams first. */
export async function createServer(dependencies: Dependencies): Promise<App> {
  const { logger, clock, keys, log, codec, org } = dependencies;
  const limits = { ...LIMITS, ...dependencies.limits };
  const app: App = fastify({
    loggerInstance: logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'correlationId' }),
    bodyLimit: 1 << 20,
    // For a whole request to arrive: a large state over a slow line takes minutes.
    requestTimeout: 600_000,
    routerOptions: { maxParamLength: 2_048 },
    genReqId: (request) => correlationIdOf(request.headers),
    // Browsers and fetch open connections ahead of need, on which nothing was asked yet: they would hold up the end.
    forceCloseConnections: true,
    return503OnClosing: true,
  });
  app.setValidatorCompiler(compileValidator);
  // The types hold what routes answer, and tests check it against the schemas: no second pass over every answer.
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));

  const live = createLive({
    log,
    codec,
    clock,
    logger,
    cache: dependencies.cache,
    beatMs: limits.liveBeatMs,
    heartbeatMs: limits.heartbeatMs,
    maxWaiting: limits.liveWaitingBytes,
    stalledMs: limits.liveStalledMs,
    maxReaders: limits.liveReaders,
  });
  const requests = createRequests({ log, codec, org, clock, logger, waitMs: limits.outcomeWaitMs });
  const authentication = createAuthentication({
    keys,
    cache: dependencies.cache,
    org,
    verifyToken: await tokenVerifier(app, dependencies.jwt),
  });
  const questions = inTurns(dependencies.postgres);
  const context: Context = {
    ...dependencies,
    postgres: questions,
    limits,
    authentication,
    requests,
    live,
    remembered: createRemembered(clock),
    startedAt: clock.now(),
  };
  const answered = whenAnswered(app, clock);
  app.addHook('preClose', async () => {
    live.close();
    requests.close();
    await answered();
    questions.close();
  });

  answerProblems(app);
  observe(app, context);
  await app.register(sensible);
  await app.register(helmet, {
    // Reached over plain http on loopback; what terminates TLS in front adds its own.
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'"],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'object-src': ["'none'"],
        'frame-ancestors': ["'none'"],
        'upgrade-insecure-requests': null,
      },
    },
  });
  await app.register(rateLimit, {
    max: limits.requestsPerMinute,
    timeWindow: WINDOW_MS,
    store: requestCounts(dependencies.cache),
    allowList: (request) => request.url === '/healthz' || request.url === '/readyz',
    skipOnError: false,
    errorResponseBuilder: (_request, { after }) =>
      new DriftError('rate limit', {
        code: 'DM_RATE_LIMITED',
        retriable: true,
        public: `More than ${limits.requestsPerMinute} requests in a minute: try again in ${after}.`,
      }),
  });
  await app.register(swagger, openApi(dependencies.version));

  await app.register(async (open: App) => {
    for (const routes of OPEN_ROUTES) routes(open, context);
  });
  await app.register(async (guarded: App) => {
    guard(guarded, authentication);
    for (const routes of ROUTES) routes(guarded, context);
  });
  if (dependencies.httpBackend) {
    await app.register(tfstateRoutes, {
      backend: dependencies.httpBackend,
      authorize: authentication.authorize,
      maxStateBytes: dependencies.maxStateBytes,
      ownership: { owns: dependencies.ownsBackend, owner: dependencies.backendOwner },
    });
  }
  await serveDashboard(app, dependencies.dashboard);
  return app;
}

const LAST_ANSWERS_MS = 5_000;

/** What is being answered when the server stops may end, for a while; then every connection is closed. */
function whenAnswered(app: App, clock: Clock): () => Promise<void> {
  const open = new Set<ServerResponse>();
  app.server.on('request', (_request, response) => {
    open.add(response);
    response.on('close', () => open.delete(response));
  });
  return async () => {
    const end = clock.now() + LAST_ANSWERS_MS;
    while (open.size > 0 && clock.now() < end) await clock.sleep(20);
  };
}

/** A caller may bring its own id, or its trace's; what does not look like one is replaced, never logged. */
function correlationIdOf(headers: IncomingHttpHeaders): string {
  const { 'x-correlation-id': given, traceparent } = headers;
  if (typeof given === 'string' && /^[A-Za-z0-9._-]{8,64}$/.test(given)) return given;
  return (typeof traceparent === 'string' && traceIdIn(traceparent)) || randomUUID();
}

function answerProblems(app: App): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-correlation-id', request.id);
  });
  app.setErrorHandler((error: unknown, request, reply) => {
    const problem = problemOf(error, { path: request.url.split('?', 1)[0]!, correlationId: request.id });
    const told = { err: error, code: problem.code };
    // What ended the request before all of it had come: nobody is there to be answered.
    if (error === request.raw.errored) request.log.info(told, 'a caller went away');
    else if (isOrdinary(error)) request.log.info(told, 'a request was put off');
    else if (problem.status >= 500) request.log.error(told, 'a request failed');
    // Not Basic, which Terraform sends unasked: a browser would ask for a password in front of the dashboard.
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="driftmgr"');
    if (problem.status === 429 && !reply.hasHeader('retry-after')) reply.header('retry-after', '60');
    if (problem.status === 503 && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
    return reply.status(problem.status).type('application/problem+json').send(problem);
  });
}

/** One log line and one measurement a request, by route, never by address: addresses hold names. */
function observe(app: App, context: Context): void {
  const seconds = new Histogram({
    name: 'driftmgr_http_request_seconds',
    help: 'Time from request to answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers: [context.metrics],
  });
  const denied = new Counter({
    name: 'driftmgr_http_denied_total',
    help: 'Requests refused for want of a valid key or scope.',
    labelNames: ['status'],
    registers: [context.metrics],
  });
  new Gauge({
    name: 'driftmgr_live_readers',
    help: 'Open live streams.',
    registers: [context.metrics],
    collect() {
      this.set(context.live.readers());
    },
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    const took = reply.elapsedTime / 1_000;
    seconds.observe({ method: request.method, route, status: reply.statusCode }, took);
    if (reply.statusCode === 401 || reply.statusCode === 403) denied.inc({ status: reply.statusCode });
    request.log.debug(
      { method: request.method, route, status: reply.statusCode, ms: reply.elapsedTime },
      'answered',
    );
  });
}

/** Every route under it asks for a key; one that names no scope cannot be added. */
function guard(app: App, authentication: Authentication): void {
  app.decorateRequest('principal');
  app.addHook('onRoute', (route) => {
    if (!route.config?.scope) throw new Error(`${route.url} names no scope`);
  });
  app.addHook('onRequest', async (request: FastifyRequest, _reply: FastifyReply) => {
    const { scope, allWorkspaces } = request.routeOptions.config;
    const principal = await authentication.authenticate(request);
    requireScope(principal, scope!);
    if (allWorkspaces) requireAllWorkspaces(principal);
    request.principal = principal;
  });
}

async function tokenVerifier(
  app: App,
  options: Dependencies['jwt'],
): Promise<((token: string) => Promise<Record<string, unknown>>) | null> {
  const { secret, publicKey } = options ?? {};
  if (secret === undefined && publicKey === undefined) return null;
  await app.register(jwt, {
    secret: publicKey === undefined ? secret! : { public: publicKey },
    // Only the algorithm of the key that is configured: a public key must never be taken for a secret.
    verify: { algorithms: [publicKey === undefined ? 'HS256' : 'RS256'], requiredClaims: ['sub', 'exp'] },
  });
  return async (token) => app.jwt.verify<Record<string, unknown>>(token);
}
