// Who may call the pretend cloud: made-up access keys and whom CloudTrail says they belong to. Data.
import type { JsonObject } from '../../../../schemas/index.ts';

export const ACCOUNT = '123456789012';
/** For reading with the wrong credentials: nothing of the first account is seen from here. */
export const OTHER_ACCOUNT = '210987654321';
export const REGION = 'eu-central-1';

export interface Principal {
  account: string;
  name: string;
  /** `userIdentity` of its records. */
  identity: JsonObject;
  /** Where its calls come from, unless they say so themselves. */
  sourceIp: string;
  /** What it calls with, unless it says so itself. */
  userAgent: string;
  /** Clicked in the console. */
  console?: true;
  /** Its keys are no longer valid. */
  expired?: true;
}

const user = (name: string, account = ACCOUNT): JsonObject => ({
  type: 'IAMUser',
  principalId: `AIDAPRETEND${name.toUpperCase()}`,
  arn: `arn:aws:iam::${account}:user/${name}`,
  accountId: account,
  userName: name,
});

const role = (name: string, session: string, account = ACCOUNT): JsonObject => ({
  type: 'AssumedRole',
  principalId: `AROAPRETEND:${session}`,
  arn: `arn:aws:sts::${account}:assumed-role/${name}/${session}`,
  accountId: account,
  sessionContext: {
    sessionIssuer: {
      type: 'Role',
      principalId: 'AROAPRETEND',
      arn: `arn:aws:iam::${account}:role/${name}`,
      accountId: account,
      userName: name,
    },
    attributes: { creationDate: '2026-01-01T08:00:00Z', mfaAuthenticated: 'false' },
  },
});

const BROWSER =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36';
const CLI = 'aws-cli/2.27.1 md/awscrt#0.26.1 ua/2.1 os/linux lang/python#3.13.3';
const BOTO = 'Boto3/1.40.1 md/Botocore#1.40.1 ua/2.1 os/linux lang/python#3.12.4';

/** By access key. */
export const PRINCIPALS: Readonly<Record<string, Principal>> = {
  ASIAPRETENDTERRAFORM: {
    account: ACCOUNT,
    name: 'ci-4711',
    identity: role('terraform-apply', 'ci-4711'),
    sourceIp: '203.0.113.9',
    userAgent: 'Terraform/0.0.0',
  },
  ASIAPRETENDALICE: {
    account: ACCOUNT,
    name: 'alice',
    identity: user('alice'),
    sourceIp: '198.51.100.7',
    userAgent: BROWSER,
    console: true,
  },
  AKIAPRETENDBOB: {
    account: ACCOUNT,
    name: 'bob',
    identity: user('bob'),
    sourceIp: '198.51.100.8',
    userAgent: CLI,
  },
  ASIAPRETENDSCRIPT: {
    account: ACCOUNT,
    name: 'cron-host-3',
    identity: role('ops-cleanup', 'cron-host-3'),
    sourceIp: '203.0.113.20',
    userAgent: BOTO,
  },
  ASIAPRETENDPIPELINE: {
    account: ACCOUNT,
    name: 'release-2210',
    identity: role('deploy-pipeline', 'release-2210'),
    sourceIp: '203.0.113.31',
    userAgent: CLI,
  },
  /** What reads for DriftMgr. */
  ASIAPRETENDREADER: {
    account: ACCOUNT,
    name: 'driftmgr',
    identity: role('driftmgr-reader', 'driftmgr'),
    sourceIp: '203.0.113.40',
    userAgent: BOTO,
  },
  AKIAPRETENDELSEWHERE: {
    account: OTHER_ACCOUNT,
    name: 'driftmgr',
    identity: role('driftmgr-reader', 'driftmgr', OTHER_ACCOUNT),
    sourceIp: '203.0.113.40',
    userAgent: BOTO,
  },
  ASIAPRETENDEXPIRED: {
    account: ACCOUNT,
    name: 'driftmgr',
    identity: role('driftmgr-reader', 'driftmgr'),
    sourceIp: '203.0.113.40',
    userAgent: BOTO,
    expired: true,
  },
};

/** Names for the keys. */
export const KEYS = {
  terraform: 'ASIAPRETENDTERRAFORM',
  alice: 'ASIAPRETENDALICE',
  bob: 'AKIAPRETENDBOB',
  script: 'ASIAPRETENDSCRIPT',
  pipeline: 'ASIAPRETENDPIPELINE',
  reader: 'ASIAPRETENDREADER',
  elsewhere: 'AKIAPRETENDELSEWHERE',
  expired: 'ASIAPRETENDEXPIRED',
} as const;

/** One account has one subscription, one tenant and one project. */
export const namesOf = (account: string): { subscription: string; tenant: string; project: string } => ({
  subscription: `00000000-0000-4000-8000-${account}`,
  tenant: `00000000-0000-4000-9000-${account}`,
  project: `pretend-${account}`,
});
