// Looks for secrets where none may be: in files byte by byte, in text, in every form a value may have been written in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The ways a value may stand in other text: as it is, escaped for JSON (twice, too) and URLs, in base64 and hex. */
export function formsOf(secret: string): string[] {
  const json = (text: string): string => JSON.stringify(text).slice(1, -1);
  const html = (text: string): string =>
    text.replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  const forms = [
    secret,
    json(secret),
    json(json(secret)),
    html(json(secret)),
    json(html(json(secret))),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('hex'),
  ];
  for (const text of [secret, json(secret), html(json(secret))])
    for (const base64 of insideBase64(text))
      forms.push(base64, base64.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set(forms)];
}

/** What stays the same of a text in base64 whatever stands around it, for each of the three ways it may be aligned. */
const insideBase64 = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
    return bytes.toString('base64').slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 8) / 6));
  });

/** Which of the forms stand in the bytes. */
export function formsIn(bytes: Buffer | string, forms: readonly string[]): string[] {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return forms.filter((form) => buffer.includes(form));
}

/** Every file below a folder, by its path. */
export function filesBelow(folder: string): { path: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}
