// Globs over names and attribute paths: `*` stands for any characters, `?` for one, everything else for itself. Pure.

/** Takes time in proportion to both lengths, whatever the pattern: names come from states. */
export function fits(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      from = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

const POSITIONS = /\[\d+\]/g;

/**
 * Whether a pattern names an attribute path, or a block or map that the path is inside of. Positions in lists
 * (`rule[0].port`) may be left out.
 */
export function fitsPath(pattern: string, path: string): boolean {
  if (fitsOrHolds(pattern, path)) return true;
  const bare = path.replace(POSITIONS, '');
  return bare !== path && fitsOrHolds(pattern, bare);
}

function fitsOrHolds(pattern: string, path: string): boolean {
  if (fits(pattern, path)) return true;
  let quoted = false;
  for (let at = 1; at < path.length; at++) {
    const letter = path[at];
    if (letter === '\\' && quoted) at++;
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && (letter === '.' || letter === '[') && fits(pattern, path.slice(0, at))) return true;
  }
  return false;
}
