// What is in the log and how far each group has come in it. One question to the log a place, few at a time: with Kafka
// each is a request to a broker.
import type { Log } from '../runtime/log/log.ts';
import { TOPICS, type TopicName } from '../schemas/index.ts';
import type { SystemJson, TopologyJson } from './types.ts';

export type Standing = Pick<SystemJson, 'topics' | 'groups'>;

const AT_ONCE = 8;

export async function standingOf(log: Log, topology: TopologyJson): Promise<Standing> {
  const places = TOPICS.flatMap(({ name }) =>
    Array.from({ length: log.partitions }, (_, partition) => ({ topic: name, partition })),
  );
  const [kept, committed] = await Promise.all([
    fewAtOnce(places, async ({ topic, partition }) => ({
      topic,
      partition,
      start: await log.start(topic, partition),
      end: await log.end(topic, partition),
    })),
    fewAtOnce(groupsIn(topology), async (group) => ({ ...group, at: await log.positions(group.name) })),
  ]);
  const topics = TOPICS.map(({ name }) => ({
    name,
    partitions: kept.filter(({ topic }) => topic === name).map(({ topic: _, ...place }) => place),
  }));
  const groups = committed.map(({ name, kind, reads, at }) => {
    const offsets = new Map(at.map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
    const positions = kept
      .filter(({ topic }) => reads.includes(topic))
      .map(({ topic, partition, start, end }) => {
        const offset = offsets.get(`${topic}/${partition}`) ?? null;
        // What is not kept any more is not to be read.
        const from = Math.max(offset ?? start, start);
        return { topic, partition, committed: offset, lag: Math.max(0, end - from) };
      });
    return { name, kind, lag: positions.reduce((sum, { lag }) => sum + lag, 0), positions };
  });
  return { topics, groups };
}

/** Projections keep their positions beside their rows. */
const groupsIn = ({ elements }: TopologyJson): (SystemJson['groups'][number] & { reads: TopicName[] })[] =>
  elements.flatMap(({ name, kind, reads }) =>
    kind === 'processor' || kind === 'reactor'
      ? [{ name, kind, reads: reads as TopicName[], lag: 0, positions: [] }]
      : [],
  );

async function fewAtOnce<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) answers[at] = await ask(items[at]!);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
  return answers;
}
