// Puts the pretend providers where Terraform finds providers: as development overrides, or as a mirror to install from.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProviderType } from './schema.ts';
import { PROVIDERS } from './types/index.ts';

export interface Launcher {
  provider: Pick<ProviderType, 'name' | 'address' | 'version'>;
  /** Whose schemas it wears, if not its own. */
  schema?: string;
  /** Speaks this protocol version, whatever its own is. */
  protocol?: 5 | 6;
  /** Tells that it can list. */
  lists?: boolean;
}

const MAIN = fileURLToPath(new URL('provider/main.ts', import.meta.url));
/** What Node compiled, kept between starts: Terraform starts a provider three times for one apply. */
const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/driftmgr-pretend', import.meta.url));
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** An executable file that is the provider: the node that runs this runs that. */
export function writeLauncher(path: string, { provider, schema, protocol, lists }: Launcher): void {
  const args = [
    process.execPath,
    MAIN,
    '--provider',
    provider.name,
    ...(schema === undefined ? ['--version', provider.version] : ['--schema', resolve(schema)]),
    ...(lists ? ['--lists'] : []),
    ...(protocol === undefined ? [] : ['--protocol', String(protocol)]),
  ];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\nNODE_COMPILE_CACHE=${quoted(COMPILED)} exec ${args.map(quoted).join(' ')} "$@"\n`,
  );
  chmodSync(path, 0o755);
}

const BUILT_IN: readonly Launcher[] = PROVIDERS.map((provider) => ({ provider }));

/**
 * Launchers in `directory`, and beside them the file `overrides.tfrc` for TF_CLI_CONFIG_FILE: Terraform then uses them without
 * an init. Returns that file's path.
 */
export function writeOverrides(directory: string, launchers: readonly Launcher[] = BUILT_IN): string {
  for (const launcher of launchers)
    writeLauncher(join(directory, `terraform-provider-${launcher.provider.name}`), launcher);
  const overrides = launchers.map(({ provider }) => `    "${shortOf(provider.address)}" = "${directory}"\n`);
  const path = join(directory, 'overrides.tfrc');
  writeFileSync(
    path,
    `provider_installation {\n  dev_overrides {\n${overrides.join('')}  }\n  direct {}\n}\n`,
  );
  return path;
}

/** A filesystem mirror in `directory` and a file `mirror.tfrc`: `terraform init` installs from it. Returns that file's path. */
export function writeMirror(directory: string, launchers: readonly Launcher[] = BUILT_IN): string {
  for (const launcher of launchers) {
    const { address, version, name } = launcher.provider;
    const folder = join(directory, address, version, platform());
    writeLauncher(join(folder, `terraform-provider-${name}_v${version}`), launcher);
  }
  const path = join(directory, 'mirror.tfrc');
  writeFileSync(path, `provider_installation {\n  filesystem_mirror {\n    path = "${directory}"\n  }\n}\n`);
  return path;
}

/** What Terraform calls this machine. */
function platform(): string {
  const architecture = { x64: 'amd64', arm64: 'arm64', ia32: '386', arm: 'arm' }[process.arch as string];
  if (!architecture) throw new Error(`Terraform has no name that is known for ${process.arch}`);
  return `${process.platform}_${architecture}`;
}

/** Without the registry that is meant when none is named. */
const shortOf = (address: string): string => address.replace(/^registry\.terraform\.io\//, '');
