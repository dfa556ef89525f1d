// The order of keys and parts, the same in every adapter: by code point, which is the order of their UTF-8 bytes. Pure.

/** Like `<`, except that characters outside the basic plane sort after all others, as their bytes do. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above every other code unit. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

/**
 * Index of the first element that is not before `text`, in a sorted array. Neighbours begin alike, so what `text` shares
 * with both ends of the range is not compared again.
 */
export function firstNotBefore(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  let sharedLow = 0;
  let sharedHigh = 0;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = sorted[middle]!;
    const length = Math.min(one.length, text.length);
    let at = Math.min(sharedLow, sharedHigh);
    while (at < length && one.charCodeAt(at) === text.charCodeAt(at)) at++;
    const isBefore =
      at < length ? rank(one.charCodeAt(at)) < rank(text.charCodeAt(at)) : one.length < text.length;
    if (isBefore) {
      low = middle + 1;
      sharedLow = at;
    } else {
      high = middle;
      sharedHigh = at;
    }
  }
  return low;
}
