// Where a provider comes from, as Terraform writes it (`registry.terraform.io/hashicorp/aws`), and its versions. Pure.

export interface ProviderSource {
  host: string;
  namespace: string;
  type: string;
}

const REGISTRY = 'registry.terraform.io';
const LABEL = /^[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?$/u;
const HOST = /^[\p{L}\p{N}.-]+(?::\d+)?$/u;

/**
 * `aws`, `hashicorp/aws`, `host/hashicorp/aws`, or what a state says: `module.a.provider["host/hashicorp/aws"].west`. Null when
 * it is none of these; the parts become folder names, so nothing else passes.
 */
export function parseSource(text: string): ProviderSource | null {
  const inState = /(?:^|\.)provider\["([^"]+)"\]/.exec(text)?.[1];
  const parts = (inState ?? text).split('/');
  if (parts.length > 3) return null;
  const type = parts.at(-1)!;
  const namespace = parts.at(-2) ?? 'hashicorp';
  const host = parts.length === 3 ? parts[0]! : REGISTRY;
  const legal = LABEL.test(type) && LABEL.test(namespace) && HOST.test(host) && !host.includes('..');
  return legal ? { host, namespace, type } : null;
}

export const sourceText = ({ host, namespace, type }: ProviderSource): string =>
  `${host}/${namespace}/${type}`;
/** For people: without the registry that everyone uses. */
export const shortName = (source: ProviderSource): string =>
  source.host === REGISTRY ? `${source.namespace}/${source.type}` : sourceText(source);

/** Whether an `include` or `exclude` pattern of the CLI configuration, such as `hashicorp/*`, means the provider. */
export function matches(pattern: string, source: ProviderSource): boolean {
  const parts = pattern.split('/');
  const [host, namespace, type] =
    parts.length === 3 ? parts : [REGISTRY, parts.length === 2 ? parts[0] : 'hashicorp', parts.at(-1)];
  const same = (wanted: string | undefined, is: string): boolean => wanted === '*' || wanted === is;
  return same(host, source.host) && same(namespace, source.namespace) && same(type, source.type);
}

export interface Version {
  text: string;
  numbers: readonly [number, number, number];
  /** Empty for a release. */
  pre: readonly string[];
}

export function parseVersion(text: string): Version | null {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (!match) return null;
  return {
    text,
    numbers: [Number(match[1]), Number(match[2]), Number(match[3])],
    pre: match[4]?.split('.') ?? [],
  };
}

/** Below zero when a comes before b, by the rules of semantic versions. */
export function compareVersions(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const)
    if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  if (a.pre.length === 0 || b.pre.length === 0)
    return Number(a.pre.length === 0) - Number(b.pre.length === 0);
  for (let at = 0; at < Math.max(a.pre.length, b.pre.length); at++) {
    const order = compareParts(a.pre[at], b.pre[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareParts(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0;
  if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
  const numeric = [a, b].map((part) => /^\d+$/.test(part));
  if (numeric[0] && numeric[1]) return Number(a) - Number(b);
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return a < b ? -1 : 1;
}
