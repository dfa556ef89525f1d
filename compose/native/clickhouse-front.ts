// ClickHouse's HTTP interface in front of chDB: clickhouse-front.ts FOLDER PORT
//
// Serves an unmodified client. Each request has a session of its own, so settings and parameters end with it and
// statements run side by side. Differences from a server that callers may meet: every user is let in, a statement goes
// on when its client has left (max_execution_time ends it), and there are no HTTP sessions.
import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';
import { type ChdbSession, openChdbSession } from '../../runtime/clickhouse/chdb-session.ts';
import { DriftError } from '../../runtime/errors.ts';
import { type Asked, asked, codeIn, insertFrom, statusFor } from './clickhouse-request.ts';

const folder = resolve(process.argv[2] ?? '.');
const port = Number(process.argv[3]);
const data = join(folder, 'data');
/** Rows on their way in; what a killed process left of them was never answered. */
const incoming = join(folder, 'incoming');
rmSync(incoming, { recursive: true, force: true });
mkdirSync(incoming, { recursive: true });

// Held as long as the process lives: it keeps the folder open.
const held = openChdbSession(data);
await held.run('CREATE DATABASE IF NOT EXISTS driftmgr', 'TabSeparated');

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === '/ping' || (url.pathname === '/' && request.method === 'GET' && url.search === '')) {
    response.end('Ok.\n');
    return;
  }
  const id = url.searchParams.get('query_id') ?? randomUUID();
  response.setHeader('X-ClickHouse-Query-Id', id);
  response.setHeader('X-ClickHouse-Server-Display-Name', 'chdb');
  const file = join(incoming, randomUUID());
  let session: ChdbSession | null = null;
  try {
    const wish = asked(url.searchParams);
    const body = decoded(request);
    const intoFile = insertFrom(wish.query, file);
    let statement: string | null;
    if (intoFile === null) {
      statement = [wish.query, asText(await buffer(body))].filter((part) => part !== '').join('\n');
    } else {
      const rows = createWriteStream(file);
      await pipeline(body, rows);
      // Nothing to insert is no error to a server.
      statement = rows.bytesWritten === 0 ? null : intoFile;
    }
    session = openChdbSession(data);
    const result =
      statement === null
        ? { bytes: new Uint8Array(), rowsRead: 0, seconds: 0 }
        : await session.run([...wish.before, statement].join('; '), wish.format);
    answer(request, response, wish, result);
  } catch (error) {
    refuse(response, error);
  } finally {
    session?.close();
    rmSync(file, { force: true });
  }
}

/** The body as it was before the client compressed it. */
function decoded(request: IncomingMessage): NodeJS.ReadableStream {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return request;
  const through = encoding === 'gzip' ? createGunzip() : encoding === 'deflate' ? createInflate() : null;
  if (through === null)
    throw new Error(`Code: 48. DB::Exception: Content-Encoding ${encoding} is not served. (NOT_IMPLEMENTED)`);
  request.on('error', (error) => through.destroy(error));
  return request.pipe(through);
}

const asText = (bytes: Buffer): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  wish: Asked,
  result: { bytes: Uint8Array; rowsRead: number; seconds: number },
): void {
  const rows = String(result.rowsRead);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('X-ClickHouse-Format', wish.format);
  response.setHeader(
    'X-ClickHouse-Summary',
    JSON.stringify({
      read_rows: rows,
      read_bytes: '0',
      written_rows: /^\s*INSERT\b/i.test(wish.query) ? rows : '0',
      written_bytes: '0',
      total_rows_to_read: '0',
      result_rows: rows,
      result_bytes: String(result.bytes.length),
      elapsed_ns: String(Math.round(result.seconds * 1e9)),
    }),
  );
  const accepted = request.headers['accept-encoding'] ?? '';
  const zip = /\bgzip\b/.test(accepted)
    ? createGzip()
    : /\bdeflate\b/.test(accepted)
      ? createDeflate()
      : null;
  if (zip === null || result.bytes.length === 0) {
    response.end(result.bytes);
    return;
  }
  response.setHeader('Content-Encoding', /\bgzip\b/.test(accepted) ? 'gzip' : 'deflate');
  zip.pipe(response);
  zip.end(result.bytes);
}

function refuse(response: ServerResponse, error: unknown): void {
  const said = error instanceof Error ? error.message : String(error);
  const message = /^Code: \d+\./.test(said)
    ? said
    : error instanceof DriftError
      ? `Code: 48. DB::Exception: ${said}. (NOT_IMPLEMENTED)`
      : `Code: 1002. DB::Exception: ${said} (UNKNOWN_EXCEPTION)`;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = codeIn(message);
  response.statusCode = statusFor(code);
  response.setHeader('X-ClickHouse-Exception-Code', String(code));
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.end(`${message}\n`);
}

const server = createServer((request, response) => {
  serve(request, response).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    response.destroy();
  });
});
// Clients keep connections for longer than Node's five seconds; a real server closes them after ten.
server.keepAliveTimeout = 10_000;
server.requestTimeout = 0;
server.listen(port, '127.0.0.1', () => process.stdout.write(`chDB on ${data} listens on port ${port}\n`));

let stopping = false;
function stop(): void {
  if (stopping) return;
  stopping = true;
  // What runs is finished first; whoever waits longer is ended by force.
  server.close(() => {
    held.close();
    process.exit(0);
  });
  server.closeIdleConnections();
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
