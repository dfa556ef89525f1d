// What finds and installs providers, for the command line.
import { parseProvider } from '../../address.ts';
import type { Choice } from './choose.ts';
import { findProvider, locksOf, type Where } from './find.ts';
import { type ProviderSource, parseSource } from './source.ts';

export { findProvider, LOCK_FILE, locksOf } from './find.ts';
export { type Installation, installProvider } from './install.ts';
export { type ProviderSource, parseSource, shortName, sourceText } from './source.ts';

/** A row of the readers, as far as it says which provider it means. */
interface Row {
  workspace: string;
  provider: string;
  directory?: string;
  environment: Readonly<Record<string, string>>;
}

export interface Listed {
  workspace: string;
  /** As it was written, or as the lock file spells it. */
  source: ProviderSource | null;
  written: string;
  choice: Choice | null;
  /** Why there is none. */
  problem: string | null;
}

/** For every reader, the provider it would be read with now. */
export async function listChoices(
  rows: readonly Row[],
  { environment, own }: Pick<Where, 'environment' | 'own'>,
): Promise<Listed[]> {
  return Promise.all(
    rows.map(async (row): Promise<Listed> => {
      const directory = row.directory ?? null;
      const { workspace, provider: written } = row;
      try {
        const source = await sourceOf(written, directory);
        if (!source)
          return { workspace, source, written, choice: null, problem: `${written} names no provider` };
        // A value `$NAME` is a credential: nothing that is looked for with.
        const variables = Object.entries(row.environment).filter(([, value]) => !value.startsWith('$'));
        const choice = await findProvider(source, {
          environment: { ...environment, ...Object.fromEntries(variables) },
          directory,
          own,
        });
        return { workspace, source, written, choice, problem: null };
      } catch (error) {
        return { workspace, source: null, written, choice: null, problem: (error as Error).message };
      }
    }),
  );
}

/** A bare name means the provider of that name from anywhere: the lock file says from where. */
async function sourceOf(written: string, directory: string | null): Promise<ProviderSource | null> {
  const source = parseSource(written) ?? parseSource(parseProvider(written)?.name ?? '');
  if (!source || written.includes('/')) return source;
  for (const locked of (await locksOf({ directory })).keys()) {
    const one = parseSource(locked);
    if (one?.type === source.type) return one;
  }
  return source;
}
