// ClickHouse's HTTP interface as text: what a request's address asks for, and what an error looks like. Pure.
//
// Source: https://clickhouse.com/docs/interfaces/http
import { DriftError } from '../../runtime/errors.ts';

export interface Asked {
  /** What is set before the statement runs: the database, settings, parameters. */
  before: string[];
  /** The statement's part in the address; the body follows it. */
  query: string;
  format: string;
}

/** Known to the server's HTTP side only; chDB would refuse them. */
const OF_HTTP = new Set([
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_response_buffer_size',
  'http_write_exception_in_output_format',
  'enable_http_compression',
  'http_zlib_compression_level',
  'cancel_http_readonly_queries_on_client_close',
  'add_http_cors_header',
  'query_id',
  'user',
  'password',
]);
const REFUSED = new Set(['session_id', 'session_timeout', 'session_check', 'role', 'compress', 'decompress']);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function asked(parameters: URLSearchParams): Asked {
  const result: Asked = { before: [], query: '', format: 'TabSeparated' };
  const set = new Map<string, string>();
  for (const [name, value] of parameters) {
    if (name === 'query') result.query = value;
    else if (name === 'default_format') result.format = value;
    else if (OF_HTTP.has(name)) continue;
    else if (REFUSED.has(name)) throw notServed(`the parameter ${name}`);
    else if (!NAME.test(name)) throw notServed(`a parameter named ${JSON.stringify(name)}`);
    else if (name === 'database') result.before.push(`USE \`${value.replaceAll('`', '\\`')}\``);
    // Both kinds: the value is text that ClickHouse reads by the parameter's or the setting's own type.
    else set.set(name, quoted(value));
  }
  // In one statement: each costs a third of a millisecond, and a client sends eight.
  if (set.size > 0)
    result.before.push(`SET ${[...set].map(([name, value]) => `${name} = ${value}`).join(', ')}`);
  return result;
}

const notServed = (what: string): DriftError =>
  new DriftError(`this front of chDB does not serve ${what}`, {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public: `This front of chDB does not serve ${what}. Give a real server's CLICKHOUSE_URL for that.`,
  });

export const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`;

/** An insert whose rows are in a file: they reach ClickHouse as bytes, in any format. Null: the rows must follow as text. */
export function insertFrom(query: string, file: string): string | null {
  const parts = /^(\s*INSERT\s+INTO\s[\s\S]*?)(\sSETTINGS\s[\s\S]*?)?(\sFORMAT\s+[A-Za-z0-9]+)[\s;]*$/i.exec(
    query,
  );
  if (parts === null) return null;
  return `${parts[1]} FROM INFILE ${quoted(file)} COMPRESSION 'none'${parts[2] ?? ''}${parts[3]}`;
}

const NOT_FOUND = new Set([46, 47, 50, 56, 60, 63, 73, 80, 81, 111, 115, 335]);
const BAD_REQUEST = new Set([
  6, 26, 27, 36, 38, 41, 42, 43, 53, 62, 69, 70, 72, 117, 130, 131, 321, 349, 386, 441,
]);

/** ClickHouse's code for an error, from its message; 1002 is its own "unknown". */
export const codeIn = (message: string): number => Number(/Code: (\d+)\./.exec(message)?.[1] ?? 1002);

export function statusFor(code: number): number {
  if (NOT_FOUND.has(code)) return 404;
  if (BAD_REQUEST.has(code)) return 400;
  if (code === 48) return 501;
  if (code === 202) return 503;
  return 500;
}
