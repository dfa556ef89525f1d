// States for tests, small and large, in the form Terraform 1.11 writes.
import type { Json, JsonObject } from '../../../schemas/index.ts';

export const AWS = 'provider["registry.terraform.io/hashicorp/aws"]';
export const BUILTIN = 'provider["terraform.io/builtin/terraform"]';
export const LINEAGE = 'f87ae453-01b1-74d0-5649-45c4b2ddaa99';

export interface InstanceSpec {
  index?: string | number;
  attributes: JsonObject | null;
  /** Anything else an instance may hold. */
  more?: JsonObject;
}

export interface ResourceSpec {
  type: string;
  name: string;
  module?: string;
  mode?: string;
  provider?: string;
  instances: InstanceSpec[];
}

export interface StateSpec {
  serial?: number;
  lineage?: string;
  outputs?: JsonObject;
  resources: ResourceSpec[];
  more?: JsonObject;
}

export const one = (
  type: string,
  name: string,
  attributes: JsonObject,
  more: JsonObject & { module?: string; provider?: string } = {},
): ResourceSpec => {
  const { module, provider, ...rest } = more;
  return { type, name, module, provider, instances: [{ attributes, more: rest }] };
};

export function stateText(spec: StateSpec): string {
  const state: JsonObject = {
    version: 4,
    terraform_version: '1.11.4',
    serial: spec.serial ?? 1,
    lineage: spec.lineage ?? LINEAGE,
    outputs: spec.outputs ?? {},
    resources: spec.resources.map(
      (resource): Json => ({
        ...(resource.module === undefined ? {} : { module: resource.module }),
        mode: resource.mode ?? 'managed',
        type: resource.type,
        name: resource.name,
        provider: resource.provider ?? BUILTIN,
        instances: resource.instances.map(
          (instance): Json => ({
            ...(instance.index === undefined ? {} : { index_key: instance.index }),
            schema_version: 0,
            attributes: instance.attributes,
            sensitive_attributes: [],
            ...instance.more,
          }),
        ),
      }),
    ),
    check_results: null,
    ...spec.more,
  };
  return JSON.stringify(state, null, 2);
}

export const stateBytes = (spec: StateSpec): Buffer => Buffer.from(stateText(spec));

/** Security groups of about two kilobytes each, as a large workspace has them; every twentieth marks a secret. */
export function largeState(
  instances: number,
  serial: number,
  change: (i: number) => boolean = () => false,
): Buffer {
  const parts: string[] = [];
  for (let i = 0; i < instances; i++) {
    const id = `sg-${i.toString(16).padStart(17, '0')}`;
    const rules = Array.from({ length: 5 }, (_, rule) => ({
      cidr_blocks: ['10.0.0.0/8', '192.168.0.0/16', `10.${i % 255}.${rule}.0/24`],
      description: `rule ${rule} of group ${i}, opened for the web tier`,
      from_port: 8000 + rule,
      ipv6_cidr_blocks: [],
      prefix_list_ids: [],
      protocol: 'tcp',
      security_groups: [],
      self: false,
      to_port: 8000 + rule,
    }));
    const instance = {
      index_key: i,
      schema_version: 1,
      attributes: {
        arn: `arn:aws:ec2:us-east-1:123456789012:security-group/${id}`,
        description: change(i) ? `changed in serial ${serial}` : 'Managed by Terraform',
        egress: [],
        id,
        ingress: rules,
        name: `web-${i}`,
        tags: i % 20 === 0 ? { Name: `web-${i}`, Pin: `Zq${i}-s3cr3t!value` } : { Name: `web-${i}` },
        vpc_id: 'vpc-0123456789abcdef0',
      },
      sensitive_attributes:
        i % 20 === 0
          ? [
              [
                { type: 'get_attr', value: 'tags' },
                { type: 'index', value: { value: 'Pin', type: 'string' } },
              ],
            ]
          : [],
      private: 'bnVsbA==',
      dependencies: ['aws_vpc.main'],
    };
    parts.push(JSON.stringify(instance, null, 2));
  }
  const head = `{"version":4,"terraform_version":"1.11.4","serial":${serial},"lineage":"${LINEAGE}","outputs":{},`;
  const resource = `"mode":"managed","type":"aws_security_group","name":"web","provider":${JSON.stringify(AWS)}`;
  return Buffer.from(
    `${head}"resources":[{${resource},"instances":[${parts.join(',\n')}]}],"check_results":null}`,
  );
}
