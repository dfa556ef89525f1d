// A large state, made up: as many instances as asked for, about 2 KB each. Written to a file piece by piece and sent from
// there, as the terraform of another process would: what is measured is the memory of the system, not that of its input.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { request } from 'node:http';
import { createTerraformClient } from '../compose/demo/terraform-client.ts';
import type { JsonObject } from '../schemas/index.ts';

export interface StateFile {
  path: string;
  bytes: number;
  md5: string;
}

const A_GROUP = 500;

export async function writeLargeState(path: string, instances: number): Promise<StateFile> {
  const head = {
    version: 4,
    terraform_version: '1.11.4',
    serial: 1,
    lineage: 'b1b1b1b1-0000-4000-8000-000000000000',
    outputs: {},
    check_results: null,
  };
  const md5 = createHash('md5');
  let bytes = 0;
  const file = await open(path, 'w');
  const write = async (text: string): Promise<void> => {
    md5.update(text);
    bytes += Buffer.byteLength(text);
    await file.writeFile(text);
  };
  try {
    await write(`${JSON.stringify(head).slice(0, -1)},"resources":[`);
    for (let from = 0; from < instances; from += A_GROUP) {
      const text = JSON.stringify(group(from, Math.min(A_GROUP, instances - from)));
      await write(from === 0 ? text : `,${text}`);
    }
    await write(']}');
  } finally {
    await file.close();
  }
  return { path, bytes, md5: md5.digest('base64') };
}

/** LOCK, POST and UNLOCK, as one apply does. */
export const applyStateFile = (
  { url, key, workspace }: { url: string; key: string; workspace: string },
  state: StateFile,
): Promise<void> =>
  createTerraformClient({ url, key, who: 'bench' }).underLock(workspace, (lockId) =>
    post(`${url}/tfstate/${workspace}?ID=${lockId}`, key, state),
  );

function post(url: string, key: string, state: StateFile): Promise<void> {
  const headers = {
    authorization: `Basic ${Buffer.from(`terraform:${key}`).toString('base64')}`,
    'content-type': 'application/json',
    'content-length': state.bytes,
    'content-md5': state.md5,
  };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`POST ${url}: ${response.statusCode}`)),
      );
    });
    sent.on('error', reject);
    createReadStream(state.path, { highWaterMark: 1 << 20 })
      .on('error', reject)
      .pipe(sent);
  });
}

const group = (from: number, count: number): JsonObject => ({
  module: `module.group[${from / A_GROUP}]`,
  mode: 'managed',
  type: 'aws_instance',
  name: 'node',
  provider: 'provider["registry.terraform.io/hashicorp/aws"]',
  instances: Array.from({ length: count }, (_, index) => instance(from + index, index)),
});

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
