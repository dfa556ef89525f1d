import { describe, expect, it } from 'vitest';
import { asked, codeIn, insertFrom, quoted, statusFor } from './clickhouse-request.ts';

describe('a request to ClickHouse', () => {
  it('becomes what is set, the statement, and the format', () => {
    const parameters = new URLSearchParams([
      ['query', 'SELECT 1'],
      ['query_id', 'q'],
      ['database', 'x`y'],
      ['param_name', `it's \\t`],
      ['max_threads', '2'],
      ['wait_end_of_query', '1'],
      ['default_format', 'JSONEachRow'],
    ]);
    expect(asked(parameters)).toEqual({
      before: ['USE `x\\`y`', `SET param_name = 'it\\'s \\\\t', max_threads = '2'`],
      query: 'SELECT 1',
      format: 'JSONEachRow',
    });
  });

  it('that wants what chDB has not is refused, not half served', () => {
    for (const name of ['session_id', 'role', 'decompress', 'max_threads; DROP TABLE x'])
      expect(() => asked(new URLSearchParams([[name, '1']])), name).toThrow('does not serve');
  });

  it('with rows in its body reads them from a file, settings and columns kept', () => {
    expect(insertFrom('INSERT INTO d.t (a, b) FORMAT JSONEachRow', '/x/f')).toBe(
      `INSERT INTO d.t (a, b) FROM INFILE '/x/f' COMPRESSION 'none' FORMAT JSONEachRow`,
    );
    expect(insertFrom('insert into t settings async_insert = 0 format RowBinary\n', '/x/f')).toBe(
      `insert into t FROM INFILE '/x/f' COMPRESSION 'none' settings async_insert = 0 format RowBinary`,
    );
    expect(insertFrom('SELECT 1 FORMAT JSON', '/x/f')).toBeNull();
    expect(insertFrom('INSERT INTO t VALUES', '/x/f')).toBeNull();
  });

  it('text stays text', () => {
    expect(quoted(`a'b\\c\0`)).toBe(`'a\\'b\\\\c\\0'`);
  });

  it('that fails has ClickHouse’s code and the status its server gives', () => {
    expect(codeIn('Code: 60. DB::Exception: Unknown table (UNKNOWN_TABLE)')).toBe(60);
    expect(codeIn('what?')).toBe(1002);
    expect([60, 62, 48, 202, 159, 1002].map(statusFor)).toEqual([404, 400, 501, 503, 500, 500]);
  });
});
