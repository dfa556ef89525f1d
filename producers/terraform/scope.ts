// Which account and region a resource instance lives in: from itself, from its siblings, from the configuration. Pure.
import picomatch from 'picomatch';
import type { Scope } from '../provider.ts';
import { parseProvider } from './address.ts';

/** Says where a provider configuration points, in workspaces whose name matches. State does not hold that. */
export interface Binding {
  /** Glob over workspace names. */
  workspace: string;
  /** Name of the provider (aws), or its whole address as the state spells it. */
  provider: string;
  /** Without one only the configuration without alias is meant; `*` means any. */
  alias?: string;
  account?: string;
  region?: string;
}

/** Value once all siblings agree on it, null while none has told, undefined for good once two disagree. */
type Agreed = string | null | undefined;

export interface Scopes {
  /** Takes note of what one instance tells about the configuration of its provider. */
  see(providerAddress: string, own: Scope): void;
  /** Nulls stay where nothing tells. Call after every instance was seen; `bound` is what the configuration says. */
  resolve(providerAddress: string, own: Scope, bound: (providerAddress: string) => Scope): Scope;
}

/** `*` stands for any part of a name, slashes too: names of workspaces are not paths. */
const isNamed = (workspace: string, glob: string): boolean =>
  picomatch.isMatch(workspace, glob, { dot: true, bash: true });

/** The bindings that count in one workspace, as a function of the provider's address. The first that tells wins. */
export function bindingsFor(
  workspace: string,
  bindings: readonly Binding[],
): (providerAddress: string) => Scope {
  const mine = bindings.filter((binding) => isNamed(workspace, binding.workspace));
  const known = new Map<string, Scope>();
  return (providerAddress) => {
    const before = known.get(providerAddress);
    if (before) return before;
    const provider = parseProvider(providerAddress);
    const scope: Scope = { account: null, region: null };
    for (const binding of mine) {
      const whole = binding.provider === providerAddress;
      const named =
        provider?.name === binding.provider &&
        (binding.alias === '*' || (binding.alias ?? null) === provider.alias);
      if (!whole && !named) continue;
      scope.account ??= binding.account ?? null;
      scope.region ??= binding.region ?? null;
    }
    known.set(providerAddress, scope);
    return scope;
  };
}

export function createScopes(): Scopes {
  const siblings = new Map<string, { account: Agreed; region: Agreed }>();
  const agree = (before: Agreed, told: string | null): Agreed =>
    told === null || before === undefined || before === told ? before : before === null ? told : undefined;

  return {
    see(providerAddress, own) {
      if (own.account === null && own.region === null) return;
      const before = siblings.get(providerAddress) ?? { account: null, region: null };
      siblings.set(providerAddress, {
        account: agree(before.account, own.account),
        region: agree(before.region, own.region),
      });
    },
    resolve(providerAddress, own, bound) {
      const told = siblings.get(providerAddress);
      const fallback = bound(providerAddress);
      return {
        account: own.account ?? told?.account ?? fallback.account,
        region: own.region ?? told?.region ?? fallback.region,
      };
    },
  };
}
