// The checksum of an unpacked provider package, as `.terraform.lock.hcl` has it (`h1:`): the SHA-256 of a list of the SHA-256 of
// every file, sorted by name, as Go's sumdb/dirhash makes it. IO: reads every byte once, and not again while nothing changed.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A package holds a program, a licence and little else. */
const MOST_FILES = 10_000;

interface File {
  /** Relative, with slashes. */
  name: string;
  path: string;
  /** What it was like when it was looked at. */
  mark: string;
}

const known = new Map<string, { marks: string; checksum: Promise<string> }>();

/** `h1:…` of the folder. */
export async function packageChecksum(folder: string): Promise<string> {
  const files = await filesIn(folder);
  const marks = files.map(({ name, mark }) => `${name} ${mark}`).join('\n');
  const before = known.get(folder);
  if (before?.marks === marks) return before.checksum;
  const checksum = hashed(files);
  known.set(folder, { marks, checksum });
  checksum.catch(() => known.delete(folder));
  return checksum;
}

async function hashed(files: readonly File[]): Promise<string> {
  const list = createHash('sha256');
  for (const { name, path } of files) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash);
    list.update(`${hash.digest('hex')}  ${name}\n`);
  }
  return `h1:${list.digest('base64')}`;
}

async function filesIn(folder: string): Promise<File[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > MOST_FILES)
    throw new Error(`${folder} holds more than ${MOST_FILES} files: no provider's package does`);
  const files: File[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const found = await stat(path);
    if (!found.isFile()) continue;
    const name = relative(folder, path).split(sep).join('/');
    files.push({ name, path, mark: `${found.size} ${found.mtimeMs} ${found.ino}` });
  }
  // By bytes, as Go sorts.
  return files.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}
