// What of a call's request parameters may be kept: an allow-list. Pure.
//
// Kept: ids, names, flags and numbers whose member name is on the list below, and the paths the call's own row lists. Never
// kept, whatever lists them: members named like secrets, texts that look like credentials, documents or are long.
import type { Json, JsonObject } from '../../schemas/index.ts';
import { canonical } from '../../schemas/index.ts';
import type { EventRow } from './event-row.ts';
import { isObject } from './path.ts';

const MAX_DEPTH = 12;
const MAX_MEMBERS = 100;
const MAX_TEXT = 256;
const MAX_TOTAL = 8_192;

/** Last part of member names that say which thing, or what switch. */
const SAFE_NAME =
  /(?:id|ids|arn|arns|name|names|identifier|identifiers|type|types|state|status|enabled|protocol|port|cidr|cidrip|cidripv6|cidrblock|cidrblocks|region|regions|zone|zones|class|engine|engineversion|version|versionid|host|url|alias|count|size|capacity|mode|tier|family|action|effect|algorithm|encrypted|public|accessible|number|index|force|overwrite|tenancy|scheme|bucket|cluster|role|path|percentage|days|seconds|minutes)$/i;
const SAFE_EXACT = new Set([
  'egress',
  'ipprotocol',
  'fromport',
  'toport',
  'rulenumber',
  'ruleaction',
  'qualifier',
  'service',
]);

/** Names never kept: secrets, and the documents and texts that may hold them. */
const SECRET_NAME =
  /(?:pass(?:word|phrase|wd)?|secret(?!id|arn|name)|token|credential|private|userdata|user_data|environment|envvar|variables|connectionstring|authorization|signature|sharedkey|presharedkey|masteruser|apikey|plaintext|ciphertext|policydocument|template(?:body)?$|stringvalue|secretstring|secretbinary|certificatebody|keymaterial|otp|mfacode|authenticationcode|cookie|body|value$|content$|description|comment|code$|input$|command)/i;

/** Texts that look like credentials, keys or documents. */
const SECRET_TEXT =
  /(?:-----BEGIN|^\s*[{[<]|eyJ[\w-]{10,}\.|\b(?:ghp|gho|ghs|github_pat|glpat|xox[abprs]|sk_live|sk_test|rk_live|dop_v1|hvs)[_-]?[\w-]{8,}|:\/\/[^/\s:@]+:[^/\s@]+@|[?&](?:X-Amz-Signature|X-Amz-Security-Token|Signature|sig|token|key)=|(?:^|[^\w/+])[A-Za-z0-9/+]{40}(?:$|[^\w/+=]))/;

/** `apply` of nothing else may write a text: short, of one line, without the look of a secret. */
const safeText = (text: string): boolean =>
  text.length <= MAX_TEXT && !/[\r\n]/.test(text) && !SECRET_TEXT.test(text);

function safeScalar(value: Json): boolean {
  if (typeof value === 'string') return safeText(value);
  return typeof value === 'boolean' || typeof value === 'number';
}

const safeName = (name: string): boolean =>
  !SECRET_NAME.test(name) && (SAFE_NAME.test(name) || SAFE_EXACT.has(name.toLowerCase()));

/** Paths a row lists, as a set of lower-case names from the root: everything under them may be kept. */
const keeps = new WeakMap<EventRow, readonly string[]>();
function keptOf(row: EventRow | undefined): readonly string[] {
  if (!row) return [];
  let kept = keeps.get(row);
  if (!kept) {
    kept = row.keep.map((path) => path.replaceAll('[]', '').toLowerCase());
    keeps.set(row, kept);
  }
  return kept;
}

/** The parameters worth keeping, as JSON text; `{}` when there are none. */
export function parametersOf(request: JsonObject, row: EventRow | undefined): string {
  const kept = keptOf(row);
  const result = prune(request, '', kept, false, 0);
  const text = isObject(result) ? canonical(result) : '{}';
  return text.length <= MAX_TOTAL ? text : '{"$truncated":true}';
}

/** What stays of a value; undefined when nothing does. `listed`: some level above is on the row's list. */
function prune(
  value: Json,
  path: string,
  kept: readonly string[],
  listed: boolean,
  depth: number,
): Json | undefined {
  if (depth > MAX_DEPTH) return undefined;
  if (Array.isArray(value)) {
    const items: Json[] = [];
    for (const item of value.slice(0, MAX_MEMBERS)) {
      const pruned = prune(item, path, kept, listed, depth + 1);
      if (pruned !== undefined) items.push(pruned);
    }
    return items.length > 0 ? items : undefined;
  }
  if (!isObject(value)) return listed && safeScalar(value) ? value : undefined;
  const result: JsonObject = {};
  let some = false;
  for (const [name, member] of Object.entries(value).slice(0, MAX_MEMBERS)) {
    if (SECRET_NAME.test(name)) continue;
    const at = path === '' ? name.toLowerCase() : `${path}.${name.toLowerCase()}`;
    const named = listed || kept.includes(at);
    const scalarsSafe = named || safeName(name);
    const pruned = isObject(member)
      ? prune(member, at, kept, named, depth + 1)
      : prune(member, at, kept, scalarsSafe, depth + 1);
    if (pruned === undefined) continue;
    result[name] = pruned;
    some = true;
  }
  return some ? result : undefined;
}
