// What keeps data, in the pretend aws provider. Data; see aws-network.ts.
import type { CtyType, ResourceType } from '../schema.ts';
import { block, listOf, made, optional, setOf } from './written.ts';

const ENCRYPTION: CtyType = [
  'list',
  [
    'object',
    {
      rule: [
        'list',
        [
          'object',
          {
            apply_server_side_encryption_by_default: [
              'list',
              ['object', { kms_master_key_id: 'string', sse_algorithm: 'string' }],
            ],
            bucket_key_enabled: 'bool',
          },
        ],
      ],
    },
  ],
];

export const AWS_STORAGE: Record<string, ResourceType> = {
  aws_s3_bucket: {
    version: 0,
    id: '{bucket}',
    placed: 'world',
    block: block({
      id: 'string computed',
      arn: made('string', 'arn:aws:s3:::{bucket}'),
      bucket: { is: 'string optional computed new', made: 'terraform-{#digits:14}' },
      bucket_domain_name: made('string', '{bucket}.s3.amazonaws.com'),
      force_destroy: optional('bool', false),
      policy: optional('string', ''),
      server_side_encryption_configuration: {
        is: 'optional computed',
        type: ENCRYPTION,
        default: [
          {
            rule: [
              {
                apply_server_side_encryption_by_default: [{ kms_master_key_id: '', sse_algorithm: 'AES256' }],
                bucket_key_enabled: false,
              },
            ],
          },
        ],
      },
      versioning: {
        is: 'optional computed',
        type: ['list', ['object', { enabled: 'bool', mfa_delete: 'bool' }]],
        default: [{ enabled: false, mfa_delete: false }],
      },
      object_lock_enabled: optional('bool', false, 'new'),
      region: made('string', '{region}'),
      tags: 'map(string) optional',
    }),
    calls: {
      source: 's3',
      create: { name: 'CreateBucket', request: { bucketName: '{id}', Host: '{id}.s3.amazonaws.com' } },
      read: { name: 'HeadBucket', request: { bucketName: '{id}' } },
      update: [
        { on: ['policy'], name: 'PutBucketPolicy', request: { bucketName: '{id}' } },
        {
          on: ['versioning'],
          name: 'PutBucketVersioning',
          request: { bucketName: '{id}', VersioningConfiguration: '{versioning}' },
        },
        {
          on: ['server_side_encryption_configuration'],
          name: 'PutBucketEncryption',
          request: { bucketName: '{id}' },
        },
        { on: ['*'], name: 'PutBucketTagging', request: { bucketName: '{id}', tagging: '' } },
      ],
      delete: { name: 'DeleteBucket', request: { bucketName: '{id}' } },
    },
  },

  aws_dynamodb_table: {
    version: 1,
    id: '{name}',
    placed: 'region',
    block: block(
      {
        id: 'string computed',
        arn: made('string', 'arn:aws:dynamodb:{region}:{account}:table/{name}'),
        billing_mode: optional('string', 'PROVISIONED'),
        deletion_protection_enabled: optional('bool', false),
        hash_key: 'string optional new',
        name: 'string required new',
        range_key: 'string optional new',
        read_capacity: optional('number', 0),
        stream_enabled: 'bool optional',
        tags: 'map(string) optional',
        write_capacity: optional('number', 0),
      },
      {
        attribute: setOf(block({ name: 'string required', type: 'string required' })),
        ttl: listOf(block({ attribute_name: 'string optional', enabled: optional('bool', false) }), {
          max_items: 1,
        }),
        global_secondary_index: setOf(
          block({
            hash_key: 'string required',
            name: 'string required',
            non_key_attributes: 'set(string) optional',
            projection_type: 'string required',
            range_key: 'string optional',
          }),
        ),
      },
    ),
    calls: {
      source: 'dynamodb',
      create: { name: 'CreateTable', request: { tableName: '{name}', billingMode: '{billing_mode}' } },
      read: { name: 'DescribeTable', request: { tableName: '{name}' } },
      update: [
        { on: ['tags'], name: 'TagResource', request: { resourceArn: '{arn}' } },
        {
          on: ['ttl'],
          name: 'UpdateTimeToLive',
          request: { tableName: '{name}', timeToLiveSpecification: '{ttl}' },
        },
        { on: ['*'], name: 'UpdateTable', request: { tableName: '{name}', billingMode: '{billing_mode}' } },
      ],
      delete: { name: 'DeleteTable', request: { tableName: '{name}' } },
    },
  },

  aws_db_instance: {
    version: 2,
    id: 'db-{#upper:26}',
    placed: 'region',
    block: block({
      id: 'string computed',
      address: made('string', '{identifier}.{#hex:12}.{region}.rds.amazonaws.com'),
      allocated_storage: 'number optional',
      apply_immediately: optional('bool', false),
      arn: made('string', 'arn:aws:rds:{region}:{account}:db:{identifier}'),
      backup_retention_period: optional('number', 0),
      deletion_protection: optional('bool', false),
      engine: 'string required new',
      identifier: 'string required new',
      instance_class: 'string required',
      password: 'string optional sensitive unreadable',
      publicly_accessible: optional('bool', false),
      skip_final_snapshot: optional('bool', false),
      tags: 'map(string) optional',
      username: 'string optional new',
    }),
    calls: {
      source: 'rds',
      create: {
        name: 'CreateDBInstance',
        request: { dBInstanceIdentifier: '{identifier}', engine: '{engine}', masterUserPassword: '****' },
        response: { dBInstanceIdentifier: '{identifier}', dbiResourceId: '{id}' },
      },
      read: { name: 'DescribeDBInstances', request: { dBInstanceIdentifier: '{identifier}' } },
      update: [
        { on: ['tags'], name: 'AddTagsToResource', request: { resourceName: '{arn}' } },
        {
          on: ['*'],
          name: 'ModifyDBInstance',
          request: {
            dBInstanceIdentifier: '{identifier}',
            backupRetentionPeriod: '{backup_retention_period}',
            deletionProtection: '{deletion_protection}',
            publiclyAccessible: '{publicly_accessible}',
          },
        },
      ],
      delete: { name: 'DeleteDBInstance', request: { dBInstanceIdentifier: '{identifier}' } },
    },
  },
};
