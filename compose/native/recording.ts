// moto's record of the requests it got, one JSON object a line, mended to be told again. Pure.
//
// Requests written at the same time may run into one line, and a kill may cut the last one short: it was never answered.
const BETWEEN = /(?<=\})(?=\{"headers": )/;

/** The requests that change something, one a line. */
export function writesOf(recording: string): string {
  let writes = '';
  for (const line of recording.split('\n')) {
    for (const entry of line.split(BETWEEN)) {
      const method = methodOf(entry);
      if (method !== null && method !== 'GET' && method !== 'HEAD') writes += `${entry}\n`;
    }
  }
  return writes;
}

function methodOf(entry: string): string | null {
  if (entry === '') return null;
  try {
    const { method } = JSON.parse(entry) as { method?: unknown };
    return typeof method === 'string' ? method : null;
  } catch {
    return null;
  }
}
