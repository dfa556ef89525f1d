// What a scenario feeds, encoded beforehand and kept in a file: measured are the log, the detector and the projections, not
// the making of their input, and none of it stands in the memory of the process that is measured.
import { type FileHandle, open } from 'node:fs/promises';
import type { NewRecord } from '../runtime/log/log.ts';
import { type EncodedEvents, packedRecord, packRecords } from '../runtime/source-records.ts';
import type { TopicName } from '../schemas/index.ts';

interface Batch extends Omit<EncodedEvents, 'values'> {
  position: number;
  bytes: number;
}

export interface FeedFile {
  /** The records of each batch, in the order in which they were written. */
  batches(): AsyncIterable<NewRecord[]>;
  close(): Promise<void>;
}

/** Writes batches of records of one topic. */
export async function writeFeed(
  path: string,
  topic: TopicName,
  batches: Iterable<NewRecord[]>,
): Promise<FeedFile> {
  const file = await open(path, 'w+');
  const held: Batch[] = [];
  let position = 0;
  for (const records of batches) {
    const { values, ...rest } = packRecords(topic, records, 0);
    await file.write(values, 0, values.length, position);
    held.push({ ...rest, position, bytes: values.length });
    position += values.length;
  }
  return { batches: () => read(file, held), close: () => file.close() };
}

async function* read(file: FileHandle, held: readonly Batch[]): AsyncGenerator<NewRecord[]> {
  for (const { position, bytes, ...rest } of held) {
    const values = new Uint8Array(bytes);
    await file.read(values, 0, bytes, position);
    const encoded: EncodedEvents = { ...rest, values };
    yield encoded.keys.map((_, index) => packedRecord(encoded, index));
  }
}
