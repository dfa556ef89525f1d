// The OpenAPI 3.1 document: made from the routes' own schemas, so that it cannot say anything else than they do.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import Type from 'typebox';
import { ProblemSchema } from './types.ts';

const TAGS = [
  { name: 'workspaces', description: 'Places where Terraform keeps a state.' },
  { name: 'resources', description: 'What states declare and providers report, now or as of a time.' },
  { name: 'drifts', description: 'Lasting differences, who made them, and what was decided about them.' },
  { name: 'requests', description: 'What became of wishes.' },
  { name: 'changes', description: "Entries of the providers' feeds: who called what." },
  { name: 'coverage', description: 'What is watched, how, and what is not.' },
  { name: 'snapshots', description: 'Complete listings of scopes.' },
  { name: 'analytics', description: 'Figures over drifts.' },
  { name: 'events', description: 'Live events (server-sent events).' },
  { name: 'keys', description: 'API keys.' },
  { name: 'system', description: 'State and operation of the server itself.' },
  { name: 'tfstate', description: 'The Terraform http backend.' },
];

const PROBLEMS: Record<string, string> = {
  400: 'Parameters or body are wrong; `errors` names all of them',
  401: 'No valid API key or token',
  403: 'The key does not allow this',
  404: 'There is no such thing',
  409: 'It does not fit what is there',
  413: 'The body is too large',
  422: 'The content cannot be read',
  429: 'Too many requests, or too many failed attempts to authenticate',
  500: 'A defect; quote the correlation id',
  503: 'Something it needs does not answer; try again',
};

/** What any route may answer. */
const COMMON = ['400', '401', '403', '404', '429', '500', '503'];

const state = { workspace: Type.String({ description: 'Name of the workspace; it need not exist yet.' }) };
const lockId = { ID: Type.Optional(Type.String({ description: 'Id of the lock the writer holds.' })) };
const holder = {
  description: "The holder's lock info",
  content: { 'application/json': { schema: Type.Unknown() } },
};
const done = { description: 'Done' };
const problems = (...codes: string[]) =>
  Object.fromEntries(
    codes.map((code) => [
      code,
      { description: PROBLEMS[code], content: { 'application/problem+json': { schema: ProblemSchema } } },
    ]),
  );

/** The methods of the http backend that OpenAPI has a word for: it has none for LOCK and UNLOCK. */
const TFSTATE: Record<string, FastifySchema> = {
  GET: {
    operationId: 'readState',
    summary: 'The newest state',
    description: 'Needs the scope `tfstate:read`. LOCK and UNLOCK of the same address need `tfstate:write`.',
    tags: ['tfstate'],
    security: [{ basic: [] }, { bearer: [] }],
    params: Type.Object(state),
    response: {
      200: { description: 'Terraform state', content: { 'application/json': { schema: Type.Unknown() } } },
      ...problems('401', '403'),
      404: { description: 'There is no state yet' },
    },
  },
  POST: {
    operationId: 'writeState',
    summary: 'Write a state',
    description: 'Needs the scope `tfstate:write`.',
    tags: ['tfstate'],
    security: [{ basic: [] }, { bearer: [] }],
    params: Type.Object(state),
    querystring: Type.Object(lockId),
    body: Type.Unknown({ description: 'Terraform state, version 4' }),
    response: { 200: done, ...problems('400', '401', '403', '409', '413', '422'), 423: holder },
  },
  DELETE: {
    operationId: 'removeState',
    summary: 'Remove the state',
    description: 'Needs the scope `tfstate:write`.',
    tags: ['tfstate'],
    security: [{ basic: [] }, { bearer: [] }],
    params: Type.Object(state),
    querystring: Type.Object(lockId),
    response: { 200: done, ...problems('401', '403'), 423: holder },
  },
};

export function openApi(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'DriftMgr',
        version,
        description: 'Where infrastructure no longer matches its Terraform state, who changed it, and how.',
      },
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'API key (`dmk_…`) or JWT.' },
          basic: { type: 'http', scheme: 'basic', description: 'Any user; an API key as password.' },
        },
      },
      security: [{ bearer: [] }],
    },
    transform: ({ schema, url, route }) => {
      if (url.startsWith('/tfstate/'))
        return { url, schema: TFSTATE[String(route.method)] ?? { hide: true } };
      const scope = route.config?.scope;
      const given: FastifySchema = schema ?? {};
      const described = scope
        ? [given.description, `Needs the scope \`${scope}\`.`].filter(Boolean).join(' ')
        : given.description;
      const open = given.security !== undefined && given.security.length === 0;
      const codes = COMMON.filter((code) => !(open && (code === '401' || code === '403')));
      const answers = problems(...codes, ...(route.method === 'POST' ? ['409'] : []));
      const own = (given.response ?? {}) as Record<string, unknown>;
      return {
        url,
        schema: {
          ...given,
          ...(described ? { description: described } : {}),
          response: { ...answers, ...own },
        },
      };
    },
  };
}
