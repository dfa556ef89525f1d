// What every log adapter checks of a call before it does anything. Pure.
import type { TopicName } from '../../schemas/index.ts';
import { TOPICS } from '../../schemas/index.ts';
import { DriftError } from '../errors.ts';
import type { NewRecord, Position } from './log.ts';

/** Topics by their place in TOPICS. */
export const topicIndex: ReadonlyMap<TopicName, number> = new Map(
  TOPICS.map((topic, index) => [topic.name, index]),
);

/** Refuses a topic or partition that does not exist: a defect of the caller, so nothing of its call is done. */
export function checkPlace(topic: TopicName, partition: number, partitions: number): void {
  if (!topicIndex.has(topic)) refuse(`the log has no topic ${topic}`);
  if (!Number.isInteger(partition) || partition < 0 || partition >= partitions)
    refuse(`${topic} has partitions 0 to ${partitions - 1}, not ${partition}`);
}

export function checkCommit(
  records: readonly NewRecord[],
  positions: readonly Position[],
  partitions: number,
): void {
  for (const record of records) checkPlace(record.topic, record.partition, partitions);
  for (const position of positions) {
    checkPlace(position.topic, position.partition, partitions);
    if (!Number.isSafeInteger(position.offset) || position.offset < 0)
      refuse(`${position.offset} is not an offset`);
  }
}

export function checkPartitions(partitions: number): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 1024)
    throw new DriftError(`${partitions} is not a number of partitions`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `The number of partitions must be a whole number from 1 to 1024, not ${partitions}.`,
    });
}

export const closedLog = (): DriftError =>
  new DriftError('the log is closed', { code: 'DM_LOG_CLOSED', retriable: false });

function refuse(message: string): never {
  throw new DriftError(message, { code: 'DM_INTERNAL', retriable: false });
}
