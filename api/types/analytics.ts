// Figures over drifts, as the API gives them.
import type { Static } from 'typebox';
import Type from 'typebox';
import { CONFIDENCES, DRIFT_STATUSES, SEVERITIES } from './drifts.ts';
import { filter, nullableText, object, oneOf } from './forms.ts';

export const DriftCountSchema = object({
  owner: nullableText,
  workspace: nullableText,
  severity: oneOf(SEVERITIES),
  confidence: oneOf(CONFIDENCES),
  status: oneOf(DRIFT_STATUSES),
  count: Type.Integer(),
});
export type DriftCount = Static<typeof DriftCountSchema>;
export const DriftCountsQuery = object({ workspace: filter, owner: filter, provider: filter });
export type DriftCountsQuery = Static<typeof DriftCountsQuery>;

export const ExposureSchema = object({
  owner: nullableText,
  workspace: nullableText,
  severity: oneOf(SEVERITIES),
  drifts: Type.Integer({ description: 'Confirmed drifts that stood open in the time asked for.' }),
  standing: Type.Integer({ description: 'Of those, still open at its end.' }),
  seconds: Type.Integer({ description: 'Sum of the times they stood open.' }),
  longest: Type.Integer({ description: 'The longest of them, seconds.' }),
});
export type ExposureJson = Static<typeof ExposureSchema>;
export const ExposureQuery = object({
  since: Type.Optional(
    Type.String({ format: 'date-time', description: 'Left out: 30 days before `until`.' }),
  ),
  until: Type.Optional(Type.String({ format: 'date-time', description: 'Left out: now.' })),
  workspace: filter,
  owner: filter,
});
export type ExposureQuery = Static<typeof ExposureQuery>;
