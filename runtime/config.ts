// Reads driftmgr.yaml and the environment into one validated configuration, or says everything that is wrong at once.
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { parseDocument } from 'yaml';
import type { Configuration, Setting } from './config-schema.ts';
import { ConfigurationSchema, settings } from './config-schema.ts';
import { parseDriftignore } from './driftignore.ts';
import { DriftError } from './errors.ts';

// TypeBox stops at the eighth mistake unless it is told otherwise.
Settings.Set({ maxErrors: 1_000 });

export interface ConfigurationInput {
  /** Path of a YAML file. Given and absent is an error; not given, ./driftmgr.yaml is read when it is there. */
  file?: string;
  environment: Record<string, string | undefined>;
  /** Values of the command line, by path; they win over the environment, which wins over the file. */
  overrides?: Record<string, unknown>;
}

/** Throws DM_CONFIG_INVALID whose `public` text lists every problem with its path and what to do. */
export function loadConfiguration(input: ConfigurationInput): Configuration {
  const problems = new Set<string>();
  const values = readFile(input.file, problems);
  for (const setting of settings()) {
    const given = input.environment[setting.environment];
    if (given !== undefined) assign(values, setting.path, fromEnvironment(setting, given, problems));
  }
  const known = new Set(settings().map((setting) => setting.environment));
  for (const name of Object.keys(input.environment)) {
    if (name.startsWith('DRIFTMGR_') && !known.has(name) && !OUTSIDE.has(name)) {
      problems.add(`${name}: no such setting; the README lists them`);
    }
  }
  for (const [path, value] of Object.entries(input.overrides ?? {})) assign(values, path.split('.'), value);

  const whole: unknown = Value.Default(ConfigurationSchema, values);
  for (const error of Value.Errors(ConfigurationSchema, whole)) {
    if (error.keyword === 'boolean') continue;
    problems.add(
      describe(error.instancePath, error.keyword, error.message, error.params as Record<string, unknown>),
    );
  }
  const rules = ignoreRules(input.file, whole as Configuration, problems);
  if (problems.size > 0) {
    const text = [...problems].map((problem) => `  ${problem}`).join('\n');
    throw new DriftError(`invalid configuration:\n${text}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `The configuration has ${problems.size === 1 ? 'a mistake' : `${problems.size} mistakes`}:\n${text}`,
    });
  }
  const configuration = whole as Configuration;
  configuration.detector.rules = [...configuration.detector.rules, ...rules];
  return configuration;
}

/** Rules of the ignore file: the one that is named, or the one beside the configuration. */
function ignoreRules(
  file: string | undefined,
  { detector }: Configuration,
  problems: Set<string>,
): Configuration['detector']['rules'] {
  const named: unknown = detector?.ignoreFile;
  const name = typeof named === 'string' && named !== '' ? named : '.driftignore';
  const path = resolve(dirname(file ?? 'driftmgr.yaml'), name);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (typeof named === 'string' || !isAbsent)
      problems.add(`detector.ignoreFile: ${path}: ${isAbsent ? 'there is no such file' : 'cannot be read'}`);
    return [];
  }
  const parsed = parseDriftignore(text, basename(path));
  for (const problem of parsed.problems) problems.add(problem);
  return parsed.rules;
}

/** Variables that are read elsewhere: the key (it must never stand in a file beside the data), and the client's own. */
const OUTSIDE = new Set([
  'DRIFTMGR_KEY',
  'DRIFTMGR_KEY_FILE',
  'DRIFTMGR_URL',
  'DRIFTMGR_API_KEY',
  'DRIFTMGR_CONFIG',
]);

function readFile(file: string | undefined, problems: Set<string>): Record<string, unknown> {
  const path = file ?? 'driftmgr.yaml';
  if (!existsSync(path)) {
    if (file !== undefined) problems.add(`${file}: there is no such file`);
    return {};
  }
  const document = parseDocument(readFileSync(path, 'utf8'));
  for (const error of document.errors) problems.add(`${path}: ${error.message.split('\n')[0]}`);
  if (document.errors.length > 0) return {};
  const value: unknown = document.toJS() ?? {};
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  problems.add(`${path}: must be a mapping of settings`);
  return {};
}

function assign(values: Record<string, unknown>, path: string[], value: unknown): void {
  let at = values;
  for (const part of path.slice(0, -1)) {
    const next = at[part];
    if (typeof next !== 'object' || next === null) at[part] = {};
    at = at[part] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}

function fromEnvironment(setting: Setting, given: string, problems: Set<string>): unknown {
  const { type, items } = setting.schema;
  if (type === 'integer') return given.trim() === '' ? given : Number(given);
  if (type === 'boolean') return { true: true, false: false }[given.trim().toLowerCase()] ?? given;
  if (type !== 'array') return given;
  if (items?.type === 'string')
    return given
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  try {
    return JSON.parse(given);
  } catch {
    problems.add(`${setting.environment}: must be a JSON array`);
    return [];
  }
}

function describe(path: string, keyword: string, message: string, params: Record<string, unknown>): string {
  const at = path.split('/').slice(1);
  if (keyword === 'additionalProperties') {
    const names = (params.additionalProperties as string[]).map((name) => [...at, name].join('.'));
    return `${names.join(', ')}: no such setting; the README lists them`;
  }
  const setting = settings().find((candidate) => candidate.path.join('.') === at.join('.'));
  const environment = setting ? ` (or ${setting.environment})` : '';
  const meaning = setting?.schema.description ? `. ${setting.schema.description}` : '';
  const what =
    keyword === 'enum' ? `must be one of ${(params.allowedValues as string[]).join(', ')}` : message;
  return `${at.join('.')}${environment}: ${what}${meaning}`;
}
