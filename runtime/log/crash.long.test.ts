// What is left after a crash: injected at every step of a commit and of compaction, by damage to the files, by kill -9.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../telemetry.ts';
import { createLogger } from '../telemetry.ts';
import { handClock, readAll } from './contract.ts';
import type { EmbeddedLogOptions } from './embedded-log.ts';
import { openEmbeddedLog } from './embedded-log.ts';
import type { FaultStep } from './faults.ts';
import { FAULT_STEPS } from './faults.ts';
import { nextMagic } from './frame.ts';
import type { Log, NewRecord } from './log.ts';

const observations = 'driftmgr.observations';
const changes = 'driftmgr.changes';
const clock = handClock();
let directory: string;
let warnings: string[];
let logger: Logger;
let opened: Log[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'driftmgr-crash-'));
  warnings = [];
  opened = [];
  logger = createLogger({ level: 'warn', destination: { write: (line) => void warnings.push(line) } });
});
afterEach(async () => {
  for (const log of opened) await log.close();
  await rm(directory, { recursive: true });
});
async function open(options: Partial<EmbeddedLogOptions> = {}): Promise<Log> {
  const log = await openEmbeddedLog({
    directory,
    partitions: 2,
    clock,
    logger,
    segmentBytes: 2000,
    recentBytes: 0,
    waste: 0,
    ...options,
  });
  opened.push(log);
  return log;
}
const files = async (kind: string): Promise<string[]> =>
  (await readdir(directory))
    .filter((file) => file.endsWith(kind))
    .sort()
    .map((file) => join(directory, file));

/** Batch `n`: records in two topics and partitions, and the position `n` with them. */
const batch = (n: number): NewRecord[] => [
  { topic: changes, partition: 0, key: `${n}`, value: Buffer.from(`${n}a`.padEnd(80, '.')) },
  { topic: changes, partition: 1, key: `${n}`, value: Buffer.from(`${n}b`.padEnd(80, '.')) },
  { topic: observations, partition: 0, key: `k${n % 5}`, value: n % 7 === 0 ? null : Buffer.from(`${n}`) },
];
const commitBatch = (log: Log, n: number): Promise<unknown> =>
  log.commit({
    group: 'g',
    records: batch(n),
    positions: [{ topic: changes, partition: 0, offset: n + 1 }],
  });

/** Numbers of the batches that are there; fails when one is there in part, twice, or out of order. */
async function wholeBatches(log: Log): Promise<number[]> {
  const [first, second] = await Promise.all([readAll(log, changes, 0), readAll(log, changes, 1)]);
  const numbers = first.map((record) => Number(record.key));
  expect(second.map((record) => Number(record.key))).toEqual(numbers);
  for (const [i, number] of numbers.entries()) {
    expect(number).toBe(i);
    expect(first[i]!.value!.toString()).toBe(`${number}a`.padEnd(80, '.'));
    expect(second[i]!.value!.toString()).toBe(`${number}b`.padEnd(80, '.'));
  }
  const newest = new Map(
    (await readAll(log, observations, 0)).map(({ key, value }) => [key, value?.toString() ?? null]),
  );
  const expected = new Map(numbers.map((n) => [`k${n % 5}`, n % 7 === 0 ? null : `${n}`]));
  expect(newest).toEqual(expected);
  const [position] = await log.positions('g');
  expect(position?.offset ?? 0).toBe(numbers.length);
  return numbers;
}

/** Fails like a crash at the given occurrence of a step. */
function crashAt(
  step: FaultStep,
  occurrence: number,
): { faults: (at: FaultStep) => void; happened: () => boolean } {
  let seen = 0;
  return {
    faults(at) {
      if (at === step && ++seen === occurrence) throw new Error(`crash at ${step}`);
    },
    happened: () => seen >= occurrence,
  };
}

describe('a crash injected at a step leaves every acknowledged batch once and whole', () => {
  for (const step of FAULT_STEPS)
    for (const occurrence of [1, 4])
      it(`${step}, occurrence ${occurrence}`, async () => {
        const crash = crashAt(step, occurrence);
        let acknowledged = 0;
        try {
          const log = await open({ faults: crash.faults });
          for (let n = 0; n < 60; n++) {
            await commitBatch(log, n);
            acknowledged = n + 1;
            if (n % 20 === 19) await log.compact();
          }
        } catch (error) {
          const { message, cause } = error as Error;
          expect(`${message} ${cause}`).toContain(`crash at ${step}`);
        }
        expect(crash.happened()).toBe(true);
        const again = await open();
        const there = await wholeBatches(again);
        expect(there.length).toBeGreaterThanOrEqual(acknowledged);
        expect(there.length).toBeLessThanOrEqual(acknowledged + 1);
        // And it goes on: appends, compacts, opens.
        for (let n = there.length; n < there.length + 10; n++) await commitBatch(again, n);
        await again.compact();
        await again.close();
        expect(await wholeBatches(await open())).toHaveLength(there.length + 10);
        expect(await files('.unfinished')).toEqual([]);
      });

  it('refuses everything after a failed write, until it is opened anew', async () => {
    const { faults } = crashAt('after-write-before-sync', 2);
    const log = await open({ faults });
    await commitBatch(log, 0);
    const results = await Promise.allSettled([commitBatch(log, 1), commitBatch(log, 2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(commitBatch(log, 3)).rejects.toMatchObject({ code: 'DM_LOG_FAILED', retriable: false });
  });
});

describe('damaged files', () => {
  it('cuts off a last write that is not whole, wherever it ends', async () => {
    let log = await open({ segmentBytes: 1 << 20 });
    await commitBatch(log, 0);
    await log.close();
    const [file] = await files('.log');
    const whole = (await stat(file!)).size;
    log = await open({ segmentBytes: 1 << 20 });
    await commitBatch(log, 1);
    await log.close();
    const bytes = await readFile(file!);
    for (let length = bytes.length - 1; length >= whole; length -= 7) {
      await writeFile(file!, bytes.subarray(0, length));
      log = await open();
      expect(await wholeBatches(log)).toEqual([0]);
      await log.close();
      expect((await stat(file!)).size).toBe(whole);
    }
    expect(warnings.join()).toContain('never acknowledged');
  });

  it('refuses to open when a frame in the middle is damaged, naming file and byte, and changes nothing', async () => {
    const log = await open({ segmentBytes: 1 << 20 });
    for (let n = 0; n < 3; n++) await commitBatch(log, n);
    await log.close();
    const [file] = await files('.log');
    const bytes = await readFile(file!);
    // In the second frame: its records, and what stands before them, down to its first byte.
    const second = nextMagic(bytes, nextMagic(bytes, nextMagic(bytes, 0) + 1) + 1);
    const record = bytes.indexOf('1a....');
    for (const at of [
      second,
      second + 5,
      second + 9,
      second + 50,
      record - 90,
      record - 40,
      record,
      record + 50,
    ]) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x10;
      await writeFile(file!, damaged);
      await expect(open()).rejects.toMatchObject({ code: 'DM_LOG_CORRUPT' });
      await expect(open()).rejects.toThrow(new RegExp(`${file}.*byte \\d+`));
      expect((await readFile(file!)).equals(damaged)).toBe(true);
    }
    await writeFile(file!, bytes);
    expect(await wholeBatches(await open())).toEqual([0, 1, 2]);
  });

  it('notices a damaged record of a closed segment when it is read', async () => {
    const log = await open();
    for (let n = 0; n < 40; n++) await commitBatch(log, n);
    await log.close();
    const [file] = await files('.log');
    const bytes = await readFile(file!);
    bytes[bytes.indexOf('0a....')]! ^= 1;
    await writeFile(file!, bytes);
    const again = await open();
    await expect(readAll(again, changes, 0)).rejects.toMatchObject({ code: 'DM_LOG_CORRUPT' });
    await expect(readAll(again, changes, 0)).rejects.toThrow(file!);
  });

  it('makes a missing, damaged or foreign index file anew', async () => {
    let log = await open();
    for (let n = 0; n < 40; n++) await commitBatch(log, n);
    await log.close();
    const indexes = await files('.index');
    expect(indexes.length).toBeGreaterThan(3);
    const [first, second, third] = indexes;
    const original = await readFile(first!);
    await rm(first!);
    await truncate(second!, 20);
    await writeFile(third!, original);
    log = await open();
    expect(await wholeBatches(log)).toHaveLength(40);
    expect((await readFile(first!)).equals(original)).toBe(true);
  });

  it('refuses to open when a segment is missing', async () => {
    const log = await open();
    for (let n = 0; n < 40; n++) await commitBatch(log, n);
    await log.close();
    const [, second] = await files('.log');
    await rm(second!);
    await expect(open()).rejects.toThrow(second!);
  });

  it('refuses a log without its description, and one of another format', async () => {
    const log = await open();
    await commitBatch(log, 0);
    await log.close();
    const path = join(directory, 'log.json');
    for (const text of ['{', '{"format":2,"partitions":2,"topics":[]}', null]) {
      if (text === null) await rm(path);
      else await writeFile(path, text);
      await expect(open()).rejects.toMatchObject({ code: 'DM_LOG_CORRUPT' });
    }
  });
});

it('refuses to open with another number of partitions, and says what to do', async () => {
  await (await open()).close();
  await expect(open({ partitions: 3 })).rejects.toMatchObject({
    code: 'DM_CONFIG_INVALID',
    public: expect.stringMatching(/created with 2 partitions, but 3 are configured/) as unknown,
  });
});

it('refuses more when what waits for the disk would fill memory, as retriable, and takes on when it is written', async () => {
  const log = await open({ queueBytes: 10_000, segmentBytes: 1 << 20 });
  const record = (): NewRecord[] => [{ topic: changes, partition: 0, key: 'k', value: Buffer.alloc(3000) }];
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => log.append(record())));
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused.length).toBeGreaterThan(3);
  for (const { reason } of refused as PromiseRejectedResult[])
    expect(reason).toMatchObject({ code: 'DM_RATE_LIMITED', retriable: true });
  expect(await readAll(log, changes, 0)).toHaveLength(10 - refused.length);
  await log.append(record());
});

it('keeps small segments from piling up, and gives space back', async () => {
  const log = await open({ segmentBytes: 50_000 });
  for (let n = 0; n < 300; n++) {
    await log.append([
      { topic: observations, partition: 0, key: `k${n % 10}`, value: Buffer.alloc(1000, `${n}`) },
    ]);
    if (n % 10 === 9) await log.compact();
  }
  expect((await files('.log')).length).toBeLessThanOrEqual(3);
  let bytes = 0;
  for (const file of await files('.log')) bytes += (await stat(file)).size;
  expect(bytes).toBeLessThan(30_000);
  expect(await readAll(log, observations, 0)).toHaveLength(10);
});

it('keeps every acknowledged batch whole when the process is killed with -9 at random moments', async () => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  let random = seed;
  const next = (): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
    return random / 2 ** 32;
  };
  const writer = `
    const [log, telemetry, clock] = await Promise.all(process.argv.slice(2).map((url) => import(url)));
    const opened = await log.openEmbeddedLog({ directory: process.argv[1], partitions: 2, clock: clock.systemClock,
      logger: telemetry.createLogger({ level: 'silent' }), segmentBytes: 40000, waste: 0 });
    let n = await opened.end('driftmgr.changes', 0);
    const one = async (n) => {
      await opened.commit({ group: 'g', positions: [{ topic: 'driftmgr.changes', partition: 0, offset: n + 1 }], records: [
        { topic: 'driftmgr.changes', partition: 0, key: String(n), value: Buffer.from((n + 'a').padEnd(80, '.')) },
        { topic: 'driftmgr.changes', partition: 1, key: String(n), value: Buffer.from((n + 'b').padEnd(80, '.')) },
        { topic: 'driftmgr.observations', partition: 0, key: 'k' + n % 5, value: n % 7 === 0 ? null : Buffer.from(String(n)) } ] });
      process.stdout.write(n + '\\n');
    };
    setInterval(() => opened.compact().catch(() => {}), 40);
    for (;;) { await Promise.all([one(n++), one(n++), one(n++)]); }`;
  const urls = ['embedded-log.ts', '../telemetry.ts', '../clock.ts'].map(
    (file) => new URL(file, import.meta.url).href,
  );
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer, directory, ...urls], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, 20 + next() * 300));
    child.kill('SIGKILL');
    await exited;
    const acknowledged = printed.slice(0, printed.lastIndexOf('\n')).split('\n').map(Number);
    const log = await open();
    const there = await wholeBatches(log);
    expect(there.length, `seed ${seed}, round ${round}`).toBeGreaterThan(Math.max(...acknowledged));
    await log.close();
  }
}, 60_000);
