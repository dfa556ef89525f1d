// Calls as CloudTrail would tell of them: one file each, where S3 would put it.
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordOf } from '../../producers/terraform/pretend/cloud/feed.ts';
import { ACCOUNT, KEYS, PRINCIPALS } from '../../producers/terraform/pretend/cloud/principals.ts';
import { replaceFile } from '../../runtime/durable-file.ts';
import type { Call } from './cloud.ts';

export type Who = 'alice' | 'bob' | 'script';

const REGION = 'us-east-1';

export async function tell(trail: string, who: Who, call: Call): Promise<void> {
  const eventId = randomUUID();
  const at = new Date();
  const principal = PRINCIPALS[KEYS[who]]!;
  const record = recordOf(
    {
      principal,
      accessKey: KEYS[who],
      region: REGION,
      userAgent: principal.userAgent,
      sourceIp: principal.sourceIp,
    },
    { name: call.name, request: call.parameters, response: call.answered ?? null },
    { eventId, at, readOnly: false, source: call.service, error: null },
  );
  const day = at.toISOString().slice(0, 10).replaceAll('-', '/');
  const minute = at.toISOString().slice(0, 16).replace(/[-:]/g, '');
  const name = `${ACCOUNT}_CloudTrail_${REGION}_${minute}Z_${eventId.replaceAll('-', '').slice(0, 16)}.json.gz`;
  const path = join(trail, 'AWSLogs', ACCOUNT, 'CloudTrail', REGION, day, name);
  await mkdir(dirname(path), { recursive: true });
  await replaceFile(path, gzipSync(JSON.stringify({ Records: [record] })), 0o644);
}
