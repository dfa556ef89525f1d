// What the API takes and gives, as JSON Schemas (TypeBox) and the types they stand for. No code: the server validates
// with these, the OpenAPI document shows them, and the client and the dashboard import the types only.
export * from './types/analytics.ts';
export * from './types/configurations.ts';
export * from './types/drifts.ts';
export { listOf, type Page, PageQuery, type Problem, ProblemSchema, pageOf } from './types/forms.ts';
export * from './types/keys.ts';
export * from './types/live.ts';
export * from './types/system.ts';
export * from './types/watching.ts';
export * from './types/workspaces.ts';
