// When two IAM-style policy documents grant the same: a canonical form, equal exactly for equivalent documents. Pure.
//
// What it never folds: another Version, Action against NotAction, a missing statement, another Effect or Condition.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { canonical } from '../../../schemas/index.ts';

/** Canonical text of a policy document given as JSON text (possibly URL-encoded); other text is only trimmed. */
export function policyForm(document: string): string {
  const parsed = parsePolicy(document);
  return parsed === undefined ? document.trim() : canonical(formOf(parsed));
}

/**
 * True when both documents say the same, or when the observed one says more only by statements that AWS itself adds for
 * vended log delivery (Sid AWSLogDelivery…, its service as the only principal, nothing but the delivery actions).
 */
export function samePolicy(declared: Json, observed: Json): boolean {
  if (typeof declared !== 'string' || typeof observed !== 'string') return false;
  if (policyForm(declared) === policyForm(observed)) return true;
  const document = parsePolicy(observed);
  if (document === undefined) return false;
  const kept = listOf(document.Statement).filter((statement) => !isVendedDelivery(statement));
  return policyForm(declared) === canonical(formOf({ ...document, Statement: kept }));
}

const DELIVERY_ACTIONS = new Set([
  's3:getbucketacl',
  's3:listbucket',
  's3:putobject',
  'logs:createlogstream',
  'logs:putlogevents',
]);

function isVendedDelivery(statement: Json): boolean {
  if (
    !isObject(statement) ||
    typeof statement.Sid !== 'string' ||
    !statement.Sid.startsWith('AWSLogDelivery')
  )
    return false;
  const form = statementForm(statement);
  return (
    canonical(form.Principal ?? null) === '{"Service":["delivery.logs.amazonaws.com"]}' &&
    Array.isArray(form.Action) &&
    form.Action.every((action) => DELIVERY_ACTIONS.has(String(action)))
  );
}

function parsePolicy(document: string): JsonObject | undefined {
  const text = document.trim();
  try {
    const value = JSON.parse(/^%7b/i.test(text) ? decoded(text) : text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON: the caller compares it as text.
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'));
  } catch {
    return text;
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const listOf = (value: Json | undefined): Json[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];

function formOf(policy: JsonObject): JsonObject {
  const form: JsonObject = {};
  for (const [key, value] of Object.entries(policy)) {
    if (key === 'Statement') continue;
    if (isVoid(value)) continue;
    form[key] = value;
  }
  // A document without a Version is one of 2008-10-17: leaving it out says the same.
  if (form.Version === '2008-10-17') delete form.Version;
  const statements = listOf(policy.Statement).map((statement) =>
    isObject(statement) ? statementForm(statement) : statement,
  );
  form.Statement = sorted(statements);
  return form;
}

function statementForm(statement: JsonObject): JsonObject {
  const form: JsonObject = {};
  for (const [key, value] of Object.entries(statement)) {
    switch (key) {
      case 'Sid':
        // Consoles and services number statements; a number identifies nothing.
        if (typeof value === 'string' && value !== '' && !/^\d+$/.test(value)) form.Sid = value;
        break;
      case 'Effect':
        form.Effect = typeof value === 'string' ? value.toLowerCase() : value;
        break;
      case 'Action':
      case 'NotAction':
        form[key] = strings(value, (action) => action.toLowerCase());
        break;
      case 'Resource':
      case 'NotResource':
        form[key] = strings(value, (resource) => resource);
        break;
      case 'Principal':
      case 'NotPrincipal': {
        const principal = principalForm(value);
        if (principal !== null) form[key] = principal;
        break;
      }
      case 'Condition':
        if (!isVoid(value)) form.Condition = conditionForm(value);
        break;
      default:
        if (!isVoid(value)) form[key] = value;
    }
  }
  return form;
}

const isVoid = (value: Json | undefined): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

const sorted = (values: Json[]): Json[] =>
  values
    .map((value): [string, Json] => [canonical(value), value])
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, value]) => value);

/** A string is an array of one; order and repetition mean nothing. */
function strings(value: Json | undefined, form: (text: string) => string): Json[] {
  const texts = listOf(value).map((item) => (typeof item === 'string' ? form(item) : String(item)));
  return [...new Set(texts)].sort();
}

/** `"*"` and `{"AWS":"*"}` are not the same to every service, so they stay apart. An empty principal is none. */
function principalForm(value: Json): Json {
  if (!isObject(value)) return isVoid(value) ? null : strings(value, accountForm);
  const form: JsonObject = {};
  for (const [kind, members] of Object.entries(value)) {
    if (isVoid(members)) continue;
    form[kind] = strings(members, kind === 'AWS' ? accountForm : (member) => member);
  }
  return Object.keys(form).length === 0 ? null : form;
}

/** An account id stands for the root of that account. */
function accountForm(principal: string): string {
  const root = /^arn:aws[\w-]*:iam::(\d{12}):root$/.exec(principal);
  return root ? root[1]! : principal;
}

/** Operators and keys are case-insensitive; values are texts, so `true` is "true" and 5 is "5". */
function conditionForm(value: Json): Json {
  if (!isObject(value)) return value;
  const form: JsonObject = {};
  for (const [operator, keys] of Object.entries(value)) {
    if (!isObject(keys)) {
      form[operator.toLowerCase()] = keys;
      continue;
    }
    const byKey: JsonObject = {};
    for (const [key, values] of Object.entries(keys)) byKey[key.toLowerCase()] = strings(values, (v) => v);
    form[operator.toLowerCase()] = byKey;
  }
  return form;
}
