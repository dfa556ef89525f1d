// JSON values and the marker that stands for a secret.
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** What replaces a sensitive value before the first event is written: a keyed fingerprint, equal for equal secrets. */
export interface Secret {
  $secret: string;
}

export function isSecret(value: Json | undefined): value is { $secret: string } {
  return (
    value !== null && typeof value === 'object' && !Array.isArray(value) && typeof value.$secret === 'string'
  );
}
