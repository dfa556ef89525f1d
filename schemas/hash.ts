// Hashes for ids and fingerprints. The one place outside the shells that imports a node module: SHA-256 is a function.
import { hash } from 'node:crypto';
import { canonical } from './canonical.ts';
import type { Json } from './json.ts';

/** A stable id: the first 20 characters (120 bits) of the SHA-256 of the parts, base64url, after `prefix`. */
export function stableId(prefix: string, ...parts: (string | number)[]): string {
  return `${prefix}_${hash('sha256', parts.join('\u001f'), 'base64url').slice(0, 20)}`;
}

/** Fingerprint of a JSON value: 16 bytes, equal exactly when the canonical JSON is equal. */
export function fingerprint(value: Json): Buffer {
  return fingerprintOfCanonical(canonical(value));
}

/** The same for a value whose canonical JSON is at hand. */
export function fingerprintOfCanonical(text: string): Buffer {
  // As text first: a buffer of each hash's own costs as much as the hash of a short text.
  return Buffer.from(hash('sha256', text, 'binary').slice(0, 16), 'latin1');
}

/** The fingerprint of what has none (broadcasts): never counts as unchanged. */
export const NO_FINGERPRINT: Buffer = Buffer.alloc(16);

/** Hex digest of a text: providers keep the hash of a write-only value where the value itself was. */
export const digest = (algorithm: 'sha1' | 'sha256', text: string): string => hash(algorithm, text, 'hex');
