// What a CloudTrail call touches: rows keyed on (event source, event name). The rows are in events-*.ts; this file says what a
// row is and finds it. Pure data and a lookup.
//
// The verb is about the *object* of the key: attaching a policy to a role updates the role. Candidates are the Terraform
// types that may describe what was touched, sub-resources first. Paths and templates (path.ts) read
// `req` (request parameters, with a wrapping `<Name>Request` taken off), `resp` (response elements, the same), `resources`,
// and `item`, one element of `each`. Names and shapes: CloudTrail records of the services, AWS API references.
import type { Verb } from '../../schemas/index.ts';
import type { EventRow } from './event-row.ts';
import { COMPUTE_ROWS } from './events-compute.ts';
import { DATA_ROWS } from './events-data.ts';
import { EC2_ROWS } from './events-ec2.ts';
import { OPERATIONS_ROWS } from './events-operations.ts';
import { SECURITY_ROWS } from './events-security.ts';

const ROWS: readonly EventRow[] = [
  ...EC2_ROWS,
  ...SECURITY_ROWS,
  ...DATA_ROWS,
  ...COMPUTE_ROWS,
  ...OPERATIONS_ROWS,
];

const table = new Map<string, EventRow>();
for (const row of ROWS)
  for (const name of row.names) {
    const key = `${row.source}:${name}`;
    if (table.has(key)) throw new Error(`two rows for ${key}`);
    table.set(key, row);
  }

/** Every (source, name) the table has, for the tests that go over all of them. */
export const EVENT_NAMES: readonly string[] = [...table.keys()];

/** Some services put the version of their interface into the name: CreateFunction20150331, UpdateFunctionCode20150331v2. */
export const operationOf = (eventName: string): string =>
  eventName.replace(/(?:20\d{6}|20\d\d_\d\d_\d\d)(?:v\d+)?$/, '');

/** `ec2.amazonaws.com` → `ec2`; also of China and of older forms with a region. */
export const sourceOf = (eventSource: string): string =>
  eventSource.toLowerCase().replace(/\.amazonaws\.com.*$/, '');

export const rowOf = (eventSource: string, eventName: string): EventRow | undefined =>
  table.get(`${sourceOf(eventSource)}:${operationOf(eventName)}`);

const VERBS: readonly (readonly [RegExp, Verb])[] = [
  [/^(?:Tag|Untag|AddTags|RemoveTags|CreateTags|DeleteTags|ChangeTags)/, 'tag'],
  [/^(?:Create|Allocate|Register|Import|Copy|Run|Launch|Request(?!.*Cancel)|Provision)/, 'create'],
  [/^(?:Delete|Terminate|Release|Deregister|Destroy|ScheduleKeyDeletion|Deprovision)/, 'delete'],
  [
    /^(?:Put|Update|Modify|Set|Change|Remove|Revoke|Authorize|Attach|Detach|Associate|Disassociate|Enable|Disable|Add|Replace|Reset|Restore|Start|Stop|Reboot|Promote|Apply|Cancel|Accept|Reject|Grant|Rotate|Upload|Batch|Switch|Move|Subscribe|Unsubscribe|Suspend|Resume|Assign|Unassign|Upgrade|Patch|Configure|Convert|Merge|Publish|Activate|Deactivate)/,
    'update',
  ],
];

/** What a call does, told from its name alone. */
export const verbOfName = (eventName: string): Verb =>
  VERBS.find(([pattern]) => pattern.test(eventName))?.[1] ?? 'unknown';

const READS =
  /^(?:Get|List|Describe|Head|Lookup|Search|Query|Scan|Select|View|Check|Test|Validate|Preview|Simulate|Estimate|Decode|Download|BatchGet|BatchDescribe|Discover|Detect|Verify|Evaluate|Poll|Receive|Read|Filter)(?=[A-Z0-9]|$)/;

/** Calls that only read, for records that do not say `readOnly`. */
export const readsOnly = (eventName: string): boolean => READS.test(eventName);

/** Mutating calls that change nothing a Terraform resource describes: sessions, heartbeats, streams, payloads, ciphertexts. */
const NOT_RESOURCES: readonly (readonly [source: string, names: RegExp])[] = [
  ['sts', /./],
  ['signin', /./],
  ['sso', /^(?:Authenticate|Federate|Logout|GetRole|ListAccount)/],
  ['sso-oauth', /./],
  ['kms', /^(?:Decrypt|Encrypt|ReEncrypt|GenerateDataKey|GenerateMac|GenerateRandom|Sign|RetireGrant)/],
  [
    'logs',
    /^(?:CreateLogStream|DeleteLogStream|PutLogEvents|StartQuery|StopQuery|StartLiveTail|CreateExportTask)$/,
  ],
  ['monitoring', /^PutMetricData$/],
  [
    'ssm',
    /^(?:UpdateInstanceInformation|PutInventory|PutComplianceItems|UpdateInstanceAssociationStatus|SendCommand|CancelCommand|StartSession|TerminateSession|ResumeSession|StartAutomationExecution|OpenDataChannel|CreateDataChannel|OpenControlChannel|CreateControlChannel|RegisterManagedInstance)$/,
  ],
  ['ec2messages', /./],
  ['ssmmessages', /./],
  [
    'ecr',
    /^(?:InitiateLayerUpload|UploadLayerPart|CompleteLayerUpload|PutImage|BatchDeleteImage|BatchCheckLayerAvailability|StartImageScan|ReplicateImage|BatchImportUpstreamImage)$/,
  ],
  [
    'ecs',
    /^(?:SubmitContainerStateChange|SubmitTaskStateChange|SubmitAttachmentStateChanges|RunTask|StartTask|StopTask|Poll|StartTelemetrySession|DiscoverPollEndpoint|RegisterContainerInstance|DeregisterContainerInstance|ExecuteCommand)$/,
  ],
  ['lambda', /^(?:Invoke|InvokeExecution|InvokeAsync)/],
  ['states', /^(?:StartExecution|StartSyncExecution|StopExecution|SendTask)/],
  ['athena', /^(?:StartQueryExecution|StopQueryExecution)$/],
  ['glue', /^(?:StartJobRun|StartCrawler|StopCrawler|BatchStopJobRun)$/],
  ['codebuild', /^(?:StartBuild|StopBuild|RetryBuild|BatchDeleteBuilds)/],
  [
    'codepipeline',
    /^(?:StartPipelineExecution|StopPipelineExecution|PutJobSuccessResult|PutJobFailureResult|AcknowledgeJob|PollForJobs)$/,
  ],
  ['ec2-instance-connect', /./],
  [
    'ec2',
    /^(?:SharedSnapshotVolumeCreated|SharedSnapshotCopyInitiated|BidEvictedEvent|CreateNetworkInsightsPath|StartNetworkInsightsAnalysis|CreateInstanceExportTask|SendDiagnosticInterrupt|ReportInstanceStatus|GetPasswordData|BundleInstance)$/,
  ],
  ['health', /./],
  ['support', /./],
  ['cloudshell', /./],
  [
    'iam',
    /^(?:GenerateCredentialReport|GenerateServiceLastAccessedDetails|GenerateOrganizationsAccessReport|ChangePassword)$/,
  ],
  ['rds', /^(?:DownloadDBLogFilePortion|StartExportTask)$/],
  ['cloudfront', /^CreateInvalidation/],
  ['organizations', /^(?:CreateGovCloudAccount)$/],
  ['resource-explorer-2', /./],
  ['access-analyzer', /^(?:StartPolicyGeneration|ValidatePolicy|StartResourceScan)$/],
  ['notifications', /./],
];

const notResources = new Map(NOT_RESOURCES);

/** True for calls that change no resource (see the table): counted, not published. */
export const touchesNoResource = (eventSource: string, eventName: string): boolean =>
  notResources.get(sourceOf(eventSource))?.test(eventName) === true;
