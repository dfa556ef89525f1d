// A time in the address, `?at=`: kept in UTC, so that a link means the same everywhere; entered where the reader is. Pure.

/** The time in the address as RFC 3339 in UTC; null when there is none or it is none. */
export function asOf(text: string | null): string | null {
  const time = text ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** What an input of kind `datetime-local` shows for it: local time, to the second. */
export function localInput(at: string | null): string {
  if (at === null) return '';
  const time = new Date(at);
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19);
}
