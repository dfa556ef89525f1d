// The estate in a folder of its own, for the real terraform with the real aws provider against moto.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Choice } from '../../producers/terraform/plugin/find/choose.ts';
import { awsConfiguration } from '../../producers/terraform/plugin/testing/aws.ts';
import { type Terraform, terraformIn } from '../testing/terraform.ts';
import { storedZip } from './zip.ts';

const HERE = new URL('.', import.meta.url);
const FILES = readdirSync(HERE).filter((name) => name.endsWith('.tf'));

/** The .tf files as one text. */
export const ESTATE = FILES.map((name) => readFileSync(new URL(name, HERE), 'utf8')).join('\n');
/** How many types it has, data sources left out. */
export const TYPES = new Set([...ESTATE.matchAll(/^resource "(\w+)"/gm)].map(([, type]) => type!)).size;

/** The filesystem mirror that it was found in: host, namespace, name, version and platform are below it. */
export const mirrorOf = ({ program }: Choice): string => join(program, ...Array(6).fill('..'));

/** `state`: where Terraform keeps it; null: in a file of the folder. */
export function estateIn(
  folder: string,
  options: {
    binary: string;
    choice: Choice;
    moto: string;
    state: { address: string; key: string } | null;
    /** Another estate than the one beside this file. */
    resources?: string;
  },
): Terraform {
  const { binary, choice, moto, state, resources = ESTATE } = options;
  const terraform = terraformIn(folder, {
    binary,
    address: state?.address ?? null,
    key: state?.key ?? '',
    variables: {},
    cliConfig: join(folder, 'terraform.rc'),
    environment: { AWS_EC2_METADATA_DISABLED: 'true' },
  });
  terraform.write(
    'terraform.rc',
    `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirrorOf(choice))}\n  }\n}\n`,
  );
  writeFileSync(
    join(folder, 'function.zip'),
    storedZip('index.js', Buffer.from('exports.handler = async () => ({});\n')),
  );
  const { endpoints, ...plain } = awsConfiguration(moto);
  const [services] = endpoints;
  const lines = (of: Record<string, unknown>): string =>
    Object.entries(of)
      .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
      .join('\n');
  terraform.configure(
    `provider "aws" {\n${lines(plain)}\nendpoints {\n${lines(services!)}\n}\n}\n${resources}`,
  );
  return terraform;
}
