// Edits of buckets, disks, tables and file systems. Data.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { type Call, dynamodb, ec2, efs, rds, s3 } from '../cloud.ts';
import { at, block, edit, listed, type Mutation, tagging, text, toggled, widened } from '../mutation.ts';

const named = (a: JsonObject): string => text(a.bucket ?? a.id);
const put = (name: string, query: string, a: JsonObject, body: string): Call =>
  s3(name, `PUT /${named(a)}?${query}`, body, { bucketName: named(a), [query]: '' });
const versioning = (a: JsonObject, status: Json): Call =>
  put(
    'PutBucketVersioning',
    'versioning',
    a,
    `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
  );
const encryption = (a: JsonObject, rule: string): Call =>
  put(
    'PutBucketEncryption',
    'encryption',
    a,
    `<ServerSideEncryptionConfiguration><Rule>${rule}</Rule></ServerSideEncryptionConfiguration>`,
  );
const byDefault = (algorithm: string, key: string): string =>
  `<ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm>${key}</ApplyServerSideEncryptionByDefault>`;
const policy = (a: JsonObject, document: Json): Call => {
  const call = put('PutBucketPolicy', 'policy', a, text(document));
  return { ...call, request: { ...call.request, headers: { 'content-type': 'application/json' } } };
};
const SWITCHES = {
  block_public_acls: 'BlockPublicAcls',
  ignore_public_acls: 'IgnorePublicAcls',
  block_public_policy: 'BlockPublicPolicy',
  restrict_public_buckets: 'RestrictPublicBuckets',
};
const access = (a: JsonObject): Call =>
  put(
    'PutBucketPublicAccessBlock',
    'publicAccessBlock',
    a,
    `<PublicAccessBlockConfiguration>${Object.entries(SWITCHES)
      .map(([name, element]) => `<${element}>${a[name]}</${element}>`)
      .join('')}</PublicAccessBlockConfiguration>`,
  );
const lifecycle = (a: JsonObject, days: Json): Call =>
  put(
    'PutBucketLifecycle',
    'lifecycle',
    a,
    `<LifecycleConfiguration><Rule><ID>expire</ID><Filter><Prefix>tmp/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>${days}</Days></Expiration></Rule>${
      Array.isArray(a.rule)
        ? '<Rule><ID>archive</ID><Filter><Prefix>old/</Prefix></Filter><Status>Enabled</Status><Transition><Days>90</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>'
        : ''
    }</LifecycleConfiguration>`,
  );
const cors = (a: JsonObject, age: Json, split: boolean): Call =>
  put(
    'PutBucketCors',
    'cors',
    a,
    `<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>${
      split ? '<AllowedMethod>PUT</AllowedMethod><AllowedHeader>*</AllowedHeader>' : ''
    }<AllowedOrigin>https://estate.test</AllowedOrigin><MaxAgeSeconds>${age}</MaxAgeSeconds></CORSRule></CORSConfiguration>`,
  );
const logging = (a: JsonObject, prefix: Json): Call =>
  put(
    'PutBucketLogging',
    'logging',
    a,
    `<BucketLoggingStatus><LoggingEnabled><TargetBucket>estate-logs</TargetBucket><TargetPrefix>${prefix}</TargetPrefix></LoggingEnabled></BucketLoggingStatus>`,
  );
const website = (a: JsonObject, key: Json): Call =>
  put(
    'PutBucketWebsite',
    'website',
    a,
    `<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument><ErrorDocument><Key>${key}</Key></ErrorDocument></WebsiteConfiguration>`,
  );
const table = (a: JsonObject, more: JsonObject): Call =>
  dynamodb('UpdateTable', { TableName: text(a.name), ...more });

export const STORAGE: readonly Mutation[] = [
  ...tagging(['aws_s3_bucket'], (a, tags) =>
    put(
      'PutBucketTagging',
      'tagging',
      a,
      `<Tagging><TagSet>${listed(tags)
        .map(({ Key, Value }) => `<Tag><Key>${Key}</Key><Value>${Value}</Value></Tag>`)
        .join('')}</TagSet></Tagging>`,
    ),
  ),
  edit('aws_s3_bucket_versioning', 'versioning_configuration[0].status', versioning, 'Suspended', {
    was: () => 'Enabled',
  }),
  edit('aws_s3_bucket', 'versioning', versioning, 'Suspended', {
    was: () => 'Enabled',
    fits: at('aws_s3_bucket.inline'),
  }),
  toggled(
    'aws_s3_bucket_policy',
    'policy',
    (a) => policy(a, widened(a.policy)),
    (a) => policy(a, a.policy!),
  ),
  toggled(
    'aws_s3_bucket',
    'policy',
    (a) => policy(a, widened(a.policy)),
    (a) => policy(a, a.policy!),
    { fits: at('aws_s3_bucket.inline') },
  ),
  ...Object.keys(SWITCHES).map((name) =>
    edit('aws_s3_bucket_public_access_block', name, (a, v) => access({ ...a, [name]: v }), false),
  ),
  edit(
    'aws_s3_bucket_server_side_encryption_configuration',
    'rule',
    (a, v) => encryption(a, text(v)),
    `${byDefault('AES256', '')}<BucketKeyEnabled>true</BucketKeyEnabled>`,
    {
      was: (a) =>
        `${byDefault('aws:kms', `<KMSMasterKeyID>${block(a, 'rule', 'apply_server_side_encryption_by_default').kms_master_key_id}</KMSMasterKeyID>`)}<BucketKeyEnabled>true</BucketKeyEnabled>`,
    },
  ),
  edit(
    'aws_s3_bucket',
    'server_side_encryption_configuration',
    (a, v) => encryption(a, text(v)),
    byDefault('aws:kms', ''),
    { was: () => byDefault('AES256', ''), fits: at('aws_s3_bucket.inline') },
  ),
  edit('aws_s3_bucket_lifecycle_configuration', 'rule', lifecycle, 60, { was: () => 30 }),
  edit('aws_s3_bucket', 'lifecycle_rule', lifecycle, 60, {
    was: () => 30,
    fits: at('aws_s3_bucket.inline'),
  }),
  edit('aws_s3_bucket_cors_configuration', 'cors_rule', (a, v) => cors(a, v, true), 10, { was: () => 3000 }),
  edit('aws_s3_bucket', 'cors_rule', (a, v) => cors(a, v, false), 10, {
    was: () => 100,
    fits: at('aws_s3_bucket.inline'),
  }),
  edit('aws_s3_bucket_logging', 'target_prefix', logging, 'changed/'),
  edit('aws_s3_bucket', 'logging', logging, 'changed/', {
    was: (a) => block(a, 'logging').target_prefix!,
    fits: at('aws_s3_bucket.inline'),
  }),
  edit('aws_s3_bucket_website_configuration', 'error_document', website, 'changed.html', {
    was: () => 'error.html',
  }),
  edit(
    'aws_s3_bucket_ownership_controls',
    'rule',
    (a, v) =>
      put(
        'PutBucketOwnershipControls',
        'ownershipControls',
        a,
        `<OwnershipControls><Rule><ObjectOwnership>${v}</ObjectOwnership></Rule></OwnershipControls>`,
      ),
    'ObjectWriter',
    { was: () => 'BucketOwnerPreferred' },
  ),
  edit(
    'aws_s3_bucket_accelerate_configuration',
    'status',
    (a, v) =>
      put(
        'PutAccelerateConfiguration',
        'accelerate',
        a,
        `<AccelerateConfiguration><Status>${v}</Status></AccelerateConfiguration>`,
      ),
    'Suspended',
  ),
  edit(
    'aws_s3_bucket_object_lock_configuration',
    'rule',
    (a, v) =>
      put(
        'PutObjectLockConfiguration',
        'object-lock',
        a,
        `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${v}</Days></DefaultRetention></Rule></ObjectLockConfiguration>`,
      ),
    9,
    { was: () => 5 },
  ),
  edit('aws_ebs_volume', 'size', (a, v) => ec2('ModifyVolume', { VolumeId: text(a.id), Size: v }), 20),
  edit(
    'aws_ebs_volume',
    'type',
    (a, v) => ec2('ModifyVolume', { VolumeId: text(a.id), VolumeType: v }),
    'gp2',
  ),
  edit(
    'aws_dynamodb_table',
    'ttl',
    (a, v) =>
      dynamodb('UpdateTimeToLive', {
        TableName: text(a.name),
        TimeToLiveSpecification: { AttributeName: 'expires', Enabled: v },
      }),
    false,
    { was: () => true },
  ),
  edit(
    'aws_dynamodb_table',
    'point_in_time_recovery',
    (a, v) =>
      dynamodb('UpdateContinuousBackups', {
        TableName: text(a.name),
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: v },
      }),
    false,
    { was: () => true },
  ),
  edit(
    'aws_dynamodb_table',
    'deletion_protection_enabled',
    (a, v) => table(a, { DeletionProtectionEnabled: v }),
    true,
  ),
  edit(
    'aws_dynamodb_table',
    'read_capacity',
    (a, v) => table(a, { ProvisionedThroughput: { ReadCapacityUnits: v, WriteCapacityUnits: 5 } }),
    9,
    { expects: { ignored: true } },
  ),
  // moto adds a tag that is there once more, and from the eleventh on needs a second page for them.
  ...tagging(['aws_dynamodb_table'], (a, tags) => [
    dynamodb('UntagResource', { ResourceArn: text(a.arn), TagKeys: Object.keys(tags) }),
    dynamodb('TagResource', { ResourceArn: text(a.arn), Tags: listed(tags) }),
  ]),
  toggled(
    'aws_efs_file_system',
    'lifecycle_policy',
    (a) => kept(a, [{ TransitionToIA: 'AFTER_30_DAYS' }]),
    (a) => kept(a, []),
  ),
  ...tagging(['aws_efs_file_system'], (a, tags) =>
    efs(
      'TagResource',
      `POST /2015-02-01/resource-tags/${a.id}`,
      { Tags: listed(tags) },
      {
        resourceId: text(a.id),
      },
    ),
  ),
  ...['backup_retention_period', 'deletion_protection', 'copy_tags_to_snapshot'].map((name, i) =>
    edit(
      'aws_db_instance',
      name,
      (a, v) =>
        rds('ModifyDBInstance', {
          DBInstanceIdentifier: text(a.identifier),
          [['BackupRetentionPeriod', 'DeletionProtection', 'CopyTagsToSnapshot'][i]!]: v,
          ApplyImmediately: true,
        }),
      i === 0 ? 1 : true,
    ),
  ),
  ...tagging(['aws_db_instance', 'aws_db_subnet_group', 'aws_db_parameter_group'], (a, tags) =>
    rds('AddTagsToResource', { ResourceName: text(a.arn), Tags: { Tag: listed(tags) } }),
  ),
];

const kept = (a: JsonObject, policies: JsonObject[]): Call =>
  efs(
    'PutLifecycleConfiguration',
    `PUT /2015-02-01/file-systems/${a.id}/lifecycle-configuration`,
    {
      LifecyclePolicies: policies,
    },
    { fileSystemId: text(a.id) },
  );
