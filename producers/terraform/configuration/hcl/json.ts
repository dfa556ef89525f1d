// Terraform's JSON syntax (.tf.json) as the same blocks and attributes. JSON does not say which member is a block: of what
// Terraform itself defines it is known, of resources it does not matter for the paths. Pure.
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { ConfigurationProblem } from '../problem.ts';
import { template } from './expression.ts';
import { Scanner } from './scanner.ts';
import type { Block, Body, Expression, ObjectItem } from './syntax.ts';

const DEEPEST = 100;

/** Members that are blocks: how many labels they have, and what is a block within them. */
interface Form {
  labels: number;
  inside: Readonly<Record<string, Form>>;
}
const plain = (labels = 0): Form => ({ labels, inside: {} });
const lifecycle = plain();
const content: Form = { labels: 0, inside: {} };
const dynamic: Form = { labels: 1, inside: { content } };
(content.inside as Record<string, Form>).dynamic = dynamic;
const resource: Form = {
  labels: 2,
  inside: { lifecycle, dynamic, connection: plain(), provisioner: plain(1) },
};
const FILE: Readonly<Record<string, Form>> = {
  resource,
  data: resource,
  ephemeral: resource,
  module: plain(1),
  provider: { labels: 1, inside: { dynamic } },
  variable: plain(1),
  output: plain(1),
  locals: plain(),
  terraform: { labels: 0, inside: { required_providers: plain() } },
  moved: plain(),
  import: plain(),
  removed: { labels: 0, inside: { lifecycle } },
};

/** Throws ConfigurationProblem, which names the file. `flat`: there are no blocks in it, as in files of variables. */
export function parseJson(text: string, file: string, flat = false): Body {
  let value: Json;
  try {
    value = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text) as Json;
  } catch {
    throw new ConfigurationProblem(`${file}: it is not JSON`);
  }
  if (!isObject(value)) throw new ConfigurationProblem(`${file}: a JSON object was expected`);
  return bodyOf(value, flat ? {} : FILE, file, 0);
}

function bodyOf(value: JsonObject, forms: Form['inside'], file: string, depth: number): Body {
  const attributes = new Map<string, Expression>();
  const blocks: Block[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (name === '//') continue;
    const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
    if (form) blocks.push(...blocksOf(name, form, [], member, file));
    else attributes.set(name, expressionOf(member, file, depth + 1));
  }
  return { attributes, blocks };
}

/** Labels are the names of nested objects; several blocks are a list at any level. */
function blocksOf(type: string, form: Form, labels: readonly string[], value: Json, file: string): Block[] {
  if (value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => blocksOf(type, form, labels, one, file));
  if (!isObject(value)) throw new ConfigurationProblem(`${file}: ${type} is not an object`);
  if (labels.length === form.labels) return [{ type, labels, body: bodyOf(value, form.inside, file, 0) }];
  return Object.entries(value).flatMap(([label, member]) =>
    label === '//' ? [] : blocksOf(type, form, [...labels, label], member, file),
  );
}

function expressionOf(value: Json, file: string, depth: number): Expression {
  if (depth > DEEPEST) throw new ConfigurationProblem(`${file}: values are nested too deeply`);
  if (typeof value === 'string') return templateOf(value, file);
  if (value === null || typeof value !== 'object') return { kind: 'literal', value };
  if (Array.isArray(value))
    return { kind: 'tuple', items: value.map((one) => expressionOf(one, file, depth + 1)) };
  const items = Object.entries(value).flatMap(([name, member]): ObjectItem[] =>
    name === '//' ? [] : [{ key: templateOf(name, file), value: expressionOf(member, file, depth + 1) }],
  );
  return { kind: 'object', items };
}

/** A string of the JSON syntax is a template, with the escapes of JSON instead of HCL's. */
function templateOf(text: string, file: string): Expression {
  if (!text.includes('${') && !text.includes('%{')) return { kind: 'literal', value: text };
  const scanner = new Scanner(text, file, 0);
  return template(scanner, scanner.bare(), 0);
}

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
