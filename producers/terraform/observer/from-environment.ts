// Credentials of a reader: what the configuration calls `$NAME` is taken from our own environment when the provider is
// started, so that none of it stands in a file. Pure.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { PluginProblem } from '../plugin/host/problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const NAMED = /^\$([A-Za-z_][A-Za-z0-9_]*)$/;

/** Throws a PluginProblem that names every variable that is missing; never a value. */
export function fromEnvironment(
  given: { environment: Readonly<Record<string, string>>; configuration: JsonObject },
  own: Environment,
): { environment: Record<string, string>; configuration: JsonObject } {
  const missing = new Set<string>();
  const text = (value: string): string => {
    const name = NAMED.exec(value)?.[1];
    if (name === undefined) return value;
    const found = own[name];
    if (found === undefined || found === '') missing.add(name);
    return found ?? '';
  };
  const json = (value: Json): Json => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    return value !== null && typeof value === 'object' ? object(value) : value;
  };
  const object = (value: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, json(member)]));
  const environment = Object.fromEntries(
    Object.entries(given.environment).map(([name, value]) => [name, text(value)]),
  );
  const configuration = object(given.configuration);
  if (missing.size === 0) return { environment, configuration };
  throw new PluginProblem(
    'not-configurable',
    `the reader takes ${[...missing].sort().join(', ')} from the environment of DriftMgr, where ${missing.size === 1 ? 'it is' : 'they are'} not set: set ${missing.size === 1 ? 'it' : 'them'} and start DriftMgr again`,
  );
}
