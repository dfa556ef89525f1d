// Decides the `contested` drift of a resource that several workspaces declare. Pure.
import { type Assessment, driftIdOf, end, leave, type Sight, subjectOf } from './desired.ts';
import { ignoringRule } from './ignoring.ts';
import { driftOf, instancesOf } from './rows.ts';

const KIND = 'contested';

export function assessContested(sight: Sight, type: string, resourceId: string): Assessment {
  const { rows, event, options } = sight;
  const declared = instancesOf(rows, type, resourceId).filter((row) => row.primary && !row.deposed);
  const workspaces = [...new Set(declared.map((row) => row.workspace))].sort();
  const id = driftIdOf(rows, event.org, null, type, resourceId, KIND);
  if (workspaces.length < 2) {
    const drift = declared.length > 0 || event.type !== 'resource.declared' ? driftOf(rows, id) : undefined;
    return drift ? end(id, drift, 'removed', event.time) : leave(id);
  }
  const at = Math.max(...declared.map((row) => row.time));
  const subject = {
    ...subjectOf(declared[0]!),
    owner: null,
    workspace: null,
    address: null,
    stateSerial: null,
  };
  return {
    ...leave(id),
    desired: {
      state: 'open',
      kind: KIND,
      subject,
      confidence: 'confirmed',
      certainty: 'high',
      absorbed: false,
      severity: options.severity({ type, kind: KIND, differences: [] }),
      differences: [],
      actors: [],
      declaredAsOf: at,
      observedAsOf: null,
      at,
      ignoredBy: ignoringRule(sight, subject, []),
      note: `declared by ${workspaces.join(' and ')}`,
    },
  };
}
