// Which files hold states, and what their workspaces are called. The walk is IO; everything else is pure.
import { lstat, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import picomatch from 'picomatch';

export interface StateFile {
  workspace: string;
  path: string;
}

/** One configured path or glob, as absolute places. */
interface Pattern {
  /** Folder under which matches lie; names of workspaces are relative to it. */
  base: string;
  /** True for a path below `base` that is meant. */
  matches(relative: string): boolean;
  /** The one file, where it is not a glob. */
  file: string | null;
}

const NOT_STATE = /\.backup$|\.tflock$|\.lock\.info$|^\.terraform\.lock\.hcl$|^errored\.tfstate$/;
const NOT_ENTERED = new Set(['.terraform', '.git', 'node_modules']);
const MOST_ENTRIES = 200_000;

/** Never what Terraform keeps beside a state: its own folder, backups, locks, what could not be written. */
export function mayBeState(path: string): boolean {
  const parts = path.split(sep);
  return !NOT_STATE.test(parts.at(-1) ?? '') && !parts.slice(0, -1).some((part) => part === '.terraform');
}

export async function patternOf(configured: string): Promise<Pattern> {
  const scanned = picomatch.scan(configured);
  if (scanned.isGlob) {
    return { base: resolve(scanned.base), matches: picomatch(scanned.glob, { dot: true }), file: null };
  }
  const path = resolve(configured);
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return { base: path, matches: picomatch('**/*.tfstate', { dot: true }), file: null };
  return { base: dirname(path), matches: (relative) => relative === basename(path), file: path };
}

/** True when the path could be found through the pattern, whether it is there or not. */
export const covers = (pattern: Pattern, path: string): boolean =>
  path.startsWith(pattern.base + sep) &&
  mayBeState(path) &&
  pattern.matches(
    path
      .slice(pattern.base.length + 1)
      .split(sep)
      .join('/'),
  );

/** The state files there are, each once, with names no two of them share. */
export async function findStates(patterns: readonly Pattern[]): Promise<StateFile[]> {
  const found = new Map<string, string>();
  for (const pattern of patterns) {
    const paths = pattern.file === null ? await walk(pattern) : await present(pattern.file);
    for (const path of paths) if (!found.has(path)) found.set(path, workspaceName(pattern.base, path));
  }
  const uses = new Map<string, number>();
  for (const name of found.values()) uses.set(name, (uses.get(name) ?? 0) + 1);
  return [...found].map(([path, name]) => ({
    path,
    workspace: uses.get(name) === 1 ? name : cleaned(path).join('/'),
  }));
}

/** The state files there are at one configured path or glob. */
export const statesAt = async (configured: string): Promise<StateFile[]> =>
  findStates([await patternOf(configured)]);

async function present(file: string): Promise<string[]> {
  if (!mayBeState(file)) return [];
  return lstat(file).then(
    () => [file],
    () => [],
  );
}

async function walk(pattern: Pattern): Promise<string[]> {
  const found: string[] = [];
  const folders = [pattern.base];
  let seen = 0;
  for (let folder = folders.pop(); folder !== undefined && seen < MOST_ENTRIES; folder = folders.pop()) {
    // A folder that vanished or may not be read holds no state that could be watched.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      seen++;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!NOT_ENTERED.has(entry.name)) folders.push(path);
      } else if (covers(pattern, path)) found.push(path);
    }
  }
  return found.sort();
}

/** The parts of a path that tell workspaces apart. */
function cleaned(path: string): string[] {
  const parts = path.split(sep).filter((part) => part !== '' && part !== 'terraform.tfstate.d');
  const last = (parts.pop() ?? '').replace(/\.json$/, '').replace(/\.tfstate$/, '');
  return last === 'terraform' || last === '' ? parts : [...parts, last];
}

/**
 * `net/terraform.tfstate` is `net`, `net/terraform.tfstate.d/dev/terraform.tfstate` is `net/dev`, `prod.tfstate` is
 * `prod`; a lone `terraform.tfstate` is called like its folder.
 */
export function workspaceName(base: string, path: string): string {
  const parts = cleaned(path);
  const above = base.split(sep).filter((part) => part !== '' && part !== 'terraform.tfstate.d').length;
  return parts.slice(above).join('/') || parts.at(-1) || 'default';
}
