// Files of a configuration: read with their limits, never from outside the place they may be in, and remembered by what
// they looked like, so that a change can be told without reading them again.
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { ConfigurationProblem } from './problem.ts';

export interface FolderLimits {
  /** Files that are read, in all modules together. */
  files: number;
  fileBytes: number;
  /** Of all files together. */
  bytes: number;
}

/** What a file or folder looks like from outside; null when it is not there. */
export type Looks = Record<string, string | null>;

export class Folders {
  /** The place that nothing is read outside of, without symbolic links. */
  readonly within: string;
  readonly looks: Looks = {};
  readonly #limits: FolderLimits;
  readonly #signal: AbortSignal;
  #files = 0;
  #bytes = 0;

  constructor(within: string, limits: FolderLimits, signal: AbortSignal) {
    this.within = within;
    this.#limits = limits;
    this.#signal = signal;
  }

  /** As messages call it: no path of the machine. */
  shown(path: string): string {
    return relative(this.within, path) || '.';
  }

  /** The folder without symbolic links; null when there is none. Throws ConfigurationProblem when it lies outside. */
  async folder(path: string): Promise<string | null> {
    return this.#real(path);
  }

  /** Names in a folder that may be files of a configuration, sorted. */
  async names(folder: string): Promise<string[]> {
    this.looks[folder] = await lookOf(folder);
    const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(this.shown(folder), error);
    });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('.') && !name.endsWith('~') && !/^#.*#$/.test(name))
      .sort();
  }

  /** The text of a file; null when there is none. Throws ConfigurationProblem when it may not, or cannot, be read. */
  async text(path: string): Promise<string | null> {
    this.#signal.throwIfAborted();
    this.looks[path] = await lookOf(path);
    const real = await this.#real(path);
    if (real === null) return null;
    const shown = this.shown(path);
    if (++this.#files > this.#limits.files)
      throw new TooMuch(`there are more than ${this.#limits.files} files in all modules together`);
    try {
      return await this.#read(real, shown);
    } catch (error) {
      if (error instanceof ConfigurationProblem) throw error;
      throw unreadable(shown, error);
    }
  }

  async #read(path: string, shown: string): Promise<string> {
    // Before it is opened: a pipe would wait for who writes to it.
    if (!(await stat(path)).isFile()) throw new ConfigurationProblem(`${shown}: it is no file`);
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const most = this.#limits.fileBytes;
      if (size > most) throw new ConfigurationProblem(`${shown}: it is larger than ${most} bytes`);
      const bytes = Buffer.alloc(size);
      let length = 0;
      for (let read = 1; read > 0 && length < size; length += read)
        read = (await file.read(bytes, length, size - length, length)).bytesRead;
      this.#bytes += length;
      if (this.#bytes > this.#limits.bytes)
        throw new TooMuch(`the files of all modules are larger than ${this.#limits.bytes} bytes together`);
      return bytes.toString('utf8', 0, length);
    } finally {
      await file.close();
    }
  }

  async #real(path: string): Promise<string | null> {
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
      throw unreadable(this.shown(path), error);
    });
    if (real !== null && real !== this.within && !real.startsWith(this.within + sep))
      throw new ConfigurationProblem(
        `${this.shown(path)}: it lies outside of the folder that may be read, or is a link to there`,
      );
    return real;
  }
}

const unreadable = (shown: string, error: unknown): ConfigurationProblem => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return new ConfigurationProblem(`${shown}: it cannot be read (${code})`);
};

/** A limit on all files together: the configuration as a whole is not known. */
export class TooMuch extends ConfigurationProblem {}

export async function lookOf(path: string): Promise<string | null> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${ino}-${size}-${mtimeMs}`;
  } catch {
    return null;
  }
}

/** Whether everything still looks as it did. */
export async function looksSame(looks: Looks): Promise<boolean> {
  for (const [path, look] of Object.entries(looks)) if ((await lookOf(path)) !== look) return false;
  return true;
}
