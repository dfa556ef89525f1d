// What clouds without CloudTrail tell of a call, in the format that DriftMgr takes from anyone (docs/feeds-reported.md). Files
// of lines, one a provider: appended to, so that a crash repeats a line and never loses one.
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../../../schemas/index.ts';
import type { Reported } from '../schema.ts';
import type { Caller } from './feed.ts';
import { namesOf } from './principals.ts';

interface Occurrence {
  provider: string;
  type: string;
  id: string;
  verb: 'create' | 'update' | 'delete';
  eventId: string;
  at: Date;
}

export function reportOf(caller: Caller, says: Reported, what: Occurrence): JsonObject {
  const { principal, userAgent, sourceIp, accessKey, region } = caller;
  const { subscription, project } = namesOf(principal.account);
  const account = { azurerm: subscription, google: project }[what.provider] ?? principal.account;
  return {
    specversion: '1.0',
    id: what.eventId,
    source: `//pretend/${what.provider}`,
    type: 'io.driftmgr.change.reported',
    time: what.at.toISOString(),
    subject: what.id,
    data: {
      provider: what.provider,
      account,
      region: what.provider === 'google' ? null : region,
      service: says.service,
      operation: says[what.verb],
      verb: what.verb,
      targets: [{ type: what.type, id: what.id }],
      actor: {
        principal: `${principal.name}@example.com`,
        name: principal.name,
        ...(principal.console ? { via: 'console' } : {}),
        sourceIp,
        userAgent,
        session: accessKey,
      },
      requestId: `pretend-${what.eventId}`,
    },
  };
}

export const isReport = (record: JsonObject): boolean => record.specversion !== undefined;

/** Lines of each provider go to its own file. */
export async function deliverReports(directory: string, reports: readonly JsonObject[]): Promise<void> {
  const files = new Map<string, string>();
  for (const report of reports) {
    const name = `${String(report.source).split('/').at(-1)}.jsonl`;
    files.set(name, `${files.get(name) ?? ''}${JSON.stringify(report)}\n`);
  }
  await mkdir(directory, { recursive: true });
  for (const [name, lines] of files) await appendFile(join(directory, name), lines);
}
