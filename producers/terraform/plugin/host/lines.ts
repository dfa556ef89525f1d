// A stream of bytes as lines, of which none may be longer than a bound: what is beyond it is dropped.
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Reads to the end whether or not anyone cares, so that the writer is never held up. */
export function eachLine(stream: Readable, longest: number, take: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let held = '';
  const add = (text: string): void => {
    let rest = text;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      take((held + rest.slice(0, end)).slice(0, longest));
      held = '';
      rest = rest.slice(end + 1);
    }
    if (held.length < longest) held += rest.slice(0, longest - held.length);
  };
  stream.on('data', (chunk: Buffer) => add(decoder.write(chunk)));
  stream.on('end', () => {
    if (held !== '') take(held);
  });
  // The process says how it ended; a broken pipe adds nothing.
  stream.on('error', () => {});
}
