// How the pretend cloud behaves just now: `PATCH /settings`, for tests of what clouds do on bad days.
import type { JsonObject } from '../../../../schemas/index.ts';
import { Refused } from './refused.ts';

export interface Refusal {
  /** How many more calls. */
  times: number;
  status: number;
  code: string;
  message: string;
  /** Of which kind, and on what; all when it does not say. */
  operation?: string;
  type?: string;
  id?: string;
  /** Never answered at all, for as long as the caller waits. */
  hangs?: true;
}

export interface Settings {
  /** After a change, reads give what was before for so long: eventual consistency. */
  lagMs: number;
  /** Every answer takes so much longer. */
  delayMs: number;
  /** Calls that only read stand in the feed too. */
  tellReads: boolean;
  refusals: Refusal[];
}

export const SETTINGS: Settings = { lagMs: 0, delayMs: 0, tellReads: true, refusals: [] };

const MS = 'a number of milliseconds from 0 to 600000';

/** Takes over what the object says; refuses what it cannot mean. */
export function change(settings: Settings, by: JsonObject): void {
  const next: Settings = { ...settings };
  for (const [name, value] of Object.entries(by))
    if (name === 'lagMs' || name === 'delayMs') {
      if (typeof value !== 'number' || !(value >= 0 && value <= 600_000)) throw wrong(name, MS);
      next[name] = value;
    } else if (name === 'tellReads') {
      if (typeof value !== 'boolean') throw wrong(name, 'true or false');
      next.tellReads = value;
    } else if (name === 'refusals') {
      if (!Array.isArray(value)) throw wrong(name, 'a list');
      next.refusals = value.map(refusalOf);
    } else throw wrong(name, `one of ${Object.keys(SETTINGS).join(', ')}`);
  Object.assign(settings, next);
}

function refusalOf(value: unknown): Refusal {
  const { times, status: given, code, message, operation, type, id, hangs } = (value ?? {}) as JsonObject;
  const status = given ?? (hangs === true ? 504 : null);
  if (typeof times !== 'number' || typeof status !== 'number' || !(status >= 400 && status <= 599))
    throw wrong(
      'refusals',
      'a list of { times, status (400 to 599), code?, message?, operation?, type?, id?, hangs? }',
    );
  return {
    times,
    status,
    code: typeof code === 'string' ? code : status === 429 ? 'Throttling' : 'InternalError',
    message: typeof message === 'string' ? message : 'refused, as the settings of this cloud say',
    ...(typeof operation === 'string' ? { operation } : {}),
    ...(typeof type === 'string' ? { type } : {}),
    ...(typeof id === 'string' ? { id } : {}),
    ...(hangs === true ? { hangs } : {}),
  };
}

const wrong = (name: string, should: string): Refused =>
  new Refused(400, 'ValidationError', `${name} should be ${should}`);
