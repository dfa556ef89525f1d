// What is written as a batch is read as it was, by us and by kafkajs; marks, aborted and half batches are passed over.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Aborted, decodeBatches, encodeBatch, wholeBatches } from './record-batch.ts';

const producer = { producerId: 7n, producerEpoch: 1, sequence: 0 };

const at = (batch: Buffer, base: number): Buffer => {
  const moved = Buffer.from(batch);
  moved.writeBigInt64BE(BigInt(base), 0);
  return moved;
};
const batchOf = (values: string[], producerId = 7n): Buffer =>
  encodeBatch(
    values.map((value) => ({ key: `k${value}`, value: Buffer.from(value), headers: [] })),
    { ...producer, producerId },
    1_000,
  );
/** A broker's mark at the end of a transaction: a control batch of one record. */
function markOf(producerId: bigint): Buffer {
  const mark = encodeBatch(
    [{ key: '\0\0\0\0', value: Buffer.alloc(6), headers: [] }],
    { ...producer, producerId },
    1_000,
  );
  mark.writeInt16BE(0x30, 21);
  return mark;
}
const ALL = { records: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const readFrom = (bytes: Buffer, from: number, aborted: Aborted[] = [], limits = ALL) =>
  decodeBatches(wholeBatches(bytes, from), from, aborted, limits);
const texts = (records: readonly { value: Buffer | null }[]): string[] =>
  records.map(({ value }) => value!.toString());

describe('record batches', () => {
  it('are read as they were written, whatever keys, values and headers hold', () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    const record = fc.record({
      key: fc.string({ unit: 'binary', maxLength: 200 }).filter((key) => key.isWellFormed()),
      value: fc.option(bytes, { nil: null }),
      headers: fc.array(fc.tuple(bytes, bytes), { maxLength: 3 }),
    });
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), fc.nat(1e9), (records, base) => {
        const read = readFrom(at(encodeBatch(records, producer, 1_760_000_000_000), base), base);
        expect(read.next).toBe(base + records.length);
        expect(read.records).toEqual(
          records.map(({ key, value }, i) => ({
            offset: base + i,
            key,
            value,
            timestamp: 1_760_000_000_000,
          })),
        );
      }),
    );
  });

  it('carry their headers for whoever reads them', async () => {
    const { default: decodeRecordBatch } = await import('kafkajs/src/protocol/recordBatch/v0/decoder.js');
    const { default: Decoder } = await import('kafkajs/src/protocol/decoder.js');
    const written = encodeBatch(
      [
        {
          key: 'k',
          value: Buffer.from('v'),
          headers: [[Buffer.from('ce_type'), Buffer.from('drift.opened')]],
        },
      ],
      producer,
      5_000,
    );
    const { records } = await decodeRecordBatch(new Decoder(written));
    expect(records[0]!.headers.ce_type!.toString()).toBe('drift.opened');
    expect(records[0]!.timestamp).toBe('5000');
  });

  it('begin at the offset that was asked for, within a batch too', () => {
    const read = readFrom(at(batchOf(['a', 'b', 'c']), 10), 11);
    expect(texts(read.records)).toEqual(['b', 'c']);
    expect(read.next).toBe(13);
  });

  it('that are cut off are left for the next fetch', () => {
    const whole = at(batchOf(['a']), 0);
    const cut = at(batchOf(['b', 'c']), 1).subarray(0, 70);
    expect(readFrom(Buffer.concat([whole, cut]), 0)).toMatchObject({ next: 1 });
    expect(readFrom(cut, 1)).toEqual({ records: [], next: 1 });
  });

  it('of aborted transactions are passed over up to their mark, those of others are not', () => {
    const bytes = Buffer.concat([
      at(batchOf(['aborted'], 8n), 0),
      at(batchOf(['other'], 9n), 1),
      at(markOf(8n), 2),
      at(batchOf(['later'], 8n), 3),
      at(markOf(8n), 4),
    ]);
    const read = readFrom(bytes, 0, [{ producerId: 8n, firstOffset: 0 }]);
    expect(texts(read.records)).toEqual(['other', 'later']);
    expect(read.next).toBe(5);
  });

  it('read a few records at a time are those read at once', () => {
    const batch = fc.record({
      values: fc.array(fc.string({ maxLength: 9 }), { minLength: 1, maxLength: 6 }),
      producerId: fc.constantFrom(8n, 9n),
      endsTransaction: fc.boolean(),
    });
    const limits = fc.record({
      records: fc.integer({ min: 1, max: 4 }),
      bytes: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 8 }), fc.boolean(), limits, (batches, aborts, limits) => {
        const parts: Buffer[] = [];
        let offset = 0;
        for (const { values, producerId, endsTransaction } of batches) {
          parts.push(at(batchOf(values, producerId), offset));
          offset += values.length;
          if (endsTransaction) parts.push(at(markOf(producerId), offset++));
        }
        const bytes = Buffer.concat(parts);
        const aborted = aborts ? [{ producerId: 8n, firstOffset: 0 }] : [];
        const found: unknown[] = [];
        for (let from = 0; from < offset; ) {
          const { records, next } = decodeBatches(wholeBatches(bytes, 0), from, aborted, limits);
          expect(next).toBeGreaterThan(from);
          expect(records.length).toBeLessThanOrEqual(limits.records);
          found.push(...records);
          from = next;
        }
        expect(found).toEqual(readFrom(bytes, 0, aborted).records);
      }),
    );
  });

  it('that compaction has emptied move the reader on', () => {
    const empty = at(batchOf(['a']), 5).subarray(0, 61);
    empty.writeInt32BE(61 - 12, 8);
    empty.writeInt32BE(3, 23);
    empty.writeInt32BE(0, 57);
    expect(readFrom(empty, 5)).toEqual({ records: [], next: 9 });
  });

  it('in a compression that is not read are refused with what to do', () => {
    const batch = batchOf(['a']);
    batch.writeInt16BE(0x03, 21);
    expect(() => readFrom(batch, 0)).toThrow(/lz4/);
  });
});
