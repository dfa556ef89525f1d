// The commit that is checked out, read from Git's own files: no program is needed.
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface Checkout {
  /** The folder that holds the working tree. */
  top: string;
  /** Null when nothing is committed, or it cannot be told. */
  commit: string | null;
  /** Files that change when another commit is checked out. */
  files: string[];
}

const COMMIT = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
const REFERENCE = /^ref: (refs\/[\w./@+-]+)$/;
const MOST_ABOVE = 100;

/** The checkout that a folder is in; null when it is in none. */
export async function checkoutOf(folder: string): Promise<Checkout | null> {
  let top = await realpath(folder);
  for (let above = 0; above < MOST_ABOVE; above++, top = dirname(top)) {
    const git = await gitFolder(top);
    if (git !== null) return { top, ...(await headOf(git)) };
    if (dirname(top) === top) return null;
  }
  return null;
}

/** `.git`: a folder, or in worktrees and submodules a file that names it. */
async function gitFolder(top: string): Promise<string | null> {
  const path = join(top, '.git');
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) return path;
  const [, target] = /^gitdir: (.+)$/m.exec((found && (await textOf(path))) ?? '') ?? [];
  return target === undefined ? null : resolve(top, target.trim());
}

async function headOf(git: string): Promise<Pick<Checkout, 'commit' | 'files'>> {
  const head = join(git, 'HEAD');
  const text = (await textOf(head))?.trim() ?? '';
  if (COMMIT.test(text)) return { commit: text, files: [head] };
  const [, reference] = REFERENCE.exec(text) ?? [];
  if (reference === undefined || reference.includes('..')) return { commit: null, files: [head] };
  // References of a worktree stand with the repository it belongs to.
  const belongs = (await textOf(join(git, 'commondir')))?.trim();
  const common = belongs === undefined ? git : resolve(git, belongs);
  const loose = join(common, reference);
  const packed = join(common, 'packed-refs');
  const files = [head, loose, packed];
  const direct = (await textOf(loose))?.trim() ?? '';
  if (COMMIT.test(direct)) return { commit: direct, files };
  for (const line of ((await textOf(packed)) ?? '').split('\n')) {
    const [commit = '', name] = line.split(' ');
    if (name === reference && COMMIT.test(commit)) return { commit, files };
  }
  return { commit: null, files };
}

const textOf = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);
