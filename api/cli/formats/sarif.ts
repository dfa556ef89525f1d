// A scan as SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), for code scanning. Pure.
import type { DriftJson } from '../../types.ts';
import { counts, headline, placeOf, type ScanResult, whoOf } from './scan.ts';

const RULES: Record<DriftJson['kind'], string> = {
  modified: 'A resource differs from what the Terraform state declares.',
  missing: 'A resource that the Terraform state declares is gone.',
  unmanaged: 'A resource exists that no Terraform state declares.',
  contested: 'Two workspaces declare the same resource.',
};
const KINDS = Object.keys(RULES) as DriftJson['kind'][];

/** Only confirmed drift is an error or a warning; what is merely suspected is a note. */
function levelOf(drift: DriftJson): 'error' | 'warning' | 'note' | 'none' {
  if (drift.status === 'resolved') return 'none';
  if (drift.confidence !== 'confirmed') return 'note';
  if (drift.severity === 'critical' || drift.severity === 'high') return 'error';
  return drift.severity === 'medium' ? 'warning' : 'note';
}

export function scanAsSarif(result: ScanResult, options: { version: string }): string {
  const sarif = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'driftmgr',
            semanticVersion: options.version,
            rules: KINDS.map((kind) => ({ id: kind, shortDescription: { text: RULES[kind] } })),
          },
        },
        invocations: [
          {
            executionSuccessful: true,
            // What was not looked at must not read as "nothing found".
            toolExecutionNotifications: [
              ...result.unread.map(({ what, reason }) => `${what} was not read: ${reason}`),
              ...result.coverage
                .filter((scope) => scope.status !== 'covered')
                .map(
                  ({ scope, status, reasons }) =>
                    `${scope} is ${status}: ${reasons.join('; ') || 'no reason given'}`,
                ),
            ].map((text) => ({ level: 'warning', message: { text } })),
          },
        ],
        results: result.drifts.map(resultOf),
        properties: { summary: result.summary },
      },
    ],
  };
  return `${JSON.stringify(sarif, null, 2)}\n`;
}

const resultOf = (drift: DriftJson): object => ({
  ruleId: drift.kind,
  ruleIndex: KINDS.indexOf(drift.kind),
  level: levelOf(drift),
  kind: drift.status === 'resolved' ? 'pass' : 'fail',
  message: { text: `${placeOf(drift)}: ${headline(drift)} (${drift.confidence}; by ${whoOf(drift)})` },
  locations: [
    {
      physicalLocation: { artifactLocation: { uri: encodeURI(drift.workspace ?? drift.objectKey) } },
      logicalLocations: [{ fullyQualifiedName: placeOf(drift), kind: 'resource' }],
    },
  ],
  partialFingerprints: { 'driftId/v1': drift.id },
  suppressions: counts(drift) || drift.status === 'resolved' ? [] : [suppressionOf(drift)],
  properties: { drift },
});

const suppressionOf = (drift: DriftJson): object => ({
  kind: 'external',
  status: 'accepted',
  justification: drift.acceptance?.reason ?? `ignored by ${drift.ignoredBy}`,
});
