// Changes reported by others, end to end: the example of docs/feeds-reported.md and its like through the real scan.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../schemas/index.ts';
import { scan, scanned } from './testing/scans.ts';
import { stateFile } from './testing/states.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'driftmgr-reported-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** The example as it stands in the documentation: what is printed there works. */
async function example(): Promise<JsonObject & { data: JsonObject }> {
  const text = await readFile(new URL('../docs/feeds-reported.md', import.meta.url), 'utf8');
  const [, json] = /```json\n(.+)\n```/.exec(text) ?? [];
  return JSON.parse(json ?? 'null') as JsonObject & { data: JsonObject };
}

it('a report on a declared instance of a provider without rules of its own is a suspected drift with its actor; one by Terraform, and one that is bad, are not', async () => {
  const given = await example();
  const record = (id: string) => ({ type: 'cloudflare_record', attributes: { id, name: id } });
  const [{ id } = { id: '' }] = given.data.targets as { id: string }[];
  const states = join(directory, 'dns.tfstate');
  await stateFile(states, [record(id), record('quiet')], 'registry.terraform.io/cloudflare/cloudflare');
  const byTerraform = {
    ...given,
    id: 'by-terraform',
    data: {
      ...given.data,
      targets: [{ type: 'cloudflare_record', id: 'quiet' }],
      actor: { principal: 'terraform@example.com', via: 'terraform' },
    },
  };
  const reports = join(directory, 'reports');
  await mkdir(reports);
  await writeFile(
    join(reports, 'audit.jsonl'),
    `${[given, byTerraform, given].map((one) => JSON.stringify(one)).join('\n')}\n{"specversion":"1.0"}\n`,
  );
  const { drifts, unread, summary } = scanned(
    await scan(['--state', states, '--reported', reports, '--format', 'json', '--suspected']),
  );
  expect(summary.resources).toBe(2);
  expect(drifts).toMatchObject([
    {
      kind: 'modified',
      confidence: 'suspected',
      type: 'cloudflare_record',
      resourceId: id,
      workspace: 'dns',
      provider: 'cloudflare',
      actors: [{ principal: 'alice@example.com', via: 'console', sourceIp: '203.0.113.7' }],
    },
  ]);
  expect(unread).toMatchObject([
    {
      what: 'reported-changes',
      reason: expect.stringMatching(/audit\.jsonl, at byte \d+: the report cannot be used/),
    },
  ]);
});
