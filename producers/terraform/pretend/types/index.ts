// The providers this cloud pretends to be, and the wearing of others: any schema that `terraform providers schema -json` prints.
import { readFileSync } from 'node:fs';
import type { Attribute, Block, CtyType, ProviderType, ResourceType } from '../schema.ts';
import { AWS_COMPUTE } from './aws-compute.ts';
import { AWS_NETWORK } from './aws-network.ts';
import { AWS_PARTS } from './aws-parts.ts';
import { AWS_STORAGE } from './aws-storage.ts';
import { AZURERM, AZURERM_3 } from './azurerm.ts';
import { DIGITALOCEAN } from './digitalocean.ts';
import { GOOGLE } from './google.ts';
import { block, CONFIGURATION, made } from './written.ts';

export const AWS: ProviderType = {
  name: 'aws',
  address: 'registry.terraform.io/hashicorp/aws',
  version: '5.100.0',
  protocol: 5,
  block: block({ ...CONFIGURATION, secret_key: 'string optional sensitive' }),
  resources: { ...AWS_NETWORK, ...AWS_STORAGE, ...AWS_COMPUTE, ...AWS_PARTS },
  data: {
    aws_caller_identity: {
      version: 0,
      block: block({
        id: made('string', '{caller.account}'),
        account_id: made('string', '{caller.account}'),
        arn: made('string', '{caller.arn}'),
        user_id: made('string', '{caller.principalId}'),
      }),
    },
    aws_region: {
      version: 0,
      block: block({ id: made('string', '{caller.region}'), name: made('string', '{caller.region}') }),
    },
  },
};

/** As it is a major version on: what has a region says so in an attribute of its own, which no earlier state has. */
export const AWS_6: ProviderType = {
  ...AWS,
  version: '6.20.0',
  resources: Object.fromEntries(
    Object.entries(AWS.resources).map(([name, type]) => [name, isRegional(name) ? withRegion(type) : type]),
  ),
};

function isRegional(name: string): boolean {
  return !name.startsWith('aws_iam_') && name !== 'aws_s3_bucket';
}

function withRegion(type: ResourceType): ResourceType {
  const region = {
    type: 'string',
    optional: true,
    computed: true,
    force_new: true,
    own: '{region}',
  } as const;
  return { ...type, block: { ...type.block, attributes: { ...type.block.attributes, region } } };
}

export { AZURERM, AZURERM_3, DIGITALOCEAN, GOOGLE };

export const PROVIDERS: readonly ProviderType[] = [AWS, AZURERM, GOOGLE, DIGITALOCEAN];

/** The providers in other versions, for states that another version than the installed one wrote. */
export const OTHER_VERSIONS: readonly ProviderType[] = [AWS_6, AZURERM_3];

/** The named provider, in the version asked for; with `file`, one that wears the schemas printed into it. */
export function providerNamed(
  name: string,
  file: string | null = null,
  version: string | null = null,
): ProviderType {
  if (file !== null) return worn(name, file);
  const known = [...PROVIDERS, ...OTHER_VERSIONS].find(
    (provider) => provider.name === name && (version === null || provider.version === version),
  );
  if (known) return known;
  const names = PROVIDERS.map((provider) => provider.name).join(', ');
  throw new Error(
    `no pretend provider is called ${name}${version === null ? '' : ` of version ${version}`}; there are ${names}, or give a file of schemas`,
  );
}

interface Printed {
  provider_schemas?: Record<
    string,
    Partial<ProviderType> & { resource_schemas?: Record<string, ResourceType> }
  >;
}

/**
 * Out of what `terraform providers schema -json` printed: the provider whose address ends in the name. Its own
 * configuration gives way to that of a pretend provider; its data sources are left out.
 */
function worn(name: string, file: string): ProviderType {
  const printed = JSON.parse(readFileSync(file, 'utf8')) as Printed;
  const found = Object.entries(printed.provider_schemas ?? {}).find(([at]) => at.split('/').at(-1) === name);
  if (!found) throw new Error(`${file} holds no schemas of a provider called ${name}`);
  const [address, { resource_schemas = {}, version = '0.0.1', protocol = 6 }] = found;
  for (const resource of Object.values(resource_schemas)) typed(resource.block);
  return {
    name,
    address,
    version,
    protocol,
    block: block(CONFIGURATION),
    resources: resource_schemas,
    data: {},
  };
}

/** Gives every attribute a type: one that nests attributes has none of its own. */
function typed({ attributes = {}, block_types = {} }: Block): void {
  for (const attribute of Object.values(attributes)) typeIn(attribute);
  for (const nested of Object.values(block_types)) typed(nested.block);
}

function typeIn(attribute: Attribute): CtyType {
  const { nested_type: nested } = attribute;
  if (nested) {
    const members = Object.entries(nested.attributes).map(([name, of]) => [name, typeIn(of)]);
    const object: CtyType = ['object', Object.fromEntries(members) as Record<string, CtyType>];
    attribute.type = nested.nesting_mode === 'single' ? object : [nested.nesting_mode, object];
  }
  return attribute.type;
}
