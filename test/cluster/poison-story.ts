// Garbage in the topics, and what has to come of it: the same story in both modes. Who appends it is no part of the system.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { Client } from '../../api/client.ts';
import type { DeadLetterJson, ResourceJson } from '../../api/types.ts';
import { createTerraformClient } from '../../compose/demo/terraform-client.ts';
import { changeReported, fingerprintOf, observed } from '../../runtime/testing/events.ts';
import { type Codec, type Event, partitionOf, recordKey, type TopicName } from '../../schemas/index.ts';
import { until } from '../testing/running.ts';
import { type Declared, stateOf } from '../testing/states.ts';

export interface Foreign {
  topic: TopicName;
  partition: number;
  key: Buffer | null;
  value: Buffer | null;
}

/** The system of the moment: a story may start it anew. */
export interface Stage {
  url(): string;
  key(): string;
  client(): Client;
  codec(): Codec;
  partitions: number;
  /** Appends as a foreign producer does. */
  append(records: readonly Foreign[]): Promise<void>;
}

const SEPARATOR = '\u001f';
const arnOf = (name: string): string => `arn:aws:sns:eu-central-1:123456789012:${name}`;
export const keyOf = (name: string): string => `default/aws/123456789012/eu-central-1/sns-topic/${name}`;
const attributesOf = (name: string) => ({ id: arnOf(name), arn: arnOf(name), name, display_name: '' });
const topic = (name: string): Declared => ({ type: 'aws_sns_topic', attributes: attributesOf(name) });

/** What a source would have observed of a topic; `more`: what is other than declared. */
export const observationOf = (name: string, more: Record<string, string> = {}, time = Date.now()): Event =>
  observed(
    {
      account: '123456789012',
      region: 'eu-central-1',
      type: 'aws_sns_topic',
      resourceId: arnOf(name),
      attributes: JSON.stringify({ ...attributesOf(name), ...more }),
    },
    { objectKey: keyOf(name), time, recordedAt: time, source: 'reader' },
  );

export const foreignOf = (
  event: Event,
  value: Buffer,
  topicName: TopicName,
  partitions: number,
): Foreign => ({
  topic: topicName,
  partition: partitionOf(event.objectKey!, partitions),
  key: Buffer.from(recordKey(event)),
  value,
});

export function poison(stage: Stage) {
  const { partitions, append } = stage;
  const place = (name: string): number => partitionOf(keyOf(name), partitions);
  const encode = (event: Event): Buffer => Buffer.from(stage.codec().encode(event, fingerprintOf(event)));
  const terraform = () => createTerraformClient({ url: stage.url(), key: stage.key(), who: 'me' });
  const resource = async (name: string): Promise<ResourceJson | undefined> =>
    (await stage.client().resources.list({ objectKey: keyOf(name) })).items[0];
  const observe = (name: string) =>
    append([
      foreignOf(observationOf(name), encode(observationOf(name)), 'driftmgr.observations', partitions),
    ]);
  const letters = async (): Promise<DeadLetterJson[]> =>
    (await stage.client().system.deadLetters({ limit: 500 })).items;
  const lettersOf = async (name: string): Promise<DeadLetterJson[]> =>
    (await letters()).filter(({ objectKey }) => objectKey === keyOf(name));

  const status = (name: string, wanted: string, reason?: RegExp): Promise<ResourceJson> =>
    until(
      `${name} to be ${wanted}`,
      async () => {
        const found = await resource(name);
        return found?.status === wanted && (!reason || reason.test(found.statusReason ?? '')) && found;
      },
      30_000,
    );

  /** When no more come: some readers gather for a while before they refuse. */
  async function lettersOfAll(name: string): ReturnType<typeof lettersOf> {
    for (let before = await lettersOf(name); ; ) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const now = await lettersOf(name);
      if (now.length === before.length) return now;
      before = now;
    }
  }

  return {
    status,
    letters,
    lettersOf,

    /** `names` are declared, and observed as declared. */
    async begin(names: readonly string[]): Promise<void> {
      await terraform().apply('shop', stateOf(names.map(topic)));
      for (const name of names) await status(name, 'unknown', /never observed/);
      for (const name of names) await observe(name);
      for (const name of names) await status(name, 'in_sync');
    },

    /** Into each of the three topics, of three objects, and much that is of none. */
    async pour({
      changed,
      declared,
      seen,
    }: {
      changed: string;
      declared: string;
      seen: string;
    }): Promise<void> {
      // With another fingerprint than what was seen: the same would be passed over unread.
      const whole = encode(observationOf(seen, { display_name: 'something else' }));
      await append([
        {
          topic: 'driftmgr.changes',
          partition: place(changed),
          key: Buffer.from(keyOf(changed)),
          value: randomBytes(200),
        },
        {
          topic: 'driftmgr.declarations',
          partition: place(declared),
          key: Buffer.from([keyOf(declared), 'shop', 'aws_sns_topic.r1'].join(SEPARATOR)),
          value: Buffer.from(JSON.stringify({ not: 'avro' })),
        },
        // Cut off in the middle: head and schema are those of an event.
        {
          topic: 'driftmgr.observations',
          partition: place(seen),
          key: Buffer.from(recordKey(observationOf(seen))),
          value: whole.subarray(0, whole.length >> 1),
        },
        // Of an object that no state declares.
        {
          topic: 'driftmgr.declarations',
          partition: place('stray'),
          key: Buffer.from([keyOf('stray'), 'elsewhere', 'aws_sns_topic.stray'].join(SEPARATOR)),
          value: Buffer.from('\u0000no event at all'),
        },
        ...(['driftmgr.changes', 'driftmgr.declarations', 'driftmgr.observations'] as const).flatMap(
          (name) => [
            {
              // The broker itself refuses records without a key where it compacts.
              topic: name,
              partition: 0,
              key: name === 'driftmgr.changes' ? null : Buffer.alloc(0),
              value: randomBytes(20),
            },
            { topic: name, partition: 1, key: Buffer.from([0xff, 0xfe, 0, 1]), value: Buffer.alloc(0) },
            { topic: name, partition: 0, key: Buffer.from('\u0000\u0001\u0002'), value: Buffer.alloc(5) },
            { topic: name, partition: 1, key: Buffer.from('nothing of ours'), value: null },
          ],
        ),
      ]);
    },

    /** Three objects are unknown, and say why; a fourth shows as a gap; `others` are as they were. */
    async expectPoisoned(poisoned: readonly string[], others: readonly string[]): Promise<void> {
      for (const name of poisoned) {
        await status(name, 'unknown', /could not be processed \(see dead letters\)/);
        const found = await until(`the detector's letter of ${name}`, async () => {
          const all = await lettersOf(name);
          return all.some(({ reader }) => reader === 'drift') && all;
        });
        for (const letter of found)
          expect(letter).toMatchObject({ code: 'DM_EVENT_UNDECODABLE', blob: expect.any(String) });
      }
      for (const name of others) expect(await resource(name)).toMatchObject({ status: 'in_sync' });
      const gaps = async () => (await stage.client().coverage.list({ provider: 'aws', limit: 500 })).items;
      const lost = await until('the gap', async () =>
        (await gaps()).find(({ reasons }) =>
          reasons.some((reason) => /no state is known to declare/.test(reason)),
        ),
      );
      expect(lost).toMatchObject({
        status: 'unknown',
        account: '123456789012',
        region: 'eu-central-1',
        type: 'sns-topic',
      });
      expect((await gaps()).find(({ type }) => type === 'aws_sns_topic')?.status).toBe('unknown');
    },

    /** What comes after it in the same partitions is processed: declarations, changes and observations. */
    async expectFlowing(changed: string): Promise<void> {
      await terraform().apply('later', stateOf([topic('later-a'), topic('later-b'), topic('later-c')]));
      for (const name of ['later-a', 'later-b', 'later-c']) await status(name, 'unknown', /never observed/);
      for (const name of ['later-a', 'later-b', 'later-c']) await observe(name);
      for (const name of ['later-a', 'later-b', 'later-c']) await status(name, 'in_sync');
      const time = Date.now();
      const change = changeReported(
        {
          account: '123456789012',
          region: 'eu-central-1',
          service: 'sns.amazonaws.com',
          operation: 'SetTopicAttributes',
          targets: [{ type: 'aws_sns_topic', id: arnOf(changed) }],
          providerEventId: 'by-alice',
        },
        { objectKey: keyOf(changed), time, recordedAt: time, source: 'feed' },
      );
      await append([foreignOf(change, encode(change), 'driftmgr.changes', partitions)]);
      await until('the drift', async () =>
        (await stage.client().drifts.list({ objectKey: keyOf(changed) })).items.find(
          ({ actors }) => actors[0]?.eventIds[0] === 'by-alice',
        ),
      );
      expect((await stage.client().system.ready()).ready).toBe(true);
    },

    /** What is garbage for good is refused again: new letters in place of the old, and the object stays unknown. */
    async expectRefusedAgain(name: string): Promise<void> {
      const before = await lettersOfAll(name);
      const ids = before.map(({ id }) => id);
      // Once, however many readers refused it.
      expect(await stage.client().system.replayDeadLetters(ids)).toEqual({ replayed: 1, skipped: [] });
      const after = await until('it to be refused again', async () => {
        const now = await lettersOf(name);
        return now.length === before.length && now.every(({ id }) => !ids.includes(id)) && now;
      });
      expect(after.map(({ reader }) => reader).sort()).toEqual(before.map(({ reader }) => reader).sort());
      await status(name, 'unknown', /could not be processed/);
      expect(await stage.client().system.replayDeadLetters([ids[0]!])).toEqual({
        replayed: 0,
        skipped: [{ id: ids[0], reason: 'there is no such dead letter' }],
      });
    },

    /** Once it can be read: the original is back, its letters are gone, and what it says is shown. */
    async expectPutBack(name: string): Promise<void> {
      const ids = (await lettersOf(name)).map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(await stage.client().system.replayDeadLetters(ids)).toEqual({ replayed: 1, skipped: [] });
      await status(name, 'drifted');
      expect(await lettersOf(name)).toEqual([]);
      const [drift] = (await stage.client().drifts.list({ objectKey: keyOf(name) })).items;
      expect(drift).toMatchObject({
        confidence: 'confirmed',
        differences: [{ path: 'display_name', declared: '', observed: 'by hand' }],
      });
    },
  };
}
