// A child process: consumes one topic with kafkajs from given offsets to given ends and does nothing with the records.
import { connect } from './cluster.ts';

export interface RawOptions {
  brokers: string[];
  group: string;
  topic: string;
  from: number[];
  ends: number[];
  /** Says so when so many records are through. */
  warm: number;
}

const { brokers, group, topic, from, ends, warm } = JSON.parse(process.argv[2]!) as RawOptions;
const say = (what: object): boolean => process.stdout.write(`${JSON.stringify(what)}\n`);

const consumer = connect(brokers).consumer({ groupId: group, maxWaitTimeInMs: 500 });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
const left = new Set(ends.flatMap((end, partition) => (end > (from[partition] ?? 0) ? [partition] : [])));
let [begun, warmed, records, bytes] = [false, false, 0, 0];
await consumer.run({
  autoCommit: false,
  eachBatch: async ({ batch }) => {
    const start = from[batch.partition] ?? 0;
    if (!begun) say({ event: 'first', at: Date.now() });
    begun = true;
    for (const { offset, value } of batch.messages) {
      if (Number(offset) < start) continue;
      records++;
      bytes += value?.length ?? 0;
    }
    if (!warmed && records >= warm) {
      warmed = true;
      say({ event: 'warm', at: Date.now(), records });
    }
    if (Number(batch.lastOffset()) + 1 >= ends[batch.partition]!) left.delete(batch.partition);
    if (left.size === 0) say({ event: 'done', at: Date.now(), records, bytes });
  },
});
for (const [partition, offset] of from.entries()) consumer.seek({ topic, partition, offset: String(offset) });
const stop = (): void => {
  consumer.disconnect().finally(() => process.exit(0));
};
process.on('SIGTERM', stop);
// Whoever started this is gone.
process.stdin.on('end', stop).resume();
