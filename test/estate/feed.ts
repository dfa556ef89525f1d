// Calls as CloudTrail would tell of them: one file each, where S3 would put it.
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordOf } from '../../producers/terraform/pretend/cloud/feed.ts';
import {
  ACCOUNT,
  KEYS,
  PRINCIPALS,
  type Principal,
} from '../../producers/terraform/pretend/cloud/principals.ts';
import { replaceFile } from '../../runtime/durable-file.ts';
import type { Call } from './cloud.ts';

export type Who = 'alice' | 'bob' | 'script' | 'terraform' | 'scaling' | 'rotation';

const REGION = 'us-east-1';

/** A service that acts by itself, under the role that AWS made for it. */
function service(name: string, role: string, session: string): Principal {
  const issuer = `arn:aws:iam::${ACCOUNT}:role/aws-service-role/${name}/${role}`;
  return {
    account: ACCOUNT,
    name: session,
    identity: {
      type: 'AssumedRole',
      principalId: `AROAPRETENDSERVICE:${session}`,
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`,
      accountId: ACCOUNT,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAPRETENDSERVICE',
          arn: issuer,
          accountId: ACCOUNT,
          userName: role,
        },
        attributes: { creationDate: '2026-01-01T08:00:00Z', mfaAuthenticated: 'false' },
      },
      invokedBy: name,
    },
    sourceIp: name,
    userAgent: name,
  };
}

const SERVICES: Partial<Record<Who, Principal>> = {
  scaling: service(
    'application-autoscaling.amazonaws.com',
    'AWSServiceRoleForApplicationAutoScaling',
    'AutoScaling',
  ),
  rotation: service('secretsmanager.amazonaws.com', 'AWSServiceRoleForSecretsManager', 'Rotation'),
};

export async function tell(
  trail: string,
  who: Who,
  call: Pick<Call, 'service' | 'name' | 'parameters' | 'answered'>,
): Promise<void> {
  const eventId = randomUUID();
  const at = new Date();
  const accessKey = who === 'scaling' || who === 'rotation' ? 'ASIAPRETENDSERVICE' : KEYS[who];
  const principal = SERVICES[who] ?? PRINCIPALS[accessKey]!;
  const record = recordOf(
    {
      principal,
      accessKey,
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
