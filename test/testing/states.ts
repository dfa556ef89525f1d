// Terraform state files for the end-to-end tests, format 4, as Terraform writes them.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JsonObject } from '../../schemas/index.ts';

export interface Declared {
  type: string;
  attributes: JsonObject;
}

const AWS = 'registry.terraform.io/hashicorp/aws';

/** A state that declares each at `<type>.r<n>`. */
export const stateOf = (declared: readonly Declared[], provider = AWS, serial = 4): JsonObject => ({
  version: 4,
  terraform_version: '1.11.4',
  serial,
  lineage: '0d7a1cf0-5d3b-4e0b-9c0f-5a5f0f4c8a10',
  outputs: {},
  resources: declared.map(({ type, attributes }, index) => ({
    mode: 'managed',
    type,
    name: `r${index}`,
    provider: `provider["${provider}"]`,
    instances: [{ schema_version: 0, attributes, sensitive_attributes: [], private: 'bnVsbA==' }],
  })),
  check_results: null,
});

export async function stateFile(
  path: string,
  declared: readonly Declared[],
  provider?: string,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(stateOf(declared, provider)));
}
