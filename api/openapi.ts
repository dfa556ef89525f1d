// The OpenAPI 3.1 document: made from the routes' own schemas, so that it cannot say anything else than they do.
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
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
  429: 'Too many requests, or too many failed attempts to authenticate',
  500: 'A defect; quote the correlation id',
  503: 'Something it needs does not answer; try again',
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
      const scope = route.config?.scope;
      const given: FastifySchema = schema ?? {};
      const described = scope
        ? [given.description, `Needs the scope \`${scope}\`.`].filter(Boolean).join(' ')
        : given.description;
      const open = given.security !== undefined && given.security.length === 0;
      const codes = Object.keys(PROBLEMS).filter((code) => !(open && (code === '401' || code === '403')));
      const answers = Object.fromEntries(
        codes.map((code) => [
          code,
          { description: PROBLEMS[code], content: { 'application/problem+json': { schema: ProblemSchema } } },
        ]),
      );
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
