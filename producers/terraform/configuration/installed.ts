// Where `terraform init` put modules that are no local folders: .terraform/modules/modules.json. Pure.
import { ConfigurationProblem } from './problem.ts';

export const INSTALLED = '.terraform/modules/modules.json';

/** Folders, relative to the root module, by the path of calls: `vpc`, `vpc.subnets`. */
export function installedModules(text: string, file: string): ReadonlyMap<string, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ConfigurationProblem(`${file}: it is not JSON; run terraform init again`);
  }
  const modules = (parsed as { Modules?: unknown } | null)?.Modules;
  if (!Array.isArray(modules))
    throw new ConfigurationProblem(`${file}: it lists no modules; run terraform init again`);
  return new Map(
    modules.flatMap((entry: unknown): [string, string][] => {
      const { Key: key, Dir: folder } = (entry ?? {}) as { Key?: unknown; Dir?: unknown };
      return typeof key === 'string' && typeof folder === 'string' ? [[key, folder]] : [];
    }),
  );
}
