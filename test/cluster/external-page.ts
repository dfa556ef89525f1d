// The code blocks of docs/consumers.md, as they stand there: ```language name [file]
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Block {
  language: string;
  /** Which program of the page it belongs to. */
  program: string;
  /** What the page calls the file; null for what is typed. */
  file: string | null;
  text: string;
}

export const PAGE = fileURLToPath(new URL('../../docs/consumers.md', import.meta.url));

export function blocksOf(page = readFileSync(PAGE, 'utf8')): Block[] {
  return [...page.matchAll(/^```(\w+) (\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', program = '', file = null, text = '']) => ({ language, program, file, text }),
  );
}
