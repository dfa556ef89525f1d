// Groups on Apache Kafka: every partition at one member, whoever comes, goes, or falls silent.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { aborted } from '../aborted.ts';
import { openKafkaLog } from '../log/kafka-log.ts';
import type { Log } from '../log/log.ts';
import { silent } from '../testing/loop.ts';
import { serverUrl } from '../testing/servers.ts';
import type { Assignments, Held } from './assignment.ts';
import { kafkaGroups } from './kafka-groups.ts';

const brokers = serverUrl('kafka')?.split(',') ?? null;
const PARTITIONS = 12;
const CHILD = fileURLToPath(new URL('../testing/group-member.ts', import.meta.url));

describe.skipIf(brokers === null)('groups on Apache Kafka', () => {
  const access = { brokers: brokers!, clientId: 'groups', tls: false, credentials: null };
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  async function setUp() {
    const prefix = `groups-${randomUUID().slice(0, 8)}.`;
    const log: Log = await openKafkaLog({
      access,
      partitions: PARTITIONS,
      replication: 1,
      logger: silent,
      prefix,
    });
    opened.push(log);
    const working = new Map<number, Set<string>>();
    const overlaps: string[] = [];
    const join = (name: string) => {
      const groups: Assignments = kafkaGroups({ access, partitions: PARTITIONS, logger: silent, prefix });
      opened.push(groups);
      const stop = new AbortController();
      const work = async ({ partition, signal }: Held): Promise<void> => {
        const at = working.get(partition) ?? new Set();
        working.set(partition, at);
        if (at.has(name)) overlaps.push(`${name} at ${partition}`);
        at.add(name);
        await aborted(signal);
        at.delete(name);
      };
      const member = groups.join({
        group: 'g',
        topics: ['driftmgr.changes', 'driftmgr.drifts'],
        work,
        signal: stop.signal,
      });
      return { name, member, leave: () => stop.abort() };
    };
    const holders = (): string[] =>
      Array.from({ length: PARTITIONS }, (_, partition) => [...(working.get(partition) ?? [])].join('+'));
    return { join, holders, overlaps, prefix };
  }

  const fairly = (holders: readonly string[], names: readonly string[]): boolean => {
    const counts = names.map((name) => holders.filter((holder) => holder === name).length);
    const total = counts.reduce((sum, count) => sum + count, 0);
    return total === PARTITIONS && Math.max(...counts) - Math.min(...counts) <= 1;
  };

  it('give one member all, and share with those who come', async () => {
    const { join, holders, overlaps } = await setUp();
    const first = join('first');
    expect(await first.member.joined).toHaveLength(PARTITIONS);
    const before = holders();
    expect(fairly(before, ['first'])).toBe(true);
    const second = join('second');
    expect(await second.member.joined).toHaveLength(PARTITIONS / 2);
    await expect.poll(() => fairly(holders(), ['first', 'second'])).toBe(true);
    first.leave();
    await first.member.ended;
    await expect.poll(() => fairly(holders(), ['second'])).toBe(true);
    expect(overlaps).toEqual([]);
  });

  it.each([2, 3, 5, 7])('share fairly among %i that come at once and go one after the other', async (n) => {
    const { join, holders, overlaps } = await setUp();
    const members = Array.from({ length: n }, (_, i) => join(`m${i}`));
    await Promise.all(members.map(({ member }) => member.joined));
    for (let left = members; left.length > 0; left = left.slice(1)) {
      const names = left.map(({ name }) => name);
      await expect.poll(() => fairly(holders(), names)).toBe(true);
      left[0]!.leave();
      await left[0]!.member.ended;
    }
    expect(holders().join('')).toBe('');
    expect(overlaps).toEqual([]);
  });

  it('confirm what is held, and what is given up ends without a confirmation', async () => {
    const groups = kafkaGroups({
      access,
      partitions: 1,
      logger: silent,
      prefix: `c-${randomUUID().slice(0, 8)}.`,
    });
    opened.push(groups);
    const stop = new AbortController();
    const confirmed: string[] = [];
    const member = groups.join({
      group: 'g',
      topics: ['driftmgr.changes'],
      signal: stop.signal,
      work: async (held) => {
        await held.confirmed();
        confirmed.push(held.signal.aborted ? 'given up' : 'held');
        await aborted(held.signal);
        await held.confirmed();
        confirmed.push('ended');
      },
    });
    await member.joined;
    await expect.poll(() => confirmed).toEqual(['held']);
    stop.abort();
    await member.ended;
    expect(confirmed).toEqual(['held', 'ended']);
  });

  it('go on without a member that stands still, and take it back when it wakes, with nothing of what it held', async () => {
    const { join, holders, prefix } = await setUp();
    const first = join('first');
    await first.member.joined;
    const child = spawn(process.execPath, [CHILD, brokers!.join(','), prefix, String(PARTITIONS)]);
    try {
      const said: (number[] | null)[] = [];
      createInterface(child.stdout).on('line', (line) => said.push(JSON.parse(line)));
      await expect.poll(() => said.at(-1)?.length).toBe(PARTITIONS / 2);
      await expect.poll(() => first.member.held()?.length).toBe(PARTITIONS / 2);
      child.kill('SIGSTOP');
      await expect.poll(() => fairly(holders(), ['first'])).toBe(true);
      said.length = 0;
      child.kill('SIGCONT');
      await expect.poll(() => said.at(-1)?.length).toBe(PARTITIONS / 2);
      expect(said[0]).toBeNull();
      await expect.poll(() => first.member.held()?.length).toBe(PARTITIONS / 2);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
