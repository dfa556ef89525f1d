// One invocation's view of the server: address, key and how to print, from flags, environment and the data directory.
import type { Command } from 'commander';
import { type Client, createClient } from '../client.ts';
import type { Page } from '../types.ts';
import type { Io } from './io.ts';
import { Mistake, wantsColour } from './io.ts';
import { type Column, type Paint, paintFor, table } from './text.ts';

export interface Session {
  io: Io;
  client: Client;
  paint: Paint;
  json: boolean;
  print(text: string): void;
  /** Rows as a table, or as JSON; `empty` is said on standard error when there are none. */
  rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void;
  /** One thing as JSON, or as `text` gives it. */
  one<T>(value: T, text: (value: T) => string): void;
  /** Says on standard error what takes time, if someone is watching. */
  progress(text: string): void;
}

interface GlobalOptions {
  url?: string;
  key?: string;
  output?: string;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

export function sessionOf(io: Io, command: Command): Session {
  const options = command.optsWithGlobals<GlobalOptions>();
  const { environment } = io;
  const url = options.url ?? environment.DRIFTMGR_URL ?? DEFAULT_URL;
  if (!/^https?:\/\//.test(url)) throw new Mistake(`--url must begin with http:// or https://: ${url}`);
  const json = options.output === 'json';
  const key =
    options.key ?? environment.DRIFTMGR_API_KEY ?? io.adminKey(environment.DRIFTMGR_DATA ?? './.driftmgr');
  const paint = paintFor(wantsColour(io));
  const print = (text: string): void => io.out(text);
  return {
    io,
    client: createClient({
      url,
      key: () => key,
      fetch: (input, init) => io.fetch(input, { ...init, signal: init?.signal ?? io.signal }),
    }),
    paint,
    json,
    print,
    rows(rows, columns, empty) {
      if (json) print(`${JSON.stringify(rows, null, 2)}\n`);
      else if (rows.length === 0) io.err(`${empty}\n`);
      else print(table(columns, rows, paint));
    },
    one: (value, text) => print(json ? `${JSON.stringify(value, null, 2)}\n` : text(value)),
    progress(text) {
      if (io.errIsTerminal) io.err(`\r\u001b[K${text}`);
    },
  };
}

/** Pages until `limit` items are there, or all of them. */
export async function collect<T>(
  session: Session,
  limit: number,
  page: (query: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const wanted = Math.min(500, limit - items.length);
    const found = await page({ limit: wanted, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...found.items);
    cursor = found.next ?? undefined;
    if (cursor !== undefined && items.length < limit) session.progress(`${items.length} so far …`);
  } while (cursor !== undefined && items.length < limit);
  session.progress('');
  if (cursor !== undefined && session.io.errIsTerminal)
    session.io.err(`the first ${items.length}; there are more: --limit ${items.length * 10}\n`);
  return items;
}
