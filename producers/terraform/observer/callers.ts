// Whose account and which region a provider reads: asked of the provider itself, by a table of those that can tell. What is
// not found there counts as gone only when it was looked for where it was.
import { PluginProblem } from '../plugin/host/problem.ts';
import type { Provider } from '../plugin/provider.ts';
import type { Schema } from '../plugin/values/schema.ts';

export interface Caller {
  account: string | null;
  /** Null where the provider has none: its ids say where they are. */
  region: string | null;
}

interface Asking {
  account: { data: string; attribute: string };
  /** Several names: versions differ. */
  region?: { data: string; attributes: readonly string[] };
  /** An attribute of the resource itself that says its account or region, where the type has it and it can be set. */
  own?: { account?: string; region?: string };
}

/** By the provider's name. */
const ASKING: Readonly<Record<string, Asking>> = {
  aws: {
    account: { data: 'aws_caller_identity', attribute: 'account_id' },
    region: { data: 'aws_region', attributes: ['region', 'name'] },
    own: { region: 'region' },
  },
  google: { account: { data: 'google_client_config', attribute: 'project' }, own: { account: 'project' } },
  'google-beta': {
    account: { data: 'google_client_config', attribute: 'project' },
    own: { account: 'project' },
  },
  azurerm: { account: { data: 'azurerm_client_config', attribute: 'subscription_id' } },
  digitalocean: { account: { data: 'digitalocean_account', attribute: 'uuid' } },
};

/** What they read is on this machine, or in the state alone: there is no account to be wrong. */
const NO_ACCOUNT: ReadonlySet<string> = new Set(['local', 'null', 'random', 'time', 'tls']);
/** Of them, which read files: a path starts where Terraform runs. */
const FROM_FILES: ReadonlySet<string> = new Set(['local']);

const asked = new WeakMap<Provider, Promise<Caller | null>>();

/** Asked once per process. Null: the provider cannot tell. Rejects when it could, and was refused. */
export function callerOf(provider: Provider, name: string): Promise<Caller | null> {
  const known = asked.get(provider);
  if (known) return known;
  const asking = ask(provider, name);
  asked.set(provider, asking);
  // What failed is asked again by the next read: credentials get renewed.
  asking.catch(() => asked.delete(provider));
  return asking;
}

async function ask(provider: Provider, name: string): Promise<Caller | null> {
  const row = Object.hasOwn(ASKING, name) ? ASKING[name] : undefined;
  if (!row) return null;
  const value = async (data: string, attributes: readonly string[]): Promise<string | null> => {
    const answer = await provider.readData(data, {});
    const found = attributes.map((one) => answer?.[one]).find((one) => typeof one === 'string' && one !== '');
    return typeof found === 'string' ? found : null;
  };
  try {
    const [account, region] = await Promise.all([
      value(row.account.data, [row.account.attribute]),
      row.region ? value(row.region.data, row.region.attributes) : null,
    ]);
    return { account, region };
  } catch (error) {
    if (error instanceof PluginProblem && error.kind === 'unsupported') return null;
    throw error;
  }
}

/** Where an instance should be, as far as anyone says. */
export interface Expected {
  /** Of the instance, or else of the reader. */
  account: string | null;
  /** Of the instance. */
  region: string | null;
  /** Of the reader. */
  configuredRegion: string | null;
  /** Whether the provider runs in Terraform's working directory of the workspace, as it now stands. */
  inDirectory: boolean;
}

export type Standing =
  | { kind: 'verified' }
  /** It may be read, and what is found is so; what is not found proves nothing. */
  | { kind: 'unverified'; reason: string }
  | { kind: 'wrong'; code: 'wrong-account' | 'wrong-region'; reason: string };

export function standingOf(
  caller: Caller | null,
  expected: Expected,
  name: string,
  schema: Schema,
): Standing {
  if (FROM_FILES.has(name) && !expected.inDirectory)
    return unverified(
      'it reads files, and it does not run where Terraform does: give the reader the directory of the workspace',
    );
  if (NO_ACCOUNT.has(name)) return { kind: 'verified' };
  const row = Object.hasOwn(ASKING, name) ? ASKING[name] : undefined;
  if (!row || !caller || caller.account === null)
    return unverified(`the provider ${name} does not tell whose account it reads`);
  const says = (attribute: string | undefined): boolean =>
    attribute !== undefined &&
    schema.block.attributes.some((one) => one.name === attribute && (one.optional || one.required));
  if (!says(row.own?.account)) {
    if (expected.account === null)
      return unverified('nothing says in whose account it should be: give the reader its account');
    if (caller.account !== expected.account)
      return wrong(
        'wrong-account',
        `the credentials of the reader are for the account ${caller.account}, the resource is in ${expected.account}: give the reader the credentials of that account`,
      );
  }
  if (!row.region || says(row.own?.region)) return { kind: 'verified' };
  for (const region of [expected.region, expected.configuredRegion])
    if (region !== null && caller.region !== null && caller.region !== region)
      return wrong(
        'wrong-region',
        `the reader reads in ${caller.region}, the resource is in ${region}: give the reader that region, or add a reader for it`,
      );
  if (caller.region === null || (expected.region === null && expected.configuredRegion === null))
    return unverified('nothing says in which region it should be: give the reader its region');
  return { kind: 'verified' };
}

const unverified = (reason: string): Standing => ({ kind: 'unverified', reason });
const wrong = (code: 'wrong-account' | 'wrong-region', reason: string): Standing => ({
  kind: 'wrong',
  code,
  reason,
});
