// CloudTrail calls of the services that keep data, as rows (events.ts says what a row is). Data.
import type { EventRow } from './event-row.ts';
import { rowsOf, touch } from './event-row.ts';

const s3 = rowsOf('s3');
const rds = rowsOf('rds');
const dynamodb = rowsOf('dynamodb');
const elasticache = rowsOf('elasticache');
const redshift = rowsOf('redshift');
const es = rowsOf('es');
const kinesis = rowsOf('kinesis');
const firehose = rowsOf('firehose');
const glue = rowsOf('glue');
const athena = rowsOf('athena');
const backup = rowsOf('backup');
const efs = rowsOf('elasticfilesystem');
const kafka = rowsOf('kafka');

/** Settings of a bucket: the calls, and the sub-resource type that describes them beside the bucket itself. */
const bucketSetting = (names: string, type: string, keep: readonly string[] = []): EventRow =>
  s3(names, 'update', touch('s3-bucket', '{req.bucketName}', `${type}=* *`), keep);

const instance = touch('db-instance', '{req.dBInstanceIdentifier|resp.dBInstanceIdentifier}');
const cluster = touch('db-cluster', '{req.dBClusterIdentifier|resp.dBClusterIdentifier}');
const dbSnapshot = touch('db-snapshot', '{req.dBSnapshotIdentifier}');
const clusterSnapshot = touch('db-cluster-snapshot', '{req.dBClusterSnapshotIdentifier}');
const subnetGroup = touch('db-subnet-group', '{req.dBSubnetGroupName}');
const parameterGroup = touch('db-parameter-group', '{req.dBParameterGroupName}');
const clusterParameterGroup = touch('db-cluster-parameter-group', '{req.dBClusterParameterGroupName}');
const optionGroup = touch('db-option-group', '{req.optionGroupName}');
const proxy = touch('db-proxy', '{req.dBProxyName}');
const globalCluster = touch('db-global-cluster', '{req.globalClusterIdentifier}');
const INSTANCE_FLAGS = [
  'vpcSecurityGroupIds',
  'deletionProtection',
  'backupRetentionPeriod',
  'allocatedStorage',
];

const table = touch('dynamodb-table', '{req.tableName|resp.tableDescription.tableName}');
const cacheCluster = touch('elasticache-cluster', '{req.cacheClusterId}');
const replicationGroup = touch('elasticache-replication-group', '{req.replicationGroupId}');
const warehouse = touch('redshift-cluster', '{req.clusterIdentifier}');
const domain = touch('opensearch-domain', '{req.domainName}', 'aws_opensearch_domain_policy *');
const stream = touch('kinesis-stream', ['{req.streamARN}', '{req.streamName}']);
const delivery = touch('firehose-stream', '{req.deliveryStreamName}');
const fileSystem = touch('file-system', '{req.fileSystemId}');

export const DATA_ROWS: readonly EventRow[] = [
  // S3
  s3('CreateBucket', 'create', touch('s3-bucket', '{req.bucketName}')),
  s3('DeleteBucket', 'delete', touch('s3-bucket', '{req.bucketName}')),
  bucketSetting('PutBucketPolicy', '+aws_s3_bucket_policy'),
  bucketSetting('DeleteBucketPolicy', '-aws_s3_bucket_policy'),
  bucketSetting('PutBucketAcl', 'aws_s3_bucket_acl', ['x-amz-acl', 'accessControlList']),
  bucketSetting('PutBucketVersioning', 'aws_s3_bucket_versioning', ['VersioningConfiguration']),
  bucketSetting(
    'PutBucketEncryption DeleteBucketEncryption',
    'aws_s3_bucket_server_side_encryption_configuration',
    ['ServerSideEncryptionConfiguration'],
  ),
  bucketSetting('PutBucketLogging', 'aws_s3_bucket_logging', ['BucketLoggingStatus']),
  bucketSetting(
    'PutBucketPublicAccessBlock DeleteBucketPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock',
    'aws_s3_bucket_public_access_block',
    ['PublicAccessBlockConfiguration'],
  ),
  bucketSetting(
    'PutBucketLifecycle PutBucketLifecycleConfiguration DeleteBucketLifecycle',
    'aws_s3_bucket_lifecycle_configuration',
  ),
  bucketSetting('PutBucketReplication DeleteBucketReplication', 'aws_s3_bucket_replication_configuration'),
  bucketSetting('PutBucketCors DeleteBucketCors', 'aws_s3_bucket_cors_configuration'),
  bucketSetting('PutBucketWebsite DeleteBucketWebsite', 'aws_s3_bucket_website_configuration'),
  bucketSetting(
    'PutBucketOwnershipControls DeleteBucketOwnershipControls',
    'aws_s3_bucket_ownership_controls',
    ['OwnershipControls'],
  ),
  bucketSetting('PutBucketNotification PutBucketNotificationConfiguration', 'aws_s3_bucket_notification'),
  bucketSetting('PutBucketRequestPayment', 'aws_s3_bucket_request_payment_configuration'),
  bucketSetting(
    'PutAccelerateConfiguration PutBucketAccelerateConfiguration',
    'aws_s3_bucket_accelerate_configuration',
  ),
  bucketSetting(
    'PutBucketObjectLockConfiguration PutObjectLockConfiguration',
    'aws_s3_bucket_object_lock_configuration',
  ),
  s3(
    'PutMetricsConfiguration PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration DeleteMetricsConfiguration',
    'update',
    touch('s3-bucket', '{req.bucketName}', 'aws_s3_bucket_metric={req.bucketName}:{req.id} *'),
  ),
  s3(
    'PutAnalyticsConfiguration PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration DeleteAnalyticsConfiguration',
    'update',
    touch(
      's3-bucket',
      '{req.bucketName}',
      'aws_s3_bucket_analytics_configuration={req.bucketName}:{req.id} *',
    ),
  ),
  s3(
    'PutInventoryConfiguration PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration DeleteInventoryConfiguration',
    'update',
    touch('s3-bucket', '{req.bucketName}', 'aws_s3_bucket_inventory={req.bucketName}:{req.id} *'),
  ),
  s3(
    'PutIntelligentTieringConfiguration PutBucketIntelligentTieringConfiguration DeleteBucketIntelligentTieringConfiguration',
    'update',
    touch(
      's3-bucket',
      '{req.bucketName}',
      'aws_s3_bucket_intelligent_tiering_configuration={req.bucketName}:{req.id} *',
    ),
  ),
  s3('PutBucketTagging DeleteBucketTagging', 'tag', touch('s3-bucket', '{req.bucketName}')),
  s3(
    'PutAccountPublicAccessBlock',
    'update',
    touch('s3-account', 'public-access-block', '+aws_s3_account_public_access_block={@account}'),
    ['PublicAccessBlockConfiguration'],
  ),
  s3(
    'DeleteAccountPublicAccessBlock',
    'delete',
    touch('s3-account', 'public-access-block', 'aws_s3_account_public_access_block={@account}'),
  ),

  // RDS
  rds(
    'CreateDBInstance CreateDBInstanceReadReplica RestoreDBInstanceFromDBSnapshot RestoreDBInstanceFromS3',
    'create',
    instance,
    INSTANCE_FLAGS,
  ),
  rds('RestoreDBInstanceToPointInTime', 'create', touch('db-instance', '{req.targetDBInstanceIdentifier}')),
  rds('DeleteDBInstance', 'delete', instance, ['skipFinalSnapshot']),
  rds(
    'ModifyDBInstance RebootDBInstance StartDBInstance StopDBInstance PromoteReadReplica SwitchoverReadReplica',
    'update',
    instance,
    INSTANCE_FLAGS,
  ),
  rds(
    'AddRoleToDBInstance RemoveRoleFromDBInstance',
    'update',
    touch('db-instance', '{req.dBInstanceIdentifier}', 'aws_db_instance_role_association *'),
  ),
  rds(
    'CreateDBCluster RestoreDBClusterFromSnapshot RestoreDBClusterToPointInTime RestoreDBClusterFromS3',
    'create',
    cluster,
  ),
  rds('DeleteDBCluster', 'delete', cluster, ['skipFinalSnapshot']),
  rds(
    'ModifyDBCluster StartDBCluster StopDBCluster FailoverDBCluster PromoteReadReplicaDBCluster RebootDBCluster ModifyCurrentDBClusterCapacity',
    'update',
    cluster,
    INSTANCE_FLAGS,
  ),
  rds(
    'AddRoleToDBCluster RemoveRoleFromDBCluster',
    'update',
    touch('db-cluster', '{req.dBClusterIdentifier}', 'aws_rds_cluster_role_association *'),
  ),
  rds(
    'CreateDBClusterEndpoint ModifyDBClusterEndpoint DeleteDBClusterEndpoint',
    'update',
    touch(
      'db-cluster',
      '{req.dBClusterIdentifier|resp.dBClusterIdentifier}',
      'aws_rds_cluster_endpoint={req.dBClusterEndpointIdentifier} *',
    ),
  ),
  rds('CreateDBSnapshot', 'create', dbSnapshot),
  rds(
    'CopyDBSnapshot',
    'create',
    touch('db-snapshot', '{req.targetDBSnapshotIdentifier}', '* aws_db_snapshot_copy=*'),
  ),
  rds('DeleteDBSnapshot', 'delete', dbSnapshot),
  rds('ModifyDBSnapshot ModifyDBSnapshotAttribute', 'update', dbSnapshot, [
    'attributeName',
    'valuesToAdd',
    'valuesToRemove',
  ]),
  rds('CreateDBClusterSnapshot', 'create', clusterSnapshot),
  rds(
    'CopyDBClusterSnapshot',
    'create',
    touch('db-cluster-snapshot', '{req.targetDBClusterSnapshotIdentifier}'),
  ),
  rds('DeleteDBClusterSnapshot', 'delete', clusterSnapshot),
  rds('ModifyDBClusterSnapshotAttribute', 'update', clusterSnapshot, [
    'attributeName',
    'valuesToAdd',
    'valuesToRemove',
  ]),
  rds('CreateDBSubnetGroup', 'create', subnetGroup, ['subnetIds']),
  rds('DeleteDBSubnetGroup', 'delete', subnetGroup),
  rds('ModifyDBSubnetGroup', 'update', subnetGroup, ['subnetIds']),
  rds('CreateDBParameterGroup', 'create', parameterGroup),
  rds('DeleteDBParameterGroup', 'delete', parameterGroup),
  rds('ModifyDBParameterGroup ResetDBParameterGroup', 'update', parameterGroup, [
    'parameters[].parameterName',
  ]),
  rds('CreateDBClusterParameterGroup', 'create', clusterParameterGroup),
  rds('DeleteDBClusterParameterGroup', 'delete', clusterParameterGroup),
  rds('ModifyDBClusterParameterGroup ResetDBClusterParameterGroup', 'update', clusterParameterGroup, [
    'parameters[].parameterName',
  ]),
  rds('CreateOptionGroup', 'create', optionGroup),
  rds('DeleteOptionGroup', 'delete', optionGroup),
  rds('ModifyOptionGroup', 'update', optionGroup),
  rds('CreateEventSubscription', 'create', touch('db-event-subscription', '{req.subscriptionName}')),
  rds('DeleteEventSubscription', 'delete', touch('db-event-subscription', '{req.subscriptionName}')),
  rds('ModifyEventSubscription', 'update', touch('db-event-subscription', '{req.subscriptionName}')),
  rds('CreateGlobalCluster', 'create', globalCluster),
  rds('DeleteGlobalCluster', 'delete', globalCluster),
  rds('ModifyGlobalCluster RemoveFromGlobalCluster FailoverGlobalCluster', 'update', globalCluster),
  rds('CreateDBProxy', 'create', proxy),
  rds('DeleteDBProxy', 'delete', proxy),
  rds('ModifyDBProxy', 'update', proxy),
  rds(
    'RegisterDBProxyTargets DeregisterDBProxyTargets ModifyDBProxyTargetGroup',
    'update',
    touch(
      'db-proxy',
      '{req.dBProxyName}',
      'aws_db_proxy_target aws_db_proxy_default_target_group={req.dBProxyName} *',
    ),
  ),
  rds('AddTagsToResource RemoveTagsFromResource', 'tag', touch('by-arn', '{req.resourceName}'), [
    'tags[].key',
    'tagKeys',
  ]),

  // DynamoDB
  dynamodb('CreateTable', 'create', table),
  dynamodb(
    'RestoreTableFromBackup RestoreTableToPointInTime',
    'create',
    touch('dynamodb-table', '{req.targetTableName}'),
  ),
  dynamodb('DeleteTable', 'delete', table),
  dynamodb(
    'UpdateTable UpdateTimeToLive UpdateContinuousBackups UpdateTableReplicaAutoScaling',
    'update',
    table,
    [
      'billingMode',
      'deletionProtectionEnabled',
      'timeToLiveSpecification',
      'pointInTimeRecoverySpecification',
    ],
  ),
  dynamodb(
    'UpdateContributorInsights',
    'update',
    touch('dynamodb-table', '{req.tableName}', 'aws_dynamodb_contributor_insights *'),
  ),
  dynamodb(
    'EnableKinesisStreamingDestination DisableKinesisStreamingDestination',
    'update',
    touch(
      'dynamodb-table',
      '{req.tableName}',
      'aws_dynamodb_kinesis_streaming_destination={req.tableName},{req.streamArn} *',
    ),
  ),
  dynamodb(
    'PutResourcePolicy DeleteResourcePolicy',
    'update',
    touch('dynamodb-table', '{req.resourceArn}', 'aws_dynamodb_resource_policy={req.resourceArn} *'),
  ),
  dynamodb('TagResource UntagResource', 'tag', touch('dynamodb-table', '{req.resourceArn}'), [
    'tags[].key',
    'tagKeys',
  ]),

  // Caches, warehouses, search
  elasticache('CreateCacheCluster', 'create', cacheCluster),
  elasticache('DeleteCacheCluster', 'delete', cacheCluster),
  elasticache('ModifyCacheCluster RebootCacheCluster', 'update', cacheCluster),
  elasticache('CreateReplicationGroup', 'create', replicationGroup),
  elasticache('DeleteReplicationGroup', 'delete', replicationGroup),
  elasticache(
    'ModifyReplicationGroup ModifyReplicationGroupShardConfiguration IncreaseReplicaCount DecreaseReplicaCount TestFailover',
    'update',
    replicationGroup,
  ),
  elasticache(
    'CreateCacheSubnetGroup',
    'create',
    touch('elasticache-subnet-group', '{req.cacheSubnetGroupName}'),
  ),
  elasticache(
    'DeleteCacheSubnetGroup',
    'delete',
    touch('elasticache-subnet-group', '{req.cacheSubnetGroupName}'),
  ),
  elasticache(
    'ModifyCacheSubnetGroup',
    'update',
    touch('elasticache-subnet-group', '{req.cacheSubnetGroupName}'),
  ),
  redshift('CreateCluster RestoreFromClusterSnapshot', 'create', warehouse),
  redshift('DeleteCluster', 'delete', warehouse),
  redshift(
    'ModifyCluster RebootCluster ResizeCluster PauseCluster ResumeCluster RotateEncryptionKey EnableLogging DisableLogging ModifyClusterIamRoles ModifyClusterMaintenance',
    'update',
    warehouse,
  ),
  es('CreateDomain CreateElasticsearchDomain', 'create', touch('opensearch-domain', '{req.domainName}')),
  es('DeleteDomain DeleteElasticsearchDomain', 'delete', touch('opensearch-domain', '{req.domainName}')),
  es(
    'UpdateDomainConfig UpdateElasticsearchDomainConfig UpgradeDomain UpgradeElasticsearchDomain StartServiceSoftwareUpdate',
    'update',
    domain,
  ),
  es('AddTags RemoveTags', 'tag', touch('by-arn', '{req.aRN}')),

  // Streams
  kinesis('CreateStream', 'create', stream),
  kinesis('DeleteStream', 'delete', stream),
  kinesis(
    'UpdateShardCount SplitShard MergeShards UpdateStreamMode StartStreamEncryption StopStreamEncryption IncreaseStreamRetentionPeriod DecreaseStreamRetentionPeriod EnableEnhancedMonitoring DisableEnhancedMonitoring',
    'update',
    stream,
  ),
  kinesis('AddTagsToStream RemoveTagsFromStream', 'tag', stream),
  firehose('CreateDeliveryStream', 'create', delivery),
  firehose('DeleteDeliveryStream', 'delete', delivery),
  firehose(
    'UpdateDestination StartDeliveryStreamEncryption StopDeliveryStreamEncryption',
    'update',
    delivery,
  ),
  firehose('TagDeliveryStream UntagDeliveryStream', 'tag', delivery),
  kafka('CreateCluster CreateClusterV2', 'create', touch('kafka-cluster', '{resp.clusterArn}')),
  kafka('DeleteCluster', 'delete', touch('kafka-cluster', '{req.clusterArn|resp.clusterArn}')),
  kafka(
    'UpdateBrokerCount UpdateBrokerStorage UpdateBrokerType UpdateClusterConfiguration UpdateClusterKafkaVersion UpdateConnectivity UpdateMonitoring UpdateSecurity UpdateStorage RebootBroker',
    'update',
    touch('kafka-cluster', '{req.clusterArn|resp.clusterArn}'),
  ),

  // Catalogues, backups, files
  glue('CreateDatabase', 'create', touch('glue-database', '{req.databaseInput.name}')),
  glue('DeleteDatabase', 'delete', touch('glue-database', '{req.name}')),
  glue('UpdateDatabase', 'update', touch('glue-database', '{req.name}')),
  glue(
    'CreateTable',
    'create',
    touch(
      'glue-table',
      '{req.databaseName}/{req.tableInput.name}',
      'aws_glue_catalog_table={req.databaseName}:{req.tableInput.name}',
    ),
  ),
  glue(
    'UpdateTable',
    'update',
    touch(
      'glue-table',
      '{req.databaseName}/{req.tableInput.name}',
      'aws_glue_catalog_table={req.databaseName}:{req.tableInput.name}',
    ),
  ),
  glue(
    'DeleteTable',
    'delete',
    touch(
      'glue-table',
      '{req.databaseName}/{req.name}',
      'aws_glue_catalog_table={req.databaseName}:{req.name}',
    ),
  ),
  glue('CreateJob', 'create', touch('glue-job', '{req.name}')),
  glue('DeleteJob', 'delete', touch('glue-job', '{req.jobName}')),
  glue('UpdateJob', 'update', touch('glue-job', '{req.jobName}')),
  athena('CreateWorkGroup', 'create', touch('athena-workgroup', '{req.name}')),
  athena('DeleteWorkGroup', 'delete', touch('athena-workgroup', '{req.workGroup}')),
  athena('UpdateWorkGroup', 'update', touch('athena-workgroup', '{req.workGroup}')),
  backup('CreateBackupVault', 'create', touch('backup-vault', '{req.backupVaultName}')),
  backup('DeleteBackupVault', 'delete', touch('backup-vault', '{req.backupVaultName}')),
  backup(
    'PutBackupVaultAccessPolicy DeleteBackupVaultAccessPolicy',
    'update',
    touch('backup-vault', '{req.backupVaultName}', 'aws_backup_vault_policy={req.backupVaultName} *'),
  ),
  backup(
    'PutBackupVaultLockConfiguration PutBackupVaultNotifications',
    'update',
    touch('backup-vault', '{req.backupVaultName}'),
  ),
  backup('CreateBackupPlan', 'create', touch('backup-plan', '{resp.backupPlanId}')),
  backup('DeleteBackupPlan', 'delete', touch('backup-plan', '{req.backupPlanId}')),
  backup('UpdateBackupPlan', 'update', touch('backup-plan', '{req.backupPlanId}')),
  backup(
    'CreateBackupSelection',
    'update',
    touch('backup-plan', '{req.backupPlanId}', '+aws_backup_selection={resp.selectionId} *'),
  ),
  backup(
    'DeleteBackupSelection',
    'update',
    touch('backup-plan', '{req.backupPlanId}', '-aws_backup_selection={req.selectionId} *'),
  ),
  efs('CreateFileSystem', 'create', touch('file-system', '{resp.fileSystemId}')),
  efs('DeleteFileSystem', 'delete', fileSystem),
  efs('UpdateFileSystem PutLifecycleConfiguration', 'update', fileSystem),
  efs('TagResource UntagResource', 'tag', touch('file-system', '{req.resourceId}')),
  efs(
    'PutFileSystemPolicy DeleteFileSystemPolicy',
    'update',
    touch('file-system', '{req.fileSystemId}', 'aws_efs_file_system_policy={req.fileSystemId} *'),
  ),
  efs(
    'CreateMountTarget',
    'update',
    touch('file-system', '{req.fileSystemId}', 'aws_efs_mount_target={resp.mountTargetId} *'),
  ),
  efs(
    'PutBackupPolicy',
    'update',
    touch('file-system', '{req.fileSystemId}', 'aws_efs_backup_policy={req.fileSystemId} *'),
  ),
];
