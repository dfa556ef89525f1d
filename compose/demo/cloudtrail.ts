// CloudTrail records of the demo's story, in the shape CloudTrail delivers them (CloudTrail record reference). Pure.
import type { JsonObject } from '../../schemas/index.ts';
import { AWS_ACCOUNT, AWS_REGION } from './estate.ts';

export interface Call {
  eventId: string;
  /** Milliseconds. */
  at: number;
  eventSource: string;
  eventName: string;
  requestParameters: JsonObject;
  responseElements?: JsonObject | null;
  by: Caller;
}

export interface Caller {
  identity: JsonObject;
  userAgent: string;
  sourceIp: string;
  console?: boolean;
}

export const CALLERS = {
  alice: {
    identity: {
      type: 'IAMUser',
      principalId: 'AIDAEXAMPLEALICE',
      arn: `arn:aws:iam::${AWS_ACCOUNT}:user/alice`,
      accountId: AWS_ACCOUNT,
      accessKeyId: 'ASIAEXAMPLEALICE',
      userName: 'alice',
      sessionContext: { attributes: { mfaAuthenticated: 'true', creationDate: '2026-01-01T08:00:00Z' } },
    },
    userAgent:
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    sourceIp: '198.51.100.7',
    console: true,
  },
  script: {
    identity: assumedRole('ops-cleanup', 'cron-host-3'),
    userAgent: 'Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux lang/python#3.12.4',
    sourceIp: '203.0.113.20',
  },
  terraform: {
    identity: assumedRole('terraform-apply', 'ci-4711'),
    userAgent:
      'APN/1.0 HashiCorp/1.0 Terraform/1.11.4 (+https://www.terraform.io) terraform-provider-aws/6.2.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.36.5',
    sourceIp: '203.0.113.9',
  },
  autoscaling: {
    identity: {
      ...assumedRole('AWSServiceRoleForAutoScaling', 'AutoScaling'),
      invokedBy: 'autoscaling.amazonaws.com',
    },
    userAgent: 'autoscaling.amazonaws.com',
    sourceIp: 'autoscaling.amazonaws.com',
  },
  pipeline: {
    identity: assumedRole('deploy-pipeline', 'release-2210'),
    userAgent: 'aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/linux lang/python#3.13.3',
    sourceIp: '203.0.113.31',
  },
} as const satisfies Record<string, Caller>;

function assumedRole(role: string, session: string): JsonObject {
  return {
    type: 'AssumedRole',
    principalId: `AROAEXAMPLE:${session}`,
    arn: `arn:aws:sts::${AWS_ACCOUNT}:assumed-role/${role}/${session}`,
    accountId: AWS_ACCOUNT,
    accessKeyId: 'ASIAEXAMPLEROLE',
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: 'AROAEXAMPLE',
        arn: `arn:aws:iam::${AWS_ACCOUNT}:role/${role}`,
        accountId: AWS_ACCOUNT,
        userName: role,
      },
      attributes: { mfaAuthenticated: 'false', creationDate: '2026-01-01T08:00:00Z' },
    },
  };
}

export function recordOf(call: Call): JsonObject {
  return {
    eventVersion: '1.11',
    userIdentity: call.by.identity,
    eventTime: `${new Date(call.at).toISOString().slice(0, 19)}Z`,
    eventSource: call.eventSource,
    eventName: call.eventName,
    awsRegion: AWS_REGION,
    sourceIPAddress: call.by.sourceIp,
    userAgent: call.by.userAgent,
    requestParameters: call.requestParameters,
    responseElements: call.responseElements ?? null,
    requestID: `req-${call.eventId}`,
    eventID: call.eventId,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: AWS_ACCOUNT,
    eventCategory: 'Management',
    ...(call.by.console ? { sessionCredentialFromConsole: 'true' } : {}),
  };
}
