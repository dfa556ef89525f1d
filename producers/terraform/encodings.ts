// The spellings under which a secret may stand inside another string: what Terraform's functions make of it. Pure.
import { SHORTEST_PATTERN } from './search.ts';

/**
 * The secret itself and what base64encode (of a longer text or of jsonencode, too), jsonencode (twice too), urlencode and
 * hex make of it.
 * Only spellings long enough to be searched for.
 */
export function spellings(secret: string): string[] {
  const found = new Set<string>();
  for (const text of new Set([secret, secret.trim()])) {
    if (text.length < SHORTEST_PATTERN) continue;
    found.add(text);
    const json = jsonEscaped(text);
    found
      .add(json)
      .add(goEscaped(json))
      .add(jsonEscaped(json))
      .add(jsonEscaped(goEscaped(json)));
    found.add(urlEscaped(text)).add(queryEscaped(text));
    const hex = Buffer.from(text, 'utf8').toString('hex');
    found.add(hex).add(hex.toUpperCase());
    for (const form of new Set([text, json, goEscaped(json)])) {
      const bytes = Buffer.from(form, 'utf8');
      for (let before = 0; before < 3; before++) {
        const base64 = insideBase64(bytes, before);
        found.add(base64).add(base64.replaceAll('+', '-').replaceAll('/', '_'));
        found.add(base64.replaceAll('+', '%2B').replaceAll('/', '%2F'));
      }
    }
    for (const line of text.split('\n')) {
      // Keys are indented and joined anew: each of their lines is as secret as the whole.
      if (/^\s*[A-Za-z0-9+/=]{32,}\s*$/.test(line)) found.add(line.trim());
    }
  }
  return [...found].filter((spelling) => spelling.length >= SHORTEST_PATTERN);
}

/** As it stands between the quotes of a JSON string. */
export const jsonEscaped = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Go's encoder, and so jsonencode, also escapes what HTML would read. */
const goEscaped = (json: string): string =>
  json
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');

/** A lone surrogate cannot be escaped; a text with one is left as it is. */
const urlEscaped = (text: string): string => (text.isWellFormed() ? encodeURIComponent(text) : text);
const queryEscaped = (text: string): string =>
  urlEscaped(text)
    .replaceAll('%20', '+')
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** The characters of a base64 text that depend on these bytes alone when `before` (mod 3) bytes stand before them. */
function insideBase64(bytes: Buffer, before: number): string {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const first = Math.ceil((before * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  return padded.toString('base64').slice(first, last);
}
