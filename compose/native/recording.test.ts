import { describe, expect, it } from 'vitest';
import { writesOf } from './recording.ts';

const entry = (method: string, url: string): string =>
  `{"headers": {"A": "}{\\"headers"}, "method": "${method}", "url": "${url}", "body": "eA==", "body_encoded": true}`;

describe('requests told to the S3 server again', () => {
  it('are those that change something, in their order', () => {
    const lines = [
      entry('PUT', '/b'),
      entry('GET', '/b/k'),
      entry('PUT', '/b/k'),
      entry('HEAD', '/b'),
      entry('DELETE', '/b/k'),
    ];
    expect(writesOf(`${lines.join('\n')}\n`)).toBe(`${[lines[0], lines[2], lines[4]].join('\n')}\n`);
  });

  it('two that were written into one line are both told', () => {
    const [one, two] = [entry('PUT', '/b/1'), entry('PUT', '/b/2')];
    expect(writesOf(`${one}${two}\n\n`)).toBe(`${one}\n${two}\n`);
  });

  it('one that a kill cut short is left out: it was never answered', () => {
    const [one, two] = [entry('PUT', '/b/1'), entry('PUT', '/b/2')];
    for (let length = 1; length < two.length; length++)
      expect(writesOf(`${one}\n${two.slice(0, length)}`)).toBe(`${one}\n`);
  });
});
