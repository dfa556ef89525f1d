// JSON inside a text, taken apart within limits and without losing a digit. Pure.
import type { Json } from '../../../schemas/index.ts';

/** Longer texts are compared as texts: taking them apart would hold up everything else. */
const LONGEST = 250_000;
/** Deeper than anything sensible, far from what a stack holds. */
const DEEPEST = 200;

/** A number that a double cannot hold is told by its digits. */
function exactly(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || context?.source === undefined) return value;
  return Number.isInteger(value) || !Number.isFinite(value) || context.source.length > 16
    ? `\u0000${context.source}`
    : value;
}

/** What a JSON text holds; undefined for any other text. */
export function jsonIn(text: string): Json | undefined {
  if (text.length > LONGEST || isDeep(text)) return undefined;
  try {
    return JSON.parse(text, /\d{16}/.test(text) ? exactly : undefined) as Json;
  } catch {
    return undefined;
  }
}

/** Whether brackets are open deeper than is sensible, those inside strings left out. */
export function isDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) {
      for (at++; at < text.length && text.charCodeAt(at) !== 0x22; at++)
        if (text.charCodeAt(at) === 0x5c) at++;
    } else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > DEEPEST) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}
