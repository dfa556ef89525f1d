// What was last published of a workspace as bytes, so that a restart compares with it. Pure; the format is ours alone.
//
// It also remembers the secrets that were ever known there: a copy stays a secret when the marked original goes. So a
// table is as secret as a state, and is only ever stored encrypted.
//
// Layout: "DMT1", the number of secrets, the secrets; then per row 16 bytes of fingerprint, address, type and id, the
// number of object keys, the keys. Texts are UTF-8 after their length (four bytes).
import type { Row } from './normalize.ts';

const MAGIC = Buffer.from('DMT1');
const PRINT = 16;

export interface Table {
  rows: readonly Row[];
  secrets: readonly string[];
}

export const EMPTY_TABLE: Table = { rows: [], secrets: [] };

export function encodeTable({ rows, secrets }: Table): Buffer {
  let size = MAGIC.length + 4;
  for (const secret of secrets) size += textSize(secret);
  for (const row of rows) {
    size += PRINT + 4 + textSize(row.address) + textSize(row.type) + textSize(row.resourceId);
    for (const key of row.objectKeys) size += textSize(key);
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  let at = MAGIC.copy(bytes);
  const text = (value: string): void => {
    const length = bytes.write(value, at + 4, 'utf8');
    bytes.writeUInt32LE(length, at);
    at += 4 + length;
  };
  at = bytes.writeUInt32LE(secrets.length, at);
  for (const secret of secrets) text(secret);
  for (const row of rows) {
    at += bytes.write(row.print, at, PRINT, 'latin1');
    text(row.address);
    text(row.type);
    text(row.resourceId);
    at = bytes.writeUInt32LE(row.objectKeys.length, at);
    for (const key of row.objectKeys) text(key);
  }
  return bytes;
}

const textSize = (value: string): number => 4 + Buffer.byteLength(value, 'utf8');

/** Null for bytes that are not a table of ours, whole. */
export function decodeTable(bytes: Buffer): Table | null {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const rows: Row[] = [];
  const secrets: string[] = [];
  let at = MAGIC.length;
  const text = (): string => {
    const length = bytes.readUInt32LE(at);
    at += 4 + length;
    if (at > bytes.length) throw new RangeError('cut short');
    return bytes.toString('utf8', at - length, at);
  };
  try {
    const count = bytes.readUInt32LE(at);
    at += 4;
    for (let i = 0; i < count; i++) secrets.push(text());
    while (at < bytes.length) {
      const print = bytes.toString('latin1', at, at + PRINT);
      at += PRINT;
      const row: Row = { print, address: text(), type: text(), resourceId: text(), objectKeys: [] };
      const keys = bytes.readUInt32LE(at);
      at += 4;
      for (let i = 0; i < keys; i++) row.objectKeys.push(text());
      rows.push(row);
    }
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return { rows, secrets };
}
