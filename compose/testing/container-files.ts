// Reads the container files as the programs they are written for do, as far as the tests of them need.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import picomatch from 'picomatch';
import { parse } from 'yaml';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const textOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

export interface Service {
  image: string;
  command?: string[];
  env_file?: { path: string; required: boolean }[];
  entrypoint?: string[];
  environment?: Record<string, string | null>;
  depends_on?: Record<string, { condition: string; required?: boolean }>;
  networks?: string[];
  network_mode?: string;
  ports?: string[];
  volumes?: { type: string; source?: string; target: string; read_only?: boolean }[];
  tmpfs?: string[];
  user?: string;
  read_only?: boolean;
  restart?: string;
  privileged?: boolean;
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  healthcheck?: { test?: string[]; disable?: boolean };
  deploy?: { resources?: { limits?: { cpus?: string; memory?: string; pids?: number } } };
  build?: { context: string; dockerfile: string };
}

export interface ComposeFile {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
}

/** `<<` is merged, as compose does; a key that stands twice is an error. */
export const readYaml = (path: string): unknown => parse(textOf(path), { merge: true, uniqueKeys: true });

const VARIABLE = /\$\{([A-Z][A-Z0-9_]*)(?:(:?[-?])([^}]*))?\}/g;

/** The variables a text takes from the environment. `required`: compose refuses to go on without. */
export const variablesOf = (text: string): { name: string; required: boolean }[] =>
  [...text.matchAll(VARIABLE)].map(([, name, how]) => ({ name: name!, required: how === ':?' }));

/** The text as compose would pass it on. */
export const interpolated = (text: string, values: Record<string, string>): string =>
  text.replace(VARIABLE, (_all, name: string, how: string | undefined, rest: string | undefined) => {
    const value = values[name];
    if (value) return value;
    return how === ':-' ? (rest ?? '') : '';
  });

export interface Example {
  name: string;
  value: string;
  /** Stands there as a comment: to be taken in when wanted. */
  optional: boolean;
  /** The comment above it. */
  meaning: string;
}

export function examples(text: string): Example[] {
  const found: Example[] = [];
  let meaning: string[] = [];
  for (const line of text.split('\n')) {
    const variable = /^(#?)([A-Z][A-Z0-9_]*)=(.*)$/.exec(line);
    if (variable) {
      const [, comment, name, written] = variable;
      // Single quotes keep compose from taking `$NAME` for a variable of its own.
      const value = written!.replace(/^'(.*)'$/, '$1');
      found.push({ name: name!, value, optional: comment === '#', meaning: meaning.join(' ') });
      meaning = [];
    } else if (line.startsWith('# ') && !line.startsWith('# --')) meaning.push(line.slice(2));
    else meaning = [];
  }
  return found;
}

export interface Instruction {
  name: string;
  text: string;
}

/** A Dockerfile's instructions, by stage; lines that go on are joined. What stands before the first FROM is left out. */
export function stages(text: string): Instruction[][] {
  const joined = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '');
  const found: Instruction[][] = [];
  for (const line of joined.split('\n')) {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === 'FROM') found.push([]);
    if (name) found.at(-1)?.push({ name, text: rest! });
  }
  return found;
}

/** Whether .dockerignore keeps a path out of the build: the last pattern that names it or a folder of it decides. */
export function keptOut(patterns: string): (path: string) => boolean {
  const rules = patterns
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const keep = line.startsWith('!');
      return { keep, matches: picomatch(keep ? line.slice(1) : line, { dot: true }) };
    });
  return (path) => {
    const parts = path.split('/');
    const folders = parts.map((_part, at) => parts.slice(0, at + 1).join('/'));
    const last = rules.findLast(({ matches }) => folders.some((folder) => matches(folder)));
    return last !== undefined && !last.keep;
  };
}
