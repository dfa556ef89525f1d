// When two IAM-style policy documents grant the same: a canonical form, equal exactly for equivalent documents. Pure.
//
// What it never folds: another Version, Action against NotAction, a missing statement, another Effect or Condition.
import type { Json, JsonObject } from '../../../schemas/index.ts';
import { canonical } from '../../../schemas/index.ts';
import { jsonIn } from './json-text.ts';

/**
 * Canonical text of a policy document given as JSON text (possibly URL-encoded), nothing for `{}`; other text is only
 * trimmed.
 */
export function policyForm(document: string): string {
  const parsed = parsePolicy(document);
  if (parsed === undefined) return document.trim();
  return isVoid(parsed) ? '' : canonical(formOf(parsed));
}

/** Whether a value has the shape of such a document, whatever attribute it was found in. */
export function isPolicy(value: Json): boolean {
  if (!isObject(value) || value.Statement === undefined) return false;
  const statements = listOf(value.Statement);
  return (
    statements.length > 0 &&
    statements.every(
      (one) => isObject(one) && typeof one.Effect === 'string' && ('Action' in one || 'NotAction' in one),
    )
  );
}

/**
 * True when both documents say the same, or when the observed one says more only by statements that AWS itself adds for
 * vended log delivery (Sid AWSLogDelivery…, its service as the only principal, nothing but the delivery actions).
 */
export function samePolicy(declared: Json, observed: Json): boolean {
  const [from, to] = [declared ?? '', observed ?? ''];
  if (typeof from !== 'string' || typeof to !== 'string') return false;
  const form = policyForm(from);
  if (form === policyForm(to)) return true;
  const document = parsePolicy(to);
  if (document === undefined) return false;
  const statements = listOf(document.Statement);
  const kept = statements.filter((statement) => !isVendedDelivery(statement));
  return (
    kept.length < statements.length && form === policyForm(JSON.stringify({ ...document, Statement: kept }))
  );
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
    form.Effect === 'allow' &&
    canonical(form.Principal ?? null) === '{"Service":["delivery.logs.amazonaws.com"]}' &&
    Array.isArray(form.Action) &&
    form.Action.every((action) => DELIVERY_ACTIONS.has(String(action)))
  );
}

/** Undefined for what is no such document: the caller compares it as text. */
function parsePolicy(document: string): JsonObject | undefined {
  const text = document.trim();
  const value = jsonIn(/^(%20|%09|%0a|%0d|\+)*%7b/i.test(text) ? decoded(text) : text);
  return isObject(value) ? value : undefined;
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

/** Members by name, each its own: no name means anything to JavaScript. */
const objectOf = (members: [string, Json][]): JsonObject => Object.fromEntries(members);

function formOf(policy: JsonObject): JsonObject {
  const members = Object.entries(policy).filter(
    // A document without a Version is one of 2008-10-17: leaving it out says the same.
    ([key, value]) => key !== 'Statement' && !isVoid(value) && !(key === 'Version' && value === '2008-10-17'),
  );
  const statements = listOf(policy.Statement).map((statement) =>
    isObject(statement) ? statementForm(statement) : statement,
  );
  members.push(['Statement', sorted(statements)]);
  return objectOf(members);
}

function statementForm(statement: JsonObject): JsonObject {
  return objectOf(
    Object.entries(statement).flatMap(([key, value]): [string, Json][] => {
      if (isVoid(value)) return [];
      switch (key) {
        case 'Sid':
          // Consoles and services number statements; a number identifies nothing.
          return /^\d+$/.test(String(value)) ? [] : [[key, value]];
        case 'Effect':
          return [[key, typeof value === 'string' ? value.toLowerCase() : value]];
        case 'Action':
        case 'NotAction':
          return [[key, strings(value, (action) => action.toLowerCase())]];
        case 'Resource':
        case 'NotResource':
          return [[key, strings(value)]];
        case 'Principal':
          return asMember(key, everyone(statement, principalForm(value)));
        case 'NotPrincipal':
          return asMember(key, principalForm(value));
        case 'Condition':
          return asMember(key, conditionForm(value));
        default:
          return [[key, value]];
      }
    }),
  );
}

const asMember = (key: string, value: Json): [string, Json][] => (isVoid(value) ? [] : [[key, value]]);

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

const textOf = (value: Json): string =>
  typeof value === 'string'
    ? value
    : value !== null && typeof value === 'object'
      ? canonical(value)
      : String(value);

/** A string is an array of one; order and repetition mean nothing; `true` is "true" and 5 is "5". */
const strings = (value: Json, form = (text: string): string => text): Json[] =>
  [...new Set(listOf(value).map((item) => form(textOf(item))))].sort();

/** An empty principal is none. */
function principalForm(value: Json): Json {
  if (!isObject(value)) return strings(value, accountForm);
  return objectOf(
    Object.entries(value).flatMap(([kind, members]): [string, Json][] =>
      isVoid(members) ? [] : [[kind, strings(members, kind === 'AWS' ? accountForm : undefined)]],
    ),
  );
}

/**
 * To a resource's own policy `"*"` and `{"AWS":"*"}` are one: everyone. A role's trust policy tells them apart; it names no
 * resource and allows nothing but `sts:` actions.
 */
function everyone(statement: JsonObject, principal: Json): Json {
  if (!Array.isArray(principal) || principal.length !== 1 || principal[0] !== '*') return principal;
  const isOfResource = !isVoid(statement.Resource) || !isVoid(statement.NotResource);
  const trusts = listOf(statement.Action).some((action) => /^sts:/i.test(textOf(action)));
  return isOfResource && !trusts ? { AWS: principal } : principal;
}

/** An account id stands for the root of that account. */
function accountForm(principal: string): string {
  const root = /^arn:aws[\w-]*:iam::(\d{12}):root$/.exec(principal);
  return root ? root[1]! : principal;
}

/** Operators and keys are case-insensitive; where two differ by nothing else, they stay as they are. */
function conditionForm(value: Json): Json {
  if (!isObject(value)) return value;
  return folded(
    Object.entries(value).flatMap(([operator, keys]): [string, Json][] =>
      isVoid(keys)
        ? []
        : [
            [
              operator,
              isObject(keys)
                ? folded(Object.entries(keys).map(([key, values]): [string, Json] => [key, strings(values)]))
                : keys,
            ],
          ],
    ),
  );
}

function folded(members: [string, Json][]): JsonObject {
  const names = new Set(members.map(([name]) => name.toLowerCase()));
  return objectOf(
    names.size === members.length ? members.map(([name, value]) => [name.toLowerCase(), value]) : members,
  );
}
