// Which reader serves an instance: rows of the configuration, the first that fits. Pure.
import picomatch from 'picomatch';
import type { JsonObject } from '../../../schemas/index.ts';
import { parseProvider } from '../address.ts';
import { type ProviderSource, parseSource, sourceText } from '../plugin/find/source.ts';

/** How the resources of a provider's configuration are read. */
export interface ReaderRow {
  /** Glob over workspace names. */
  workspace: string;
  /** Name of the provider (aws), its source address (hashicorp/aws), or its address as the state spells it. */
  provider: string;
  /** Without one only the configuration without alias is meant; `*` means any. */
  alias?: string;
  /** Whose account the credentials are for: a read by anyone else counts for nothing. */
  account?: string;
  region?: string;
  /** The whole environment of the provider's process; a value `$NAME` is taken from our own. */
  environment: Readonly<Record<string, string>>;
  /** The `provider` block as JSON; a text that is `$NAME` is taken from our own environment. */
  configuration: JsonObject;
  /** Terraform's working directory of the workspace, with its lock file and `.terraform/providers`. */
  directory?: string;
  /** Types that are read although that returns a secret. */
  allow: readonly string[];
  /** Of its account; without one what holds for all. */
  readsPerSecond?: number;
}

export interface Binding {
  row: ReaderRow;
  /** Of the rows: two may name one account and hold other credentials. */
  number: number;
  source: ProviderSource;
}

/** What of an instance decides. */
export interface Whose {
  workspace: string;
  account: string | null;
  region: string | null;
}

export interface Bindings {
  /** Null: no reader is configured for it. */
  find(whose: Whose, providerAddress: string): Binding | null;
  /** Whether anything of the provider (its name, as declarations say it) can be read in the workspace. */
  readable(workspace: string, provider: string): boolean;
}

export function bindingsOf(rows: readonly ReaderRow[]): Bindings {
  // `*` stands for any part of a name, slashes too: names of workspaces are not paths.
  const compiled = rows.map((row, number) => ({
    row,
    number,
    isNamed: picomatch(row.workspace, { dot: true, bash: true }),
  }));
  const known = new Map<string, boolean>();
  return {
    find({ workspace, account, region }, providerAddress) {
      const provider = parseProvider(providerAddress);
      const source = parseSource(providerAddress) ?? parseSource(provider?.name ?? '');
      if (!provider || !source) return null;
      const fits = compiled.find(
        ({ row, isNamed }) =>
          isNamed(workspace) &&
          (row.provider === providerAddress ||
            (isMeant(row.provider, source) &&
              (row.alias === '*' || (row.alias ?? null) === provider.alias))) &&
          agrees(row.account, account) &&
          agrees(row.region, region),
      );
      return fits ? { row: fits.row, number: fits.number, source } : null;
    },
    readable(workspace, provider) {
      const key = `${provider} ${workspace}`;
      let answer = known.get(key);
      if (answer === undefined) {
        answer = compiled.some(({ row, isNamed }) => isNamed(workspace) && nameOf(row.provider) === provider);
        if (known.size < MOST_KNOWN) known.set(key, answer);
      }
      return answer;
    },
  };
}

const MOST_KNOWN = 10_000;

/** What one of both does not say does not part them. */
const agrees = (row: string | undefined, is: string | null): boolean =>
  row === undefined || is === null || row === is;

/** A bare name means the provider of that name from anywhere. */
function isMeant(written: string, source: ProviderSource): boolean {
  if (!written.includes('/')) return written === source.type;
  const meant = parseSource(written);
  return !written.includes('"') && meant !== null && sourceText(meant) === sourceText(source);
}

const nameOf = (written: string): string | null =>
  parseProvider(written)?.name ?? parseSource(written)?.type ?? null;
