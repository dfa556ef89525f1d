import { describe, expect, it } from 'vitest';
import { rowForm } from './row-text.ts';

describe('rows of a statement', () => {
  const plain =
    'INSERT INTO t SELECT a, "offset" FROM jsonb_to_recordset($1) AS r(a text, "offset" bigint) WHERE true';
  it('of plain columns are sent as one text a column', () => {
    const form = rowForm(plain);
    expect(form.sql).toBe(
      `INSERT INTO t SELECT a, "offset" FROM (SELECT unnest((string_to_array($1, E'\\x01', E'\\x02'))[2:]::text[]) AS a, ` +
        `unnest((string_to_array($2, E'\\x01', E'\\x02'))[2:]::bigint[]) AS "offset") AS r WHERE true`,
    );
    expect(
      form.encode([
        { a: 'x', offset: 1 },
        { a: '', offset: null },
        { a: null, offset: 2 },
      ]),
    ).toEqual(['\u0001x\u0001\u0001\u0002', '\u00011\u0001\u0002\u00012']);
  });
  it('lose what would be taken for a separator or cannot be held', () => {
    expect(rowForm(plain).encode([{ a: 'a\u0000b\u0001c\u0002d', offset: 0 }])[0]).toBe(
      '\u0001a\ufffdb\ufffdc\ufffdd',
    );
  });
  it('keep the separators that record keys are made of', () => {
    const key = 'default/aws/-/-/s3-bucket/logs\u001faws_s3_bucket\u001elogs';
    expect(rowForm(plain).encode([{ a: key, offset: 0 }])[0]).toBe(`\u0001${key}`);
  });
  it('of other columns are sent as JSON, without what jsonb refuses', () => {
    const form = rowForm('SELECT 1 FROM jsonb_to_recordset($1) AS r(a jsonb, b text[])');
    expect(form.sql).toContain('jsonb_to_recordset($1)');
    expect(form.encode([{ a: { x: 'n\u0000\ud800' }, b: ['y'] }])).toEqual([
      '[{"a":{"x":"n\ufffd\ufffd"},"b":["y"]}]',
    ]);
  });
  it('that are no plain value though declared so are a defect that shows', () => {
    expect(() => rowForm(plain).encode([{ a: ['x'], offset: 1 }])).toThrow(TypeError);
  });
});
