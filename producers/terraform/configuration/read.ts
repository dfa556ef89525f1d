// Reads a root module and all it calls from a folder, and parses them to what is published. It blocks while it parses: in
// a server it runs in a thread of its own (reader.ts).
import { realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { moduleAddress } from './addresses.ts';
import { assemble, type Called, type Limits, type ParsedConfiguration } from './assemble.ts';
import { textOf } from './evaluate.ts';
import { type FolderLimits, Folders, type Looks, lookOf, TooMuch } from './folder.ts';
import { parseJson } from './hcl/json.ts';
import { parseHcl } from './hcl/parse.ts';
import type { Body, Expression } from './hcl/syntax.ts';
import { INSTALLED, installedModules } from './installed.ts';
import { isOfTofu, type Module, moduleOf, type ParsedFile } from './module.ts';
import { ConfigurationProblem } from './problem.ts';
import { type Checkout, checkoutOf } from './revision.ts';
import { NOWHERE } from './scope.ts';

export interface ReadOptions {
  /** The root module. */
  directory: string;
  /** Nothing outside of it is read; left out: the Git checkout the directory is in, or the directory itself. */
  within?: string;
  limits?: Partial<ReadLimits>;
  signal?: AbortSignal;
}

export interface ReadLimits extends FolderLimits, Limits {
  /** Calls of modules, nested ones too. */
  calls: number;
  /** How deeply modules may call modules. */
  depth: number;
}

export interface ReadConfiguration {
  configuration: ParsedConfiguration;
  /** Commit of the checkout that the directory is in. */
  revision: string | null;
  /** What was looked at: while all of it looks the same, reading again would give the same. */
  looks: Looks;
}

/** `text`: what an event of this size costs to encode and to decode, every reader pays on its loop. */
export const READ_LIMITS: ReadLimits = {
  files: 5_000,
  fileBytes: 4 << 20,
  bytes: 64 << 20,
  calls: 2_000,
  depth: 30,
  blocks: 20_000,
  text: 1_000_000,
  problems: 200,
};

/** Throws ConfigurationProblem when there is no configuration there at all, or it is too large as a whole. */
export async function readConfiguration(options: ReadOptions): Promise<ReadConfiguration> {
  const limits = { ...READ_LIMITS, ...options.limits };
  const root = await existing(options.directory);
  const checkout = await checkoutOf(root);
  const within = options.within === undefined ? (checkout?.top ?? root) : await existing(options.within);
  const folders = new Folders(within, limits, options.signal ?? new AbortController().signal);
  const reading = new Reading(root, folders, limits);
  const called = await reading.root();
  if (called === null)
    throw new ConfigurationProblem(
      `${basename(root)}: there are no .tf or .tf.json files in this folder: name the folder of the root module`,
    );
  const values = await reading.values();
  const configuration = assemble(called, values, reading.problems, limits);
  for (const file of checkout?.files ?? []) folders.looks[file] = await lookOf(file);
  return { configuration, revision: revisionOf(checkout), looks: folders.looks };
}

const revisionOf = (checkout: Checkout | null): string | null => checkout?.commit ?? null;

async function existing(path: string): Promise<string> {
  try {
    const real = await realpath(path);
    if ((await stat(real)).isDirectory()) return real;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      throw new ConfigurationProblem(`${basename(path)}: the folder cannot be read (${code ?? 'unknown'})`);
  }
  throw new ConfigurationProblem(`${basename(path)}: there is no such folder`);
}

class Reading {
  readonly problems: string[] = [];
  readonly #root: string;
  readonly #folders: Folders;
  readonly #limits: ReadLimits;
  /** By folder: a module that is called often is read once. */
  readonly #modules = new Map<string, Module | null>();
  #installed: ReadonlyMap<string, string> | null = null;
  #calls = 0;

  constructor(root: string, folders: Folders, limits: ReadLimits) {
    this.#root = root;
    this.#folders = folders;
    this.#limits = limits;
  }

  /** Null: there are no files. */
  async root(): Promise<Called | null> {
    return this.#called(this.#root, [], [this.#root]);
  }

  /** Values of variables in terraform.tfvars and *.auto.tfvars; of several the last counts. */
  async values(): Promise<ReadonlyMap<string, Expression>> {
    const names = await this.#folders.names(this.#root);
    const values = new Map<string, Expression>();
    for (const fixed of ['terraform.tfvars', 'terraform.tfvars.json'])
      if (names.includes(fixed)) await this.#valuesIn(fixed, values);
    for (const name of names) if (/\.auto\.tfvars(?:\.json)?$/.test(name)) await this.#valuesIn(name, values);
    return values;
  }

  async #valuesIn(name: string, values: Map<string, Expression>): Promise<void> {
    const { body } = await this.#file(this.#root, name, true);
    for (const [variable, value] of body?.attributes ?? []) values.set(variable, value);
  }

  /** `above`: the folders of the modules that call this one, and its own. */
  async #called(folder: string, path: readonly string[], above: readonly string[]): Promise<Called | null> {
    const module = await this.#module(folder);
    if (module === null) return null;
    const children = new Map<string, Called | null>();
    for (const { name, body } of module.calls) {
      if (++this.#calls > this.#limits.calls) {
        this.problems.push(
          `there are more than ${this.#limits.calls} calls of modules: the others are not known`,
        );
        break;
      }
      const inner = [...path, name];
      const called = await this.#attempt(moduleAddress(inner), async () => {
        const found = await this.#folderOf(folder, inner, body);
        if (above.includes(found)) throw new ConfigurationProblem('it calls itself');
        const child = await this.#called(found, inner, [...above, found]);
        if (child === null)
          throw new ConfigurationProblem('there are no .tf or .tf.json files in its folder');
        return child;
      });
      children.set(name, called);
    }
    return { module, children };
  }

  /** Null, and a problem told, when the module called so cannot be read: its blocks are unknown, not unset. */
  async #attempt(address: string, read: () => Promise<Called>): Promise<Called | null> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ConfigurationProblem) || error instanceof TooMuch) throw error;
      this.problems.push(`${address} is not known: ${error.message}`);
      return null;
    }
  }

  async #folderOf(caller: string, path: readonly string[], call: Body): Promise<string> {
    if (path.length > this.#limits.depth)
      throw new ConfigurationProblem(`modules call modules more than ${this.#limits.depth} deep`);
    const source = textOf(call.attributes.get('source'), NOWHERE);
    if (source === undefined) throw new ConfigurationProblem('its source is no literal');
    if (/^\.\.?\//.test(source)) {
      const folder = await this.#folders.folder(resolve(caller, source));
      if (folder === null) throw new ConfigurationProblem('its source is a folder that does not exist');
      return folder;
    }
    // Sources may hold credentials: they are not told.
    const installed = (await this.#installedModules()).get(path.join('.'));
    const folder =
      installed === undefined ? null : await this.#folders.folder(resolve(this.#root, installed));
    if (folder === null)
      throw new ConfigurationProblem(
        'its source is no local folder and it is not installed: run terraform init',
      );
    return folder;
  }

  async #installedModules(): Promise<ReadonlyMap<string, string>> {
    if (this.#installed === null) {
      const path = join(this.#root, INSTALLED);
      const text = await this.#folders.text(path);
      this.#installed = text === null ? new Map() : installedModules(text, this.#folders.shown(path));
    }
    return this.#installed;
  }

  async #module(folder: string): Promise<Module | null> {
    const known = this.#modules.get(folder);
    if (known !== undefined) return known;
    const names = (await this.#folders.names(folder)).filter((name) =>
      /\.(?:tf|tofu)(?:\.json)?$/.test(name),
    );
    const files: ParsedFile[] = [];
    for (const name of names) files.push(await this.#file(folder, name, false));
    const module = names.length === 0 ? null : moduleOf(files);
    this.problems.push(...(module?.problems ?? []));
    this.#modules.set(folder, module);
    return module;
  }

  async #file(folder: string, name: string, flat: boolean): Promise<ParsedFile> {
    const path = join(folder, name);
    const shown = this.#folders.shown(path);
    if (isOfTofu(name))
      return {
        name,
        shown,
        body: null,
        problem: `${shown}: files that only OpenTofu reads are not read here`,
      };
    try {
      const text = await this.#folders.text(path);
      if (text === null) throw new ConfigurationProblem(`${shown}: it is gone`);
      const body = name.endsWith('.json') ? parseJson(text, shown, flat) : parseHcl(text, shown);
      return { name, shown, body, problem: null };
    } catch (error) {
      if (!(error instanceof ConfigurationProblem) || error instanceof TooMuch) throw error;
      if (flat) this.problems.push(error.message);
      return { name, shown, body: null, problem: error.message };
    }
  }
}
