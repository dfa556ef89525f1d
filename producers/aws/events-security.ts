// CloudTrail calls of IAM, KMS, Secrets Manager, ACM, WAF and GuardDuty, as rows (events.ts says what a row is). Data.
import type { EventRow } from './event-row.ts';
import { rowsOf, touch } from './event-row.ts';

const iam = rowsOf('iam');
const kms = rowsOf('kms');
const secrets = rowsOf('secretsmanager');
const acm = rowsOf('acm');
const waf = rowsOf('wafv2');
const guardduty = rowsOf('guardduty');

const ROLE = '{req.roleName}';
const USER = '{req.userName}';
const GROUP = '{req.groupName}';
const PROFILE = touch('iam-instance-profile', '{req.instanceProfileName}');
/** The one type that lists who a policy is attached to. */
const ATTACHED = touch('iam-policy', '{req.policyArn}', 'aws_iam_policy_attachment');
const POLICY = touch('iam-policy', '{req.policyArn}');
const ROLE_POLICY = 'aws_iam_role_policy={req.roleName}:{req.policyName}';
const ROLE_ATTACHMENT = 'aws_iam_role_policy_attachment={req.roleName}/{req.policyArn}';
const USER_POLICY = 'aws_iam_user_policy={req.userName}:{req.policyName}';
const USER_ATTACHMENT = 'aws_iam_user_policy_attachment={req.userName}/{req.policyArn}';
const GROUP_POLICY = 'aws_iam_group_policy={req.groupName}:{req.policyName}';
const GROUP_ATTACHMENT = 'aws_iam_group_policy_attachment={req.groupName}/{req.policyArn}';
const ACCESS_KEY = 'aws_iam_access_key={req.accessKeyId}';
const SSH_KEY = 'aws_iam_user_ssh_key={req.sSHPublicKeyId}';
const PASSWORD_POLICY = 'aws_iam_account_password_policy=iam-account-password-policy';
/** The record's own `resources` have the key's ARN whatever form the request used. */
const KEY_ID = ['{resources[].ARN}', '{req.keyId}'];
const KEY = touch('kms-key', KEY_ID);
/** A request that names the key by an alias only: the alias is then what is known. */
const KEY_BY_ALIAS = touch('kms-alias', '{req.keyId}', 'aws_kms_key');
const SECRET_ID = ['{resp.arn}', '{req.secretId}'];

export const SECURITY_ROWS: readonly EventRow[] = [
  // Roles
  iam(
    'CreateRole CreateServiceLinkedRole',
    'create',
    touch('iam-role', '{req.roleName|resp.role.roleName}', '* aws_iam_service_linked_role={resp.role.arn}'),
  ),
  iam('DeleteRole', 'delete', touch('iam-role', ROLE)),
  iam('DeleteServiceLinkedRole', 'delete', touch('iam-role', ROLE, 'aws_iam_service_linked_role *')),
  iam(
    'UpdateRole UpdateRoleDescription UpdateAssumeRolePolicy PutRolePermissionsBoundary DeleteRolePermissionsBoundary',
    'update',
    touch('iam-role', ROLE),
    ['permissionsBoundary', 'maxSessionDuration'],
  ),
  iam('TagRole UntagRole', 'tag', touch('iam-role', ROLE), ['tags[].key', 'tagKeys']),
  iam('PutRolePolicy', 'update', touch('iam-role', ROLE, `+${ROLE_POLICY} *`)),
  iam('DeleteRolePolicy', 'update', touch('iam-role', ROLE, `-${ROLE_POLICY} *`)),
  iam('AttachRolePolicy', 'update', [touch('iam-role', ROLE, `+${ROLE_ATTACHMENT} *`), ATTACHED]),
  iam('DetachRolePolicy', 'update', [touch('iam-role', ROLE, `-${ROLE_ATTACHMENT} *`), ATTACHED]),

  // Users and groups
  iam('CreateUser', 'create', touch('iam-user', '{req.userName}')),
  iam('DeleteUser', 'delete', touch('iam-user', USER)),
  iam(
    'UpdateUser PutUserPermissionsBoundary DeleteUserPermissionsBoundary',
    'update',
    touch('iam-user', USER),
    ['permissionsBoundary', 'newUserName'],
  ),
  iam('TagUser UntagUser', 'tag', touch('iam-user', USER), ['tags[].key', 'tagKeys']),
  iam('PutUserPolicy', 'update', touch('iam-user', USER, `+${USER_POLICY} *`)),
  iam('DeleteUserPolicy', 'update', touch('iam-user', USER, `-${USER_POLICY} *`)),
  iam('AttachUserPolicy', 'update', [touch('iam-user', USER, `+${USER_ATTACHMENT} *`), ATTACHED]),
  iam('DetachUserPolicy', 'update', [touch('iam-user', USER, `-${USER_ATTACHMENT} *`), ATTACHED]),
  iam(
    'CreateAccessKey',
    'update',
    touch(
      'iam-user',
      '{req.userName|resp.accessKey.userName}',
      '+aws_iam_access_key={resp.accessKey.accessKeyId} *',
    ),
    ['accessKeyId', 'status'],
  ),
  iam('UpdateAccessKey', 'update', touch('iam-user', USER, `${ACCESS_KEY} *`), ['accessKeyId', 'status']),
  iam('DeleteAccessKey', 'update', touch('iam-user', USER, `-${ACCESS_KEY} *`), ['accessKeyId']),
  iam('CreateLoginProfile', 'update', touch('iam-user', USER, '+aws_iam_user_login_profile=* *'), [
    'passwordResetRequired',
  ]),
  iam('UpdateLoginProfile', 'update', touch('iam-user', USER, 'aws_iam_user_login_profile=* *'), [
    'passwordResetRequired',
  ]),
  iam('DeleteLoginProfile', 'update', touch('iam-user', USER, '-aws_iam_user_login_profile=* *')),
  iam(
    'UploadSSHPublicKey',
    'update',
    touch('iam-user', USER, '+aws_iam_user_ssh_key={resp.sSHPublicKey.sSHPublicKeyId} *'),
  ),
  iam('UpdateSSHPublicKey', 'update', touch('iam-user', USER, `${SSH_KEY} *`)),
  iam('DeleteSSHPublicKey', 'update', touch('iam-user', USER, `-${SSH_KEY} *`)),
  iam(
    'EnableMFADevice DeactivateMFADevice ResyncMFADevice CreateServiceSpecificCredential DeleteServiceSpecificCredential',
    'update',
    touch('iam-user', USER),
  ),
  iam('CreateGroup', 'create', touch('iam-group', GROUP)),
  iam('DeleteGroup', 'delete', touch('iam-group', GROUP)),
  iam('UpdateGroup', 'update', touch('iam-group', GROUP)),
  iam('AddUserToGroup RemoveUserFromGroup', 'update', [
    touch('iam-group', GROUP, 'aws_iam_group_membership={req.groupName} *'),
    touch('iam-user', USER, 'aws_iam_user_group_membership *'),
  ]),
  iam('PutGroupPolicy', 'update', touch('iam-group', GROUP, `+${GROUP_POLICY} *`)),
  iam('DeleteGroupPolicy', 'update', touch('iam-group', GROUP, `-${GROUP_POLICY} *`)),
  iam('AttachGroupPolicy', 'update', [touch('iam-group', GROUP, `+${GROUP_ATTACHMENT} *`), ATTACHED]),
  iam('DetachGroupPolicy', 'update', [touch('iam-group', GROUP, `-${GROUP_ATTACHMENT} *`), ATTACHED]),

  // Policies, profiles, federation, the account
  iam('CreatePolicy', 'create', touch('iam-policy', '{resp.policy.arn}')),
  iam('DeletePolicy', 'delete', POLICY),
  iam('CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion', 'update', POLICY, [
    'setAsDefault',
    'versionId',
  ]),
  iam('TagPolicy UntagPolicy', 'tag', POLICY, ['tags[].key', 'tagKeys']),
  iam('CreateInstanceProfile', 'create', PROFILE),
  iam('DeleteInstanceProfile', 'delete', PROFILE),
  iam('AddRoleToInstanceProfile RemoveRoleFromInstanceProfile', 'update', PROFILE),
  iam('TagInstanceProfile UntagInstanceProfile', 'tag', PROFILE, ['tags[].key', 'tagKeys']),
  iam('CreateOpenIDConnectProvider', 'create', touch('iam-oidc-provider', '{resp.openIDConnectProviderArn}')),
  iam('DeleteOpenIDConnectProvider', 'delete', touch('iam-oidc-provider', '{req.openIDConnectProviderArn}')),
  iam(
    'UpdateOpenIDConnectProviderThumbprint AddClientIDToOpenIDConnectProvider RemoveClientIDFromOpenIDConnectProvider',
    'update',
    touch('iam-oidc-provider', '{req.openIDConnectProviderArn}'),
  ),
  iam('CreateSAMLProvider', 'create', touch('iam-saml-provider', '{resp.sAMLProviderArn}')),
  iam('DeleteSAMLProvider', 'delete', touch('iam-saml-provider', '{req.sAMLProviderArn}')),
  iam('UpdateSAMLProvider', 'update', touch('iam-saml-provider', '{req.sAMLProviderArn}')),
  iam('UploadServerCertificate', 'create', touch('iam-server-certificate', '{req.serverCertificateName}')),
  iam('DeleteServerCertificate', 'delete', touch('iam-server-certificate', '{req.serverCertificateName}')),
  iam('UpdateServerCertificate', 'update', touch('iam-server-certificate', '{req.serverCertificateName}')),
  iam(
    'UpdateAccountPasswordPolicy',
    'update',
    touch('iam-account', 'password-policy', `+${PASSWORD_POLICY}`),
    ['minimumPasswordLength', 'requireSymbols', 'requireNumbers', 'hardExpiry', 'allowUsersToChangePassword'],
  ),
  iam('DeleteAccountPasswordPolicy', 'delete', touch('iam-account', 'password-policy', PASSWORD_POLICY)),
  iam(
    'CreateAccountAlias',
    'create',
    touch('iam-account', 'alias', 'aws_iam_account_alias={req.accountAlias}'),
  ),
  iam(
    'DeleteAccountAlias',
    'delete',
    touch('iam-account', 'alias', 'aws_iam_account_alias={req.accountAlias}'),
  ),

  // Keys
  kms('CreateKey', 'create', touch('kms-key', ['{resp.keyMetadata.arn}', '{resp.keyMetadata.keyId}'])),
  kms(
    'ReplicateKey',
    'create',
    touch('kms-key', ['{resp.replicaKeyMetadata.arn}', '{resp.replicaKeyMetadata.keyId}']),
  ),
  kms('ScheduleKeyDeletion', 'delete', [KEY, KEY_BY_ALIAS], ['pendingWindowInDays']),
  kms(
    `DisableKey EnableKey EnableKeyRotation DisableKeyRotation CancelKeyDeletion UpdateKeyDescription UpdatePrimaryRegion
     ImportKeyMaterial DeleteImportedKeyMaterial RotateKeyOnDemand`,
    'update',
    [KEY, KEY_BY_ALIAS],
  ),
  kms(
    'PutKeyPolicy',
    'update',
    [touch('kms-key', KEY_ID, 'aws_kms_key_policy=* *'), KEY_BY_ALIAS],
    ['bypassPolicyLockoutSafetyCheck'],
  ),
  kms('CreateGrant RevokeGrant', 'update', touch('kms-key', KEY_ID, 'aws_kms_grant')),
  kms('TagResource UntagResource', 'tag', [KEY, KEY_BY_ALIAS], ['tags[].tagKey', 'tagKeys']),
  kms('CreateAlias', 'create', touch('kms-alias', '{req.aliasName}')),
  kms('DeleteAlias', 'delete', touch('kms-alias', '{req.aliasName}')),
  kms('UpdateAlias', 'update', touch('kms-alias', '{req.aliasName}')),

  // Secrets
  secrets('CreateSecret', 'create', touch('secret', ['{resp.arn}', '{req.name}'])),
  secrets('DeleteSecret', 'delete', touch('secret', SECRET_ID)),
  secrets(
    'RestoreSecret ReplicateSecretToRegions RemoveRegionsFromReplication StopReplicationToReplica',
    'update',
    touch('secret', SECRET_ID),
  ),
  // Another value is another version: the declared ones are then no longer what the secret holds. An UpdateSecret without a
  // value tells no version, and is one of the secret alone.
  secrets(
    'PutSecretValue UpdateSecret',
    'update',
    touch('secret', SECRET_ID, '~aws_secretsmanager_secret_version={resp.arn}|{resp.versionId} *'),
  ),
  secrets(
    'UpdateSecretVersionStage',
    'update',
    touch('secret', SECRET_ID, '~aws_secretsmanager_secret_version *'),
  ),
  secrets(
    'RotateSecret CancelRotateSecret',
    'update',
    touch('secret', SECRET_ID, 'aws_secretsmanager_secret_rotation={resp.arn} *'),
  ),
  secrets(
    'PutResourcePolicy DeleteResourcePolicy',
    'update',
    touch('secret', SECRET_ID, 'aws_secretsmanager_secret_policy={resp.arn} *'),
  ),
  secrets('TagResource UntagResource', 'tag', touch('secret', SECRET_ID), ['tags[].key', 'tagKeys']),

  // Certificates, firewalls, detectors
  acm(
    'RequestCertificate ImportCertificate',
    'create',
    touch('certificate', '{resp.certificateArn|req.certificateArn}'),
    ['domainName'],
  ),
  acm('DeleteCertificate', 'delete', touch('certificate', '{req.certificateArn}')),
  acm('UpdateCertificateOptions RenewCertificate', 'update', touch('certificate', '{req.certificateArn}')),
  acm('AddTagsToCertificate RemoveTagsFromCertificate', 'tag', touch('certificate', '{req.certificateArn}')),
  waf('CreateWebACL', 'create', touch('web-acl', '{resp.summary.id}')),
  waf('UpdateWebACL', 'update', touch('web-acl', '{req.id}')),
  waf('DeleteWebACL', 'delete', touch('web-acl', '{req.id}')),
  waf(
    'AssociateWebACL',
    'update',
    touch('web-acl', '{req.webACLArn}', 'aws_wafv2_web_acl_association={req.webACLArn},{req.resourceArn}'),
  ),
  waf(
    'PutLoggingConfiguration DeleteLoggingConfiguration',
    'update',
    touch(
      'web-acl',
      '{req.loggingConfiguration.resourceArn|req.resourceArn}',
      'aws_wafv2_web_acl_logging_configuration={req.loggingConfiguration.resourceArn|req.resourceArn} *',
    ),
  ),
  waf('CreateIPSet', 'create', touch('waf-ip-set', '{resp.summary.id}')),
  waf('TagResource UntagResource', 'tag', touch('by-arn', '{req.resourceARN}')),
  waf('UpdateIPSet', 'update', touch('waf-ip-set', '{req.id}')),
  waf('DeleteIPSet', 'delete', touch('waf-ip-set', '{req.id}')),
  guardduty('CreateDetector', 'create', touch('guardduty-detector', '{resp.detectorId}')),
  guardduty('DeleteDetector', 'delete', touch('guardduty-detector', '{req.detectorId}')),
  guardduty('UpdateDetector', 'update', touch('guardduty-detector', '{req.detectorId}')),
];
