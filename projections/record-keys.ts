// What a record key tells about its record before anything is decoded. Pure.

/** Broadcasts are keyed `org/*`, a unit separator and what they are about; objects have their own key before it. */
export function isBroadcastKey(key: string): boolean {
  return key.startsWith('*\u001f', key.indexOf('/') + 1);
}
