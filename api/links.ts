// Where the API has more about a drift. Pure: paths only, the reader knows the host.
import type { DriftJson } from '../projections/drift-json.ts';

export const linked = (drift: DriftJson): DriftJson => ({
  ...drift,
  links: {
    self: `/api/v1/drifts/${encodeURIComponent(drift.id)}`,
    timeline: `/api/v1/drifts/${encodeURIComponent(drift.id)}/timeline`,
    resource: `/api/v1/resources/${encodeURIComponent(drift.objectKey)}`,
    changes: `/api/v1/changes?objectKey=${encodeURIComponent(drift.objectKey)}`,
    ...(drift.workspace === null
      ? {}
      : { workspace: `/api/v1/workspaces/${encodeURIComponent(drift.workspace)}` }),
  },
});
