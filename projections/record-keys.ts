// What a record key tells about its record before anything is decoded. Pure.

/** Broadcasts are keyed `org/*`, a unit separator and what they are about; objects have their own key before it. */
export function isBroadcastKey(key: string): boolean {
  return key.startsWith('*\u001f', key.indexOf('/') + 1);
}

/** The resource an observation's record key speaks of: the key without its source. */
export const resourceOfKey = (key: string): string => key.slice(0, key.lastIndexOf('\u001f'));

/** Failed reads stand beside what was observed, under its key and one part more. */
export const isFailureKey = (key: string): boolean => key.endsWith('\u001ffailed');
