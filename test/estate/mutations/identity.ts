// Edits of principals, their policies, keys and secrets. Data.
import { randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { type Call, cognito, iam, kms, secrets } from '../cloud.ts';
import { at, edit, listed, type Mutation, tagging, tagsOf, text, toggled, widened } from '../mutation.ts';

const STRAY_POLICY = 'arn:aws:iam::123456789012:policy/estate-2';
const document = (action: string): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }] });
const role = (a: JsonObject, more: JsonObject): Call =>
  iam('UpdateRole', {
    RoleName: text(a.name),
    Description: text(a.description),
    MaxSessionDuration: a.max_session_duration!,
    ...more,
  });
const rolePolicy = (a: JsonObject, name: string, policy: Json): Call =>
  iam('PutRolePolicy', { RoleName: text(a.role ?? a.name), PolicyName: name, PolicyDocument: policy });
const inline = (a: JsonObject): Json => (a.inline_policy as JsonObject[])[0]!.policy!;
const key = (name: string, a: JsonObject, more: JsonObject = {}): Call =>
  kms(name, { KeyId: text(a.key_id), ...more });
/** Clients make up a token for each call. */
const secretOf = (a: JsonObject): JsonObject => ({
  SecretId: text(a.name),
  ClientRequestToken: randomUUID(),
});
const secretPolicy = (a: JsonObject, policy: string): Call =>
  secrets(
    'PutResourcePolicy',
    { SecretId: text(a.secret_arn), ResourcePolicy: policy },
    { arn: text(a.secret_arn) },
  );
const PASSWORDS: [attribute: string, parameter: string, value: Json][] = [
  ['minimum_password_length', 'MinimumPasswordLength', 8],
  ['require_numbers', 'RequireNumbers', false],
  ['require_symbols', 'RequireSymbols', false],
  ['require_lowercase_characters', 'RequireLowercaseCharacters', false],
  ['require_uppercase_characters', 'RequireUppercaseCharacters', false],
];
const passwords = (a: JsonObject, changed: JsonObject): Call =>
  iam('UpdateAccountPasswordPolicy', {
    ...Object.fromEntries(PASSWORDS.map(([attribute, parameter]) => [parameter, a[attribute]!])),
    AllowUsersToChangePassword: true,
    ...changed,
  });

export const IDENTITY: readonly Mutation[] = [
  ...tagging(['aws_iam_role'], (a, tags) => iam('TagRole', { RoleName: text(a.name), Tags: listed(tags) })),
  ...tagging(['aws_iam_user'], (a, tags) => iam('TagUser', { UserName: text(a.name), Tags: listed(tags) })),
  ...tagging(['aws_iam_policy'], (a, tags) =>
    iam('TagPolicy', { PolicyArn: text(a.arn), Tags: listed(tags) }),
  ),
  ...tagging(['aws_iam_instance_profile'], (a, tags) =>
    iam('TagInstanceProfile', { InstanceProfileName: text(a.name), Tags: listed(tags) }),
  ),
  edit('aws_iam_role', 'description', (a, v) => role(a, { Description: v }), 'changed'),
  edit('aws_iam_role', 'max_session_duration', (a, v) => role(a, { MaxSessionDuration: v }), 7200),
  toggled(
    'aws_iam_role',
    'assume_role_policy',
    (a) =>
      iam('UpdateAssumeRolePolicy', {
        RoleName: text(a.name),
        PolicyDocument: text(a.assume_role_policy).replace(/(lambda|ec2)\.amazonaws/, 'ecs-tasks.amazonaws'),
      }),
    (a) =>
      iam('UpdateAssumeRolePolicy', { RoleName: text(a.name), PolicyDocument: text(a.assume_role_policy) }),
  ),
  toggled(
    'aws_iam_role',
    'permissions_boundary',
    (a) => iam('PutRolePermissionsBoundary', { RoleName: text(a.name), PermissionsBoundary: STRAY_POLICY }),
    (a) => iam('DeleteRolePermissionsBoundary', { RoleName: text(a.name) }),
  ),
  toggled(
    'aws_iam_role',
    'inline_policy',
    (a) => rolePolicy(a, 'read-logs', document('s3:*')),
    (a) => rolePolicy(a, 'read-logs', inline(a)),
    { fits: at('aws_iam_role.inline') },
  ),
  toggled(
    'aws_iam_role',
    'inline_policy',
    (a) => rolePolicy(a, 'stray', document('ec2:*')),
    (a) => iam('DeleteRolePolicy', { RoleName: text(a.name), PolicyName: 'stray' }),
    { fits: at('aws_iam_role.inline') },
  ),
  toggled(
    'aws_iam_role',
    'managed_policy_arns',
    (a) => iam('AttachRolePolicy', { RoleName: text(a.name), PolicyArn: STRAY_POLICY }),
    (a) => iam('DetachRolePolicy', { RoleName: text(a.name), PolicyArn: STRAY_POLICY }),
    { fits: at('aws_iam_role.inline') },
  ),
  toggled(
    'aws_iam_role',
    'inline_policy',
    (a) => rolePolicy(a, 'stray', document('ec2:*')),
    (a) => iam('DeleteRolePolicy', { RoleName: text(a.name), PolicyName: 'stray' }),
    { fits: at('aws_iam_role.beside[0]', 'aws_iam_role.beside[1]'), expects: { kind: 'unmanaged' } },
  ),
  toggled(
    'aws_iam_role_policy',
    'policy',
    (a) => rolePolicy(a, text(a.name), document('s3:*')),
    (a) => rolePolicy(a, text(a.name), a.policy!),
  ),
  toggled(
    'aws_iam_policy',
    'policy',
    (a) =>
      iam('CreatePolicyVersion', {
        PolicyArn: text(a.arn),
        PolicyDocument: document('s3:*'),
        SetAsDefault: true,
      }),
    (a) => iam('SetDefaultPolicyVersion', { PolicyArn: text(a.arn), VersionId: 'v1' }),
  ),
  ...(['user', 'group'] as const).map((who) => {
    const [call, member] = who === 'user' ? ['PutUserPolicy', 'UserName'] : ['PutGroupPolicy', 'GroupName'];
    const write = (a: JsonObject, policy: Json): Call =>
      iam(call, { [member]: text(a[who]), PolicyName: text(a.name), PolicyDocument: policy });
    return toggled(
      `aws_iam_${who}_policy`,
      'policy',
      (a) => write(a, document('s3:*')),
      (a) => write(a, a.policy!),
    );
  }),
  toggled(
    'aws_iam_group_membership',
    'users',
    (a) => iam('RemoveUserFromGroup', { GroupName: text(a.group), UserName: 'person-1' }),
    (a) => iam('AddUserToGroup', { GroupName: text(a.group), UserName: 'person-1' }),
  ),
  edit(
    'aws_iam_openid_connect_provider',
    'thumbprint_list',
    (a, v) =>
      iam('UpdateOpenIDConnectProviderThumbprint', {
        OpenIDConnectProviderArn: text(a.arn),
        ThumbprintList: v,
      }),
    ['0000000000000000000000000000000000000000'],
  ),
  ...PASSWORDS.map(([attribute, parameter, value]) =>
    edit('aws_iam_account_password_policy', attribute, (a, v) => passwords(a, { [parameter]: v }), value),
  ),

  edit('aws_kms_key', 'description', (a, v) => key('UpdateKeyDescription', a, { Description: v }), 'changed'),
  toggled(
    'aws_kms_key',
    'enable_key_rotation',
    (a) => key('DisableKeyRotation', a),
    (a) => key('EnableKeyRotation', a),
  ),
  toggled(
    'aws_kms_key',
    'is_enabled',
    (a) => key('DisableKey', a),
    (a) => key('EnableKey', a),
  ),
  toggled(
    'aws_kms_key',
    'policy',
    (a) => key('PutKeyPolicy', a, { PolicyName: 'default', Policy: widened(a.policy) }),
    (a) => key('PutKeyPolicy', a, { PolicyName: 'default', Policy: text(a.policy) }),
    { fits: at('aws_kms_key.main[0]', 'aws_kms_key.main[1]') },
  ),
  toggled(
    'aws_kms_key_policy',
    'policy',
    (a) => key('PutKeyPolicy', a, { PolicyName: 'default', Policy: widened(a.policy) }),
    (a) => key('PutKeyPolicy', a, { PolicyName: 'default', Policy: text(a.policy) }),
  ),
  ...tagging(['aws_kms_key'], (a, tags) =>
    key('TagResource', a, { Tags: listed(tags, 'TagKey', 'TagValue') }),
  ),

  edit(
    'aws_secretsmanager_secret',
    'description',
    (a, v) => secrets('UpdateSecret', { ...secretOf(a), Description: v }),
    'changed',
  ),
  edit(
    'aws_secretsmanager_secret',
    'kms_key_id',
    (a, v) => secrets('UpdateSecret', { ...secretOf(a), KmsKeyId: v ?? '' }),
    'alias/estate-1',
  ),
  ...tagging(['aws_secretsmanager_secret'], (a, tags) =>
    secrets('TagResource', { SecretId: text(a.id), Tags: listed(tags) }),
  ),
  toggled(
    'aws_secretsmanager_secret_policy',
    'policy',
    (a) => secretPolicy(a, widened(a.policy)),
    (a) => secretPolicy(a, text(a.policy)),
  ),
  edit(
    'aws_cognito_user_pool',
    'deletion_protection',
    (a, v) =>
      cognito('UpdateUserPool', {
        UserPoolId: text(a.id),
        DeletionProtection: v,
        UserPoolTags: tagsOf(a),
      }),
    'ACTIVE',
  ),
  edit(
    'aws_cognito_user_pool_client',
    'name',
    (a, v) =>
      cognito('UpdateUserPoolClient', {
        UserPoolId: text(a.user_pool_id),
        ClientId: text(a.id),
        ClientName: v,
      }),
    'changed',
  ),
];
