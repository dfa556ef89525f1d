// The providers whose resources can be identified, and the identity of what no provider folder knows.
import type { JsonObject } from '../schemas/index.ts';
import { aws } from './aws/index.ts';
import { digitalocean } from './digitalocean/index.ts';
import type { Identity, Provider } from './provider.ts';

export const PROVIDERS: readonly Provider[] = [aws, digitalocean];

/** Raise it whenever an identity rule of any provider changes: states already read are then identified anew. */
export const IDENTITY_VERSION = 2;

/**
 * Providers whose ids name nothing outside of a state: the checksum of a file's content, `none` of every random password, a
 * number drawn from ten, a time. Two instances may have the same one, in one workspace or in two, and share no object.
 */
const IDS_NAME_NOTHING: ReadonlySet<string> = new Set([
  'archive',
  'cloudinit',
  'local',
  'random',
  'template',
  'time',
  'tls',
]);

/**
 * The provider whose Terraform name this is; for others one that takes ids as they stand in the state, and none where they
 * name nothing: then the place in the workspace is what tells one object from another.
 */
export function providerNamed(terraformName: string): Provider {
  const known = PROVIDERS.find((provider) => provider.terraformName === terraformName);
  if (known) return known;
  return {
    name: terraformName,
    terraformName,
    scopeOf: () => ({ account: null, region: null }),
    identify: ({ org, type, attributes }) =>
      identifyBy(IDS_NAME_NOTHING.has(terraformName) ? '' : idIn(attributes), org, terraformName, type),
  };
}

/** `org/provider/-/-/type/id`: ids of unknown providers are taken as unique within the provider and type. */
function identifyBy(resourceId: string, org: string, provider: string, type: string): Identity {
  return {
    objectKeys: [`${org}/${provider}/-/-/${type}/${resourceId}`],
    resourceId,
    account: null,
    region: null,
    scopeProblem: null,
  };
}

/** The attribute that names the object: `id` nearly always; newer providers may leave it out. Empty when none does. */
function idIn(attributes: JsonObject): string {
  for (const name of ['id', 'arn', 'self_link', 'name']) {
    const value = attributes[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return '';
}
