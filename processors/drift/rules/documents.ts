// Documents inside attributes: JSON texts with whatever numbers, YAML, CloudFormation templates. Each has a form, equal
// for texts that say the same. Pure.
import { parse, type ScalarTag, type Tags, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { canonical } from '../../../schemas/index.ts';
import { isDeep, jsonIn } from './json-text.ts';
import { isPolicy, policyForm } from './policy.ts';

/** YAML takes milliseconds per thousand characters. */
const LONGEST_YAML = 8_000;

/** JSON in canonical form; any other text without the white space around it. */
export function jsonForm(text: string): string {
  const value = jsonIn(text);
  return value === undefined ? text.trim() : canonical(value);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3}0*)?(Z|[+-]\d\d:\d\d)$/i;

/**
 * Form of a text of which no rule says what it is: a JSON object or array by its structure, an IAM-style policy by what it
 * grants, a full timestamp by its instant, anything else by itself.
 */
export function plainForm(text: string): string {
  if (/^\s*[{[]/.test(text)) {
    const value = jsonIn(text);
    if (value === undefined) return text;
    return isPolicy(value) ? policyForm(text) : canonical(value);
  }
  if (INSTANT.test(text)) {
    const at = Date.parse(text.toUpperCase());
    if (!Number.isNaN(at)) return new Date(at).toISOString();
  }
  return text;
}

/** `!Ref x` is `{ "Ref": x }`; every other short form stands for `Fn::…`. */
const SHORT_FORMS = [
  'Ref',
  'Condition',
  'And',
  'Base64',
  'Cidr',
  'Equals',
  'FindInMap',
  'ForEach',
  'GetAZs',
  'GetAtt',
  'If',
  'ImportValue',
  'Join',
  'Length',
  'Not',
  'Or',
  'Select',
  'Split',
  'Sub',
  'ToJsonString',
  'Transform',
].flatMap((name) => {
  const long = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  const tag = `!${name}`;
  const wrap = (inner: unknown): unknown => ({ [long]: inner });
  return [
    { tag, resolve: (text: string) => wrap(text) } satisfies ScalarTag,
    { tag, collection: 'seq', resolve: (node: unknown) => wrap((node as YAMLSeq).toJSON()) },
    { tag, collection: 'map', resolve: (node: unknown) => wrap((node as YAMLMap).toJSON()) },
  ];
});

/** What a YAML (or JSON) text holds, CloudFormation's short forms written out; undefined where it is neither. */
function yamlIn(text: string): Json | undefined {
  const json = jsonIn(text);
  if (json !== undefined || text.length > LONGEST_YAML || isDeep(text)) return json;
  try {
    const value: unknown = parse(text, {
      customTags: SHORT_FORMS as unknown as Tags,
      maxAliasCount: 50,
      merge: true,
      prettyErrors: false,
      logLevel: 'error',
    });
    // Only what JSON can say: a text that parses to something else is compared as text.
    return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
  } catch {
    return undefined;
  }
}

/** Lines without comments, blank ones and trailing space: what is left where a text is too long to take apart. */
const lines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !/^\s*#/.test(line))
    .join('\n');

/** YAML or JSON by what it holds: templates, OpenAPI documents, runbooks. */
export function yamlForm(text: string): string {
  const value = yamlIn(text);
  return value === undefined ? lines(text) : canonical(longForms(value));
}

/** `Fn::GetAtt` takes "a.b" or ["a", "b"]; nothing else has two long forms. */
function longForms(value: Json): Json {
  if (Array.isArray(value)) return value.map(longForms);
  if (value === null || typeof value !== 'object') return value;
  const out: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    const parts = key === 'Fn::GetAtt' && typeof member === 'string' ? /^([^.]+)\.(.+)$/.exec(member) : null;
    out[key] = parts ? parts.slice(1) : longForms(member);
  }
  return out;
}
