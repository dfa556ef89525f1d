// What Terraform's CLI configuration (`.terraformrc`) and lock file say about providers. Pure.
import { type HclBlock, type HclBody, type HclValue, parseHcl } from './hcl.ts';
import { matches, type ProviderSource, parseSource, sourceText } from './source.ts';

export interface Mirror {
  path: string;
  /** Null: every provider. */
  include: readonly string[] | null;
  exclude: readonly string[];
}

export interface CliConfiguration {
  /** Folders by source, as `host/namespace/type`. */
  overrides: ReadonlyMap<string, string>;
  /** Null when there is no such block: Terraform then looks in its usual places. */
  mirrors: readonly Mirror[] | null;
  cache: string | null;
}

export const NO_CONFIGURATION: CliConfiguration = { overrides: new Map(), mirrors: null, cache: null };

/** Everything else in it, credentials first of all, is passed over. */
export function parseCliConfiguration(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): CliConfiguration {
  const { attributes, blocks } = parseHcl(text, file);
  const installation = blocks.find(({ type }) => type === 'provider_installation');
  const methods = installation?.body.blocks ?? [];
  const overrides = methods
    .filter(({ type }) => type === 'dev_overrides')
    .flatMap(({ body }) => Object.entries(body.attributes))
    .flatMap(([name, path]) => {
      const source = parseSource(name);
      return source && typeof path === 'string' ? [[sourceText(source), path] as const] : [];
    });
  const cache = attributes.plugin_cache_dir;
  return {
    overrides: new Map(overrides),
    mirrors: installation ? methods.flatMap(mirrorOf) : null,
    cache: typeof cache === 'string' && cache !== '' ? expanded(cache, environment) : null,
  };
}

function mirrorOf({ type, body }: HclBlock): Mirror[] {
  const { path, include, exclude } = body.attributes;
  if (type !== 'filesystem_mirror' || typeof path !== 'string') return [];
  return [{ path, include: include === undefined ? null : strings(include), exclude: strings(exclude) }];
}

const strings = (value: HclValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** `$NAME` and `${NAME}`, as Terraform does for this one setting. */
const expanded = (path: string, environment: Readonly<Record<string, string | undefined>>): string =>
  path.replace(
    /\$(?:\{(\w+)\}|(\w+))/g,
    (_, braced?: string, bare?: string) => environment[braced ?? bare ?? ''] ?? '',
  );

export const serves = ({ include, exclude }: Mirror, source: ProviderSource): boolean =>
  (include === null || include.some((pattern) => matches(pattern, source))) &&
  !exclude.some((pattern) => matches(pattern, source));

export interface Lock {
  version: string;
  /** `h1:` and `zh:` checksums of its packages. */
  checksums: readonly string[];
}

/** What `.terraform.lock.hcl` says, by source. */
export function parseLockFile(text: string, file: string): ReadonlyMap<string, Lock> {
  const body: HclBody = parseHcl(text, file);
  return new Map(
    body.blocks.flatMap(({ type, labels, body: { attributes } }) => {
      const source = parseSource(labels[0] ?? '');
      const { version, hashes } = attributes;
      return type === 'provider' && source && typeof version === 'string'
        ? [[sourceText(source), { version, checksums: strings(hashes) }] as const]
        : [];
    }),
  );
}
