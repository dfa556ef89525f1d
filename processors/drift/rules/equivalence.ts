// When two values of an attribute mean the same: one named equivalence each, as a canonical form or a relation. Pure.
import type { Json } from '../../../schemas/index.ts';
import { digest } from '../../../schemas/index.ts';
import { jsonForm, yamlForm } from './documents.ts';
import { policyForm, samePolicy } from './policy.ts';
import { armId, azureLocation, googleForm, googlePolicy, sameGoogleLink } from './references.ts';

/**
 * `form`: values with the same form are the same. `same`: a relation between the two sides, which is no form; where
 * both are given, it holds whenever the forms are equal.
 */
export interface Equivalence {
  form?: (value: Json) => Json;
  same?: (declared: Json, observed: Json) => boolean;
}

const text =
  (form: (value: string) => Json) =>
  (value: Json): Json =>
    typeof value === 'string' ? form(value) : value;

/** "1" and 1, "true", "on" and true: only on paths that are known to hold numbers or switches. */
function scalar(value: Json): Json {
  if (typeof value !== 'string') return value;
  const trimmed = value.trim();
  if (/^-?(0|[1-9]\d*)(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  return trimmed;
}

function toggle(value: Json): Json {
  const on = typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (on === 1 || on === '1' || on === 'true' || on === 'on' || on === 'yes' || on === 'enabled') return true;
  if (on === 0 || on === '0' || on === 'false' || on === 'off' || on === 'no' || on === 'disabled')
    return false;
  return on;
}

const INSTANT = /^\d{4}-\d{2}-\d{2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?)?$/i;

/** The same instant in whatever precision and zone; times of day with or without the leading zero. */
const time = text((value) => {
  const trimmed = value.trim();
  if (INSTANT.test(trimmed)) {
    const zoned = /(Z|UTC|[+-]\d{2}:?\d{2})$/i.test(trimmed.slice(10)) ? trimmed : `${trimmed}Z`;
    const at = Date.parse(zoned.length === 11 ? trimmed : zoned.replace(' ', 'T').replace(/\s*UTC$/i, 'Z'));
    return Number.isNaN(at) ? trimmed : at;
  }
  // 1:00, 01:00 and 01:00:00, alone or inside a window (sun:05:00-sun:06:00).
  return trimmed.replace(/(?<!\d|\d:)0?(\d{1,2}):(\d{2})(:00)?(?![\d:])/g, '$1:$2');
});

const UNITS: Record<string, number> = {
  ms: 0.001,
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3600,
  hour: 3600,
  d: 86_400,
  day: 86_400,
};

/** "60s", "60.0s", "1m0s": seconds. Also `rate(60 minutes)` = `rate(1 hour)`. */
const duration = text((value) => {
  const trimmed = value.trim().toLowerCase();
  const rate = /^rate\(\s*(.+?)\s*\)$/.exec(trimmed);
  const seconds = secondsOf(rate ? rate[1]! : trimmed);
  if (seconds === null) return trimmed;
  return rate ? `rate ${seconds}` : seconds;
});

function secondsOf(value: string): number | null {
  const part = /(\d+(?:\.\d+)?)\s*([a-z]+?)s?(?=\d|\s|$)/gy;
  let seconds = 0;
  let end = 0;
  while (end < value.length) {
    part.lastIndex = end;
    const found = part.exec(value);
    const unit = found ? (UNITS[found[2]!] ?? UNITS[`${found[2]!}s`]) : undefined;
    if (!found || unit === undefined) return null;
    seconds += Number(found[1]) * unit;
    end = part.lastIndex;
    while (value[end] === ' ') end++;
  }
  return value === '' ? null : Math.round(seconds * 1000) / 1000;
}

/** IPv6 in its shortest form, host bits cleared, a missing prefix length made explicit; other texts lower-cased. */
const cidr = text((value) => {
  const trimmed = value.trim().toLowerCase();
  const [address = '', length] = trimmed.split('/');
  if (address.includes(':')) {
    const groups = ipv6Groups(address);
    if (groups === null) return trimmed;
    const bits = length === undefined ? 128 : Number(length);
    return `${masked(groups, 16, bits)
      .map((group) => group.toString(16))
      .join(':')}/${bits}`;
  }
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return trimmed;
  const bits = length === undefined ? 32 : Number(length);
  return `${masked(address.split('.').map(Number), 8, bits).join('.')}/${bits}`;
});

function masked(groups: number[], width: number, bits: number): number[] {
  return groups.map((group, i) => {
    const kept = Math.min(width, Math.max(0, bits - i * width));
    return group & ((2 ** width - 1) ^ (2 ** (width - kept) - 1));
  });
}

/** Eight groups; null when it is no IPv6 address. */
function ipv6Groups(address: string): number[] | null {
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const given = groups[0]!.length + (groups[1]?.length ?? 0);
  if (halves.length === 1 ? given !== 8 : given > 7) return null;
  const filled = [...groups[0]!, ...Array<string>(8 - given).fill('0'), ...(groups[1] ?? [])];
  const numbers = filled.map((group) => (/^[0-9a-f]{1,4}$/.test(group) ? Number.parseInt(group, 16) : -1));
  return numbers.includes(-1) ? null : numbers;
}

/** "80" = "80-80"; every spelling of all ports is nothing at all. */
function ports(value: Json): Json {
  const range = String(value ?? '')
    .trim()
    .toLowerCase()
    .replace(/\s/g, '');
  if (/^(|all|any|\*|0|0-0|0-65535|1-65535)$/.test(range)) return null;
  const both = /^(\d+)-(\d+)$/.exec(range);
  return both && both[1] === both[2] ? both[1]! : range;
}

/** `type key`, without the comment. */
const sshKey = text((value) => value.trim().split(/\s+/).slice(0, 2).join(' '));
const pem = text((value) => value.replace(/\s+/g, ''));
const dns = text((value) => value.trim().toLowerCase().replace(/\.$/, ''));
const url = text((value) => value.trim().replace(/\/+$/, ''));

/** "13" configured and "13.4" running, or the sentinel "latest": the declared version is a prefix, part by part. */
function versionPrefix(declared: Json, observed: Json): boolean {
  const wanted = String(declared ?? '').trim();
  const actual = String(observed ?? '').trim();
  return (
    wanted === actual ||
    wanted === 'latest' ||
    actual.startsWith(`${wanted}.`) ||
    actual.startsWith(`${wanted}-`)
  );
}

/** Either side may be the hash (or the base64) of the other: providers keep digests of what cannot be read back. */
function hashed(declared: Json, observed: Json): boolean {
  if (typeof declared !== 'string' || typeof observed !== 'string') return false;
  const isDigestOf = (short: string, long: string): boolean =>
    (short.length === 40 && digest('sha1', long) === short) ||
    (short.length === 64 && digest('sha256', long) === short);
  return isDigestOf(declared, observed) || isDigestOf(observed, declared);
}

/**
 * A slug names whatever image is newest, an id one image: one cannot be told from the other, so only two slugs or two
 * ids can differ.
 */
function sameImage(declared: Json, observed: Json): boolean {
  const isId = (value: Json): boolean => /^\d+$/.test(String(value));
  return isId(declared) !== isId(observed) || String(declared) === String(observed);
}

/** A security protocol by name or number, `-1` and `all` alike. */
const PROTOCOLS: Record<string, string> = { '6': 'tcp', '17': 'udp', '1': 'icmp', '58': 'icmpv6', all: '-1' };
const protocol = (value: Json): Json => {
  const name = String(value ?? '').toLowerCase();
  return PROTOCOLS[name] ?? name;
};

/** The last part of an ARN or path: `arn:…:key/1a` = `1a`, `path/name` = `name`. */
const lastPart = text((value) => value.slice(Math.max(value.lastIndexOf('/'), value.lastIndexOf(':')) + 1));

export const EQUIVALENCES = {
  scalar: { form: scalar },
  toggle: { form: toggle },
  json: { form: text(jsonForm) },
  'json-or-yaml': { form: text(yamlForm) },
  policy: { form: text(policyForm), same: samePolicy },
  time: { form: time },
  duration: { form: duration },
  cidr: { form: cidr },
  ports: { form: ports },
  'ssh-key': { form: sshKey },
  pem: { form: pem },
  dns: { form: dns },
  'trailing-dot': { form: text((value) => value.trim().replace(/\.$/, '')) },
  url: { form: url },
  space: { form: text((value) => value.trim()) },
  case: { form: text((value) => value.trim().toLowerCase()) },
  protocol: { form: protocol },
  'last-part': { form: lastPart },
  'arm-id': { form: text(armId) },
  'azure-location': { form: text(azureLocation) },
  'google-link': { form: text(googleForm), same: sameGoogleLink },
  'google-policy': { form: text(googlePolicy) },
  version: { same: versionPrefix },
  hashed: { same: hashed },
  image: { same: sameImage },
} as const satisfies Record<string, Equivalence>;

export type EquivalenceName = keyof typeof EQUIVALENCES;
export const equivalence = (name: EquivalenceName): Equivalence => EQUIVALENCES[name];
