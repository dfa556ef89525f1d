import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordSplitter } from './record-splitter.ts';

function split(text: string, cuts: number[] = [], limit = 1_000_000) {
  const bytes = Buffer.from(text);
  const splitter = new RecordSplitter(limit);
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const slices = edges.slice(1).flatMap((edge, index) => splitter.push(bytes.subarray(edges[index]!, edge)));
  return {
    records: slices.map(({ bytes }) => (bytes ? JSON.parse(bytes.toString()) : null)),
    ending: splitter.end(),
  };
}

const record = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
const element = fc.oneof(record, fc.jsonValue());
const wrap = (records: unknown[]): [string, string][] => [
  ['an object of Records', JSON.stringify({ Records: records })],
  [
    'an object of Records, printed with spaces',
    JSON.stringify({ version: 1, Records: records, next: { a: [{}] } }, null, 2),
  ],
  ['an answer of LookupEvents', JSON.stringify({ Events: records, NextToken: 'x' })],
  ['a bare list', JSON.stringify(records)],
];

describe('cutting a stream into records', () => {
  test('gives all that stands in the list, records or not, for every wrapping and every cut', () => {
    fc.assert(
      fc.property(
        fc.array(element, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (records, cuts) => {
          // As JSON has it: there is no -0 in it.
          const expected = JSON.parse(JSON.stringify(records));
          for (const [name, text] of wrap(records))
            expect(split(text, cuts), name).toEqual({ records: expected, ending: 'complete' });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('takes objects one a line, with or without a last line end', () => {
    const lines = [{ a: '}]"\\' }, { b: [{ c: 1 }] }];
    const text = lines.map((line) => JSON.stringify(line)).join('\r\n');
    expect(split(text)).toEqual({ records: lines, ending: 'complete' });
    expect(split(`\ufeff${text}\n`)).toEqual({ records: lines, ending: 'complete' });
  });

  test('an element that is no object comes out as it stands, as large as the limit at most', () => {
    const text = `{"Records":[null,"}]\\"",-1.5e3 ,[{"a":[1]}],true,{"a":1},"${'x'.repeat(50)}",${'1'.repeat(50)}]}`;
    expect(split(text, [12, 15, 20, 80], 30)).toEqual({
      records: [null, '}]"', -1500, [{ a: [1] }], true, { a: 1 }, null, null],
      ending: 'complete',
    });
  });

  test('a member called Records inside a record is not the list', () => {
    const lines = [{ a: { Records: [{ b: 1 }] } }];
    expect(split(JSON.stringify(lines[0]))).toEqual({ records: lines, ending: 'complete' });
  });

  test('no record is no record', () => {
    expect(split('{"Records":[]}')).toEqual({ records: [], ending: 'complete' });
    expect(split('')).toEqual({ records: [], ending: 'empty' });
    expect(split(' \n')).toEqual({ records: [], ending: 'empty' });
  });

  test.each([
    ['half an element that is no record', '{"Records":[{"a":1},nul', [{ a: 1 }], 'truncated'],
    ['half a record', '{"Records":[{"a":1},{"b"', [{ a: 1 }], 'truncated'],
    ['a list without its end', '{"Records":[{"a":1}', [{ a: 1 }], 'truncated'],
    ['a text without its end', '{"a":1}{"b":"', [{ a: 1 }], 'truncated'],
    ['no JSON', 'hello', [], 'not-json'],
    ['bytes after the end', '{"a":1} hello', [{ a: 1 }], 'not-json'],
    ['a closing bracket too many', '{"a":1}]{"b":1}', [{ a: 1 }], 'not-json'],
  ])('%s gives what came before, and says so', (_, text, records, ending) => {
    expect(split(text)).toEqual({ records, ending });
  });

  test('holds no more of a record than the limit, and goes on after it', () => {
    const text = JSON.stringify({ Records: [{ a: 'x'.repeat(5_000) }, { b: 1 }] });
    expect(split(text, [100, 1_000, 4_000], 500)).toEqual({ records: [null, { b: 1 }], ending: 'complete' });
  });
});
