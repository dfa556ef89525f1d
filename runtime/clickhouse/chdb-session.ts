// Adapter: one session on a folder that this process holds with chDB, for one statement after another as text.
//
// A session is made in less than a millisecond once the folder is open; what is SET in it ends with it.
import { Session } from 'chdb';

export interface ChdbSession {
  /** The answer in the given format, unless the text names another. Rejects with ClickHouse's own message. */
  run(sql: string, format: string): Promise<{ bytes: Uint8Array; rowsRead: number; seconds: number }>;
  close(): void;
}

export function openChdbSession(folder: string): ChdbSession {
  const session = new Session(folder);
  return {
    async run(sql, format) {
      const result = await session.queryAsync(sql, { format });
      return { bytes: result.bytes(), rowsRead: result.rowsRead, seconds: result.elapsed };
    },
    close: () => session.close(),
  };
}
