// A large state, made up: as many instances as asked for, about 2 KB each.
import type { JsonObject } from '../schemas/index.ts';

export function largeState(instances: number): JsonObject {
  return {
    version: 4,
    terraform_version: '1.11.4',
    serial: 1,
    lineage: 'b1b1b1b1-0000-4000-8000-000000000000',
    outputs: {},
    resources: Array.from({ length: Math.ceil(instances / 500) }, (_, group) => ({
      module: `module.group[${group}]`,
      mode: 'managed',
      type: 'aws_instance',
      name: 'node',
      provider: 'provider["registry.terraform.io/hashicorp/aws"]',
      instances: Array.from({ length: Math.min(500, instances - group * 500) }, (_, index) =>
        instance(group * 500 + index, index),
      ),
    })),
    check_results: null,
  };
}

function instance(n: number, index: number): JsonObject {
  const id = `i-${n.toString(16).padStart(17, '0')}`;
  return {
    index_key: index,
    schema_version: 1,
    attributes: {
      id,
      arn: `arn:aws:ec2:eu-central-1:111122223333:instance/${id}`,
      ami: 'ami-0abcdef1234567890',
      instance_type: 'm7g.large',
      availability_zone: 'eu-central-1a',
      private_ip: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
      subnet_id: `subnet-${(n % 64).toString(16).padStart(17, '0')}`,
      vpc_security_group_ids: [`sg-${(n % 32).toString(16).padStart(17, '0')}`],
      root_block_device: [
        { volume_id: `vol-${n.toString(16).padStart(17, '0')}`, volume_size: 40, encrypted: true, tags: {} },
      ],
      metadata_options: [
        { http_endpoint: 'enabled', http_tokens: 'required', http_put_response_hop_limit: 2 },
      ],
      user_data_base64: null,
      tags: { Name: `node-${n}`, Team: 'bench', Service: `service-${n % 97}`, Notes: 'n'.repeat(1_000) },
    },
    sensitive_attributes: [],
    private: 'eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ==',
    dependencies: ['module.group.aws_security_group.node', 'module.group.aws_subnet.node'],
  };
}
