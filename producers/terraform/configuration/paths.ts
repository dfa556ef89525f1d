// Which attributes a resource block sets, and which changes it ignores, as paths. Pure.
import { literalOf, type Scope } from './evaluate.ts';
import { parseExpression } from './hcl/parse.ts';
import type { Block, Body, Expression, Step } from './hcl/syntax.ts';

export interface Settings {
  /** Sorted. A path that no other begins with is set as a whole: by an expression, or to something without members. */
  sets: string[];
  /** Sorted; `*` stands for all. Here indices of lists stay. */
  ignores: string[];
  complete: boolean;
}

const META_ARGUMENTS = new Set(['count', 'for_each', 'depends_on', 'provider']);
const META_BLOCKS = new Set(['lifecycle', 'connection', 'provisioner']);
/** What the API takes of one block, too. */
const MOST_PATHS = 2_000;
const LONGEST_PATH = 1_000;
const PLAIN_NAME = /^[A-Za-z_][\w-]*$/;

/** As differences spell it: names after dots, what is no name quoted in brackets. */
export const joinPath = (path: string, name: string): string => {
  if (path !== '' && !PLAIN_NAME.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
};

export function settingsOf(body: Body, scope: Scope): Settings {
  const collected = new Collected(scope);
  collected.body('', body, true);
  const lifecycles = body.blocks.filter(({ type }) => type === 'lifecycle');
  const ignores = lifecycles.flatMap((block) => ignoredBy(block, collected));
  const { sets } = collected;
  const distinct = [...new Set(ignores)].sort();
  return {
    sets: [...sets].sort(),
    ignores: distinct.slice(0, MOST_PATHS),
    complete: collected.complete && distinct.length <= MOST_PATHS,
  };
}

class Collected {
  readonly sets = new Set<string>();
  complete = true;
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  body(path: string, body: Body, top = false): void {
    for (const [name, value] of body.attributes)
      if (!top || !META_ARGUMENTS.has(name)) this.#attribute(joinPath(path, name), value);
    for (const block of body.blocks) if (!top || !META_BLOCKS.has(block.type)) this.#block(path, block);
  }

  #block(path: string, block: Block): void {
    if (block.type !== 'dynamic') {
      const at = joinPath(path, block.type);
      this.#add(at);
      this.body(at, block.body);
      return;
    }
    const [type] = block.labels;
    const contents = block.body.blocks.filter((one) => one.type === 'content');
    if (type === undefined || contents.length === 0) {
      this.complete = false;
      return;
    }
    const at = joinPath(path, type);
    this.#add(at);
    for (const one of contents) this.body(at, one.body);
  }

  /** What is set to null is not set. */
  #attribute(path: string, value: Expression): void {
    if (literalOf(value, this.#scope) === null) return;
    this.#add(path);
    this.#members(path, value);
  }

  #members(path: string, value: Expression): void {
    if (value.kind === 'object') {
      for (const { key, value: member } of value.items) {
        const name = literalOf(key, this.#scope);
        if (name === undefined || name === null || typeof name === 'object') this.complete = false;
        else this.#attribute(joinPath(path, String(name)), member);
      }
    } else if (value.kind === 'tuple') {
      const objects = value.items.filter((item) => item.kind === 'object' || item.kind === 'tuple');
      for (const item of objects) this.#members(path, item);
      // Some elements say what they set, others do not: what they say is not all there is.
      if (objects.length > 0 && objects.length < value.items.length) this.complete = false;
    }
  }

  #add(path: string): void {
    if (this.sets.size < MOST_PATHS && path.length <= LONGEST_PATH) this.sets.add(path);
    else this.complete = false;
  }
}

function ignoredBy(lifecycle: Block, collected: Collected): string[] {
  const given = lifecycle.body.attributes.get('ignore_changes');
  if (given === undefined) return [];
  const items = given.kind === 'tuple' ? given.items : [given];
  return items.flatMap((item) => {
    const path = ignoredPath(item);
    if (path !== null && path.length <= LONGEST_PATH) return [path];
    collected.complete = false;
    return [];
  });
}

/** `all`, `tags["x"]`, `ingress[0].from_port`; Terraform 0.11 and JSON have them in quotes. */
function ignoredPath(item: Expression): string | null {
  if (item.kind === 'literal' && typeof item.value === 'string') {
    if (item.value === '*') return '*';
    const quoted = parseExpression(item.value);
    return quoted?.kind === 'reference' ? ignoredPath(quoted) : null;
  }
  if (item.kind !== 'reference') return null;
  if (item.root === 'all' && item.steps.length === 0) return '*';
  return item.steps.reduce<string | null>(stepped, item.root);
}

function stepped(path: string | null, step: Step): string | null {
  if (path === null) return null;
  if ('name' in step) return joinPath(path, step.name);
  if (typeof step.index === 'number') return `${path}[${step.index}]`;
  return step.index === null ? null : joinPath(path, step.index);
}
