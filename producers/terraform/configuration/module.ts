// One module: what its files say together. Pure.
import type { Block, Body, Expression } from './hcl/syntax.ts';
import { isOverride, overridden } from './merge.ts';
import { ConfigurationProblem } from './problem.ts';

export interface Module {
  resources: readonly { type: string; name: string; body: Body }[];
  calls: readonly { name: string; body: Body }[];
  providers: readonly { name: string; body: Body }[];
  variables: ReadonlyMap<string, Variable>;
  locals: ReadonlyMap<string, Expression>;
  /** Source addresses by local name. */
  required: ReadonlyMap<string, string>;
  moved: readonly Body[];
  imports: readonly Body[];
  removed: readonly Body[];
  /** False when a file could not be read that may override, or stand for, what the others say. */
  complete: boolean;
  problems: readonly string[];
}

export interface Variable {
  /** Its default, if it has one. */
  initial: Expression | undefined;
  /** False: null stands for the default. */
  nullable: boolean;
}

export interface ParsedFile {
  /** Its name in the folder: override files are known by it. */
  name: string;
  /** As messages call it. */
  shown: string;
  /** Null: it could not be read; the problem says why. */
  body: Body | null;
  problem: string | null;
}

/** Such a file may stand for one of the same name that Terraform reads. */
export const isOfTofu = (name: string): boolean => /\.tofu(?:\.json)?$/.test(name);

/** Files in the order of their names. */
export function moduleOf(files: readonly ParsedFile[]): Module {
  const problems = files.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  let complete = !files.some(({ name }) => isOfTofu(name));
  let whole: Body = {
    attributes: new Map(),
    blocks: files.flatMap(({ name, body }) => (isOverride(name) ? [] : (body?.blocks ?? []))),
  };
  for (const { name, shown, body } of files) {
    if (!isOverride(name)) continue;
    if (body === null) {
      complete = false;
      continue;
    }
    try {
      whole = overridden(whole, body, shown);
    } catch (error) {
      if (!(error instanceof ConfigurationProblem)) throw error;
      problems.push(error.message);
      complete = false;
    }
  }
  return { ...sorted(whole.blocks), complete, problems };
}

function sorted(blocks: readonly Block[]): Omit<Module, 'complete' | 'problems'> {
  const of = (type: string, labels: number): readonly Block[] =>
    blocks.filter((block) => block.type === type && block.labels.length === labels);
  const named = (type: string) => of(type, 1).map(({ labels, body }) => ({ name: labels[0]!, body }));
  return {
    resources: of('resource', 2).map(({ labels, body }) => ({ type: labels[0]!, name: labels[1]!, body })),
    calls: named('module'),
    providers: named('provider'),
    variables: new Map(named('variable').map(({ name, body }) => [name, variableOf(body)])),
    locals: new Map(of('locals', 0).flatMap(({ body }) => [...body.attributes])),
    required: new Map(of('terraform', 0).flatMap(({ body }) => requiredBy(body))),
    moved: of('moved', 0).map(({ body }) => body),
    imports: of('import', 0).map(({ body }) => body),
    removed: of('removed', 0).map(({ body }) => body),
  };
}

function variableOf({ attributes }: Body): Variable {
  const nullable = attributes.get('nullable');
  return {
    initial: attributes.get('default'),
    nullable: !(nullable?.kind === 'literal' && nullable.value === false),
  };
}

/** `aws = { source = "hashicorp/aws" }`; the form of Terraform 0.12, a version alone, says no source. */
function requiredBy(terraform: Body): [string, string][] {
  return terraform.blocks
    .filter(({ type }) => type === 'required_providers')
    .flatMap(({ body }) => [...body.attributes])
    .flatMap(([name, given]): [string, string][] => {
      if (given.kind !== 'object') return [];
      const source = given.items.find(({ key }) => key.kind === 'literal' && key.value === 'source')?.value;
      return source?.kind === 'literal' && typeof source.value === 'string' ? [[name, source.value]] : [];
    });
}
