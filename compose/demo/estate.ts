// The demo's estate: which workspaces, teams and resources there are, as Terraform would write them. Pure.
import type { JsonObject } from '../../schemas/index.ts';

export interface EstateResource {
  type: string;
  name: string;
  /** Index keys; one instance each. Null: a single instance without index. */
  instances: { index: string | number | null; attributes: JsonObject; sensitive?: string[] }[];
}

export interface EstateWorkspace {
  name: string;
  owner: string;
  /** Source address of the provider all its resources use. */
  provider: string;
  lineage: string;
  resources: EstateResource[];
}

export const AWS_ACCOUNT = '111122223333';
export const AWS_REGION = 'eu-central-1';

const arn = (service: string, rest: string): string =>
  `arn:aws:${service}:${AWS_REGION}:${AWS_ACCOUNT}:${rest}`;
const hex = (seed: string, length: number): string => {
  let value = 0x811c9dc5;
  let text = '';
  for (let i = 0; text.length < length; i++) {
    for (const character of `${seed}${i}`)
      value = Math.imul(value ^ character.charCodeAt(0), 0x01000193) >>> 0;
    text += value.toString(16).padStart(8, '0');
  }
  return text.slice(0, length);
};
const idOf = (prefix: string, seed: string): string => `${prefix}-0${hex(seed, 16)}`;
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const tags = (owner: string): JsonObject => ({ ManagedBy: 'terraform', Team: owner });
const one = (type: string, name: string, attributes: JsonObject): EstateResource => ({
  type,
  name,
  instances: [{ index: null, attributes }],
});

/** Resources the story touches, by name, so that story and estate cannot disagree. */
export const CAST = {
  openedGroup: idOf('sg', 'web'),
  deletedPolicyBucket: 'acme-invoices',
  scalingGroup: 'shop-web',
  deployedFunction: 'checkout-7',
} as const;

function network(): EstateWorkspace {
  const owner = 'team-net';
  const vpcs = ['main', 'shop', 'data'];
  return {
    name: 'network-prod',
    owner,
    provider: 'registry.terraform.io/hashicorp/aws',
    lineage: '6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e001',
    resources: [
      ...vpcs.map((name, index) =>
        one('aws_vpc', name, {
          id: idOf('vpc', name),
          arn: arn('ec2', `vpc/${idOf('vpc', name)}`),
          cidr_block: `10.${index}.0.0/16`,
          enable_dns_support: true,
          enable_dns_hostnames: true,
          tags: tags(owner),
        }),
      ),
      ...vpcs.map((name, vpc) => ({
        type: 'aws_subnet',
        name: `${name}_private`,
        instances: range(9).map((index) => ({
          index,
          attributes: {
            id: idOf('subnet', `${name}${index}`),
            arn: arn('ec2', `subnet/${idOf('subnet', `${name}${index}`)}`),
            vpc_id: idOf('vpc', name),
            cidr_block: `10.${vpc}.${index * 16}.0/20`,
            availability_zone: `${AWS_REGION}${'abc'[index % 3]}`,
            map_public_ip_on_launch: false,
            tags: tags(owner),
          },
        })),
      })),
      ...['web', 'api', 'db', 'cache', 'bastion', 'metrics', 'queue', 'batch'].map((name) =>
        one('aws_security_group', name, {
          id: idOf('sg', name),
          arn: arn('ec2', `security-group/${idOf('sg', name)}`),
          owner_id: AWS_ACCOUNT,
          vpc_id: idOf('vpc', 'main'),
          name: `${name}-prod`,
          description: `${name} tier`,
          ingress: [rule('tcp', 443, '10.0.0.0/8')],
          egress: [rule('-1', 0, '0.0.0.0/0')],
          tags: tags(owner),
        }),
      ),
      ...vpcs.map((name) =>
        one('aws_route_table', name, {
          id: idOf('rtb', name),
          arn: arn('ec2', `route-table/${idOf('rtb', name)}`),
          owner_id: AWS_ACCOUNT,
          vpc_id: idOf('vpc', name),
          route: [],
          tags: tags(owner),
        }),
      ),
    ],
  };
}

function rule(protocol: string, port: number, cidr: string): JsonObject {
  return {
    protocol,
    from_port: port,
    to_port: port,
    cidr_blocks: [cidr],
    ipv6_cidr_blocks: [],
    prefix_list_ids: [],
    security_groups: [],
    self: false,
    description: '',
  };
}

function data(): EstateWorkspace {
  const owner = 'team-data';
  const buckets = ['invoices', 'exports', ...range(28).map((index) => `archive-${index}`)].map(
    (name) => `acme-${name}`,
  );
  const policy = (bucket: string): string =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'TlsOnly',
          Effect: 'Deny',
          Principal: '*',
          Action: 's3:*',
          Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
  return {
    name: 'data-prod',
    owner,
    provider: 'registry.terraform.io/hashicorp/aws',
    lineage: '6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e002',
    resources: [
      perBucket('aws_s3_bucket', (bucket) => ({
        bucket,
        arn: `arn:aws:s3:::${bucket}`,
        region: AWS_REGION,
        tags: tags(owner),
      })),
      perBucket('aws_s3_bucket_policy', (bucket) => ({ bucket, policy: policy(bucket) })),
      perBucket('aws_s3_bucket_versioning', (bucket) => ({
        bucket,
        expected_bucket_owner: '',
        versioning_configuration: [{ status: 'Enabled', mfa_delete: '' }],
      })),
      ...range(12).map((index) =>
        one('aws_dynamodb_table', `ledger_${index}`, {
          id: `ledger-${index}`,
          name: `ledger-${index}`,
          arn: arn('dynamodb', `table/ledger-${index}`),
          billing_mode: 'PAY_PER_REQUEST',
          hash_key: 'id',
          tags: tags(owner),
        }),
      ),
      ...range(8).map((index) =>
        one('aws_sqs_queue', `events_${index}`, {
          id: `https://sqs.${AWS_REGION}.amazonaws.com/${AWS_ACCOUNT}/events-${index}`,
          url: `https://sqs.${AWS_REGION}.amazonaws.com/${AWS_ACCOUNT}/events-${index}`,
          arn: arn('sqs', `events-${index}`),
          name: `events-${index}`,
          visibility_timeout_seconds: 30,
          tags: tags(owner),
        }),
      ),
    ],
  };

  function perBucket(type: string, attributes: (bucket: string) => JsonObject): EstateResource {
    return {
      type,
      name: 'this',
      instances: buckets.map((bucket) => ({
        index: bucket,
        attributes: { id: bucket, ...attributes(bucket) },
      })),
    };
  }
}

function shop(): EstateWorkspace {
  const owner = 'team-shop';
  return {
    name: 'shop-prod',
    owner,
    provider: 'registry.terraform.io/hashicorp/aws',
    lineage: '6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e003',
    resources: [
      {
        type: 'aws_lambda_function',
        name: 'checkout',
        instances: range(30).map((index) => ({
          index,
          attributes: {
            id: `checkout-${index}`,
            function_name: `checkout-${index}`,
            arn: arn('lambda', `function:checkout-${index}`),
            role: `arn:aws:iam::${AWS_ACCOUNT}:role/checkout-${index}`,
            runtime: 'nodejs22.x',
            handler: 'index.handler',
            memory_size: 256,
            timeout: 10,
            environment: [
              { variables: { PAYMENT_TOKEN: `tok_live_${hex(`payment${index}`, 24)}`, STAGE: 'prod' } },
            ],
            tags: tags(owner),
          },
          sensitive: ['environment'],
        })),
      },
      {
        type: 'aws_iam_role',
        name: 'checkout',
        instances: range(30).map((index) => ({
          index,
          attributes: {
            id: `checkout-${index}`,
            name: `checkout-${index}`,
            arn: `arn:aws:iam::${AWS_ACCOUNT}:role/checkout-${index}`,
            path: '/',
            max_session_duration: 3600,
            tags: tags(owner),
          },
        })),
      },
      {
        type: 'aws_cloudwatch_log_group',
        name: 'checkout',
        instances: range(30).map((index) => ({
          index,
          attributes: {
            id: `/acme/checkout-${index}`,
            name: `/acme/checkout-${index}`,
            arn: arn('logs', `log-group:/acme/checkout-${index}`),
            retention_in_days: 30,
            tags: tags(owner),
          },
        })),
      },
      {
        type: 'aws_instance',
        name: 'worker',
        instances: range(24).map((index) => ({
          index,
          attributes: {
            id: idOf('i', `worker${index}`),
            arn: arn('ec2', `instance/${idOf('i', `worker${index}`)}`),
            ami: 'ami-0abcdef1234567890',
            instance_type: 't3.medium',
            availability_zone: `${AWS_REGION}a`,
            vpc_security_group_ids: [idOf('sg', 'batch')],
            root_block_device: [
              {
                volume_id: idOf('vol', `worker${index}`),
                encrypted: true,
                volume_size: 20,
                volume_type: 'gp3',
              },
            ],
            tags: tags(owner),
          },
        })),
      },
      one('aws_autoscaling_group', 'web', {
        id: CAST.scalingGroup,
        name: CAST.scalingGroup,
        arn: arn(
          'autoscaling',
          `autoScalingGroup:${hex('asg', 8)}:autoScalingGroupName/${CAST.scalingGroup}`,
        ),
        min_size: 2,
        max_size: 12,
        desired_capacity: 3,
      }),
    ],
  };
}

function analytics(): EstateWorkspace {
  const project = 'acme-analytics';
  return {
    name: 'analytics',
    owner: 'team-data',
    provider: 'registry.terraform.io/hashicorp/google',
    lineage: '6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e005',
    resources: [
      {
        type: 'google_pubsub_topic',
        name: 'stream',
        instances: range(40).map((index) => ({
          index,
          attributes: {
            id: `projects/${project}/topics/stream-${index}`,
            name: `stream-${index}`,
            project,
            message_retention_duration: '86400s',
          },
        })),
      },
      {
        type: 'google_storage_bucket',
        name: 'lake',
        instances: range(40).map((index) => ({
          index,
          attributes: {
            id: `acme-lake-${index}`,
            name: `acme-lake-${index}`,
            project,
            location: 'EU',
            uniform_bucket_level_access: true,
          },
        })),
      },
    ],
  };
}

/** The workspaces of the demo besides `edge`, whose resources come from the DigitalOcean stand-in's own fixtures. */
export const awsAndGoogle = (): EstateWorkspace[] => [network(), data(), shop(), analytics()];

/** A state file, format 4, as Terraform writes it. */
export function stateOf(workspace: EstateWorkspace, serial: number): JsonObject {
  return {
    version: 4,
    terraform_version: '1.11.4',
    serial,
    lineage: workspace.lineage,
    outputs: {},
    resources: workspace.resources.map((resource) => ({
      mode: 'managed',
      type: resource.type,
      name: resource.name,
      provider: `provider["${workspace.provider}"]`,
      instances: resource.instances.map((instance) => ({
        ...(instance.index === null ? {} : { index_key: instance.index }),
        schema_version: 0,
        attributes: instance.attributes,
        sensitive_attributes: (instance.sensitive ?? []).map((name) => [{ type: 'get_attr', value: name }]),
        private: 'bnVsbA==',
      })),
    })),
    check_results: null,
  };
}

export const countInstances = (workspaces: EstateWorkspace[]): number =>
  workspaces
    .flatMap((workspace) => workspace.resources)
    .reduce((sum, resource) => sum + resource.instances.length, 0);
