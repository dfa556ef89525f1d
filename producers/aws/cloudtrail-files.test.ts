import { appendFile, chmod, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import type { Progress, SourceContext, SourceEvent } from '../../runtime/source.ts';
import { testEncoding } from '../../runtime/testing/codec.ts';
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { CloudtrailFilesOptions } from './cloudtrail-files.ts';
import { cloudtrailFiles } from './cloudtrail-files.ts';

const ACCOUNT = '123456789012';
const TREE = `AWSLogs/${ACCOUNT}/CloudTrail/eu-central-1/2026/03/01`;

const record = (index: number, more: JsonObject = {}): JsonObject => ({
  eventVersion: '1.11',
  userIdentity: {
    type: 'IAMUser',
    arn: `arn:aws:iam::${ACCOUNT}:user/alice`,
    accountId: ACCOUNT,
    userName: 'alice',
  },
  eventTime: new Date(Date.UTC(2026, 2, 1, 10, 0, (index * 37) % 60)).toISOString().replace('.000', ''),
  eventSource: 's3.amazonaws.com',
  eventName: 'PutBucketAcl',
  awsRegion: 'eu-central-1',
  userAgent: 'aws-cli/2',
  requestParameters: { bucketName: `bucket-${index % 7}` },
  eventID: `event-${index}`,
  readOnly: false,
  recipientAccountId: ACCOUNT,
  ...more,
});
const records = (count: number): JsonObject[] => Array.from({ length: count }, (_, index) => record(index));
const file = (list: Json[]): string => JSON.stringify({ Records: list });

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'cloudtrail-'));
});
afterEach(async () => {
  await chmod(root, 0o755);
  await rm(root, { recursive: true, force: true });
});

async function put(path: string, content: string | Buffer): Promise<string> {
  const full = join(root, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  return full;
}

/** What a log would keep: events by id, progress, letters, counts. Lives on when a run ends or breaks. */
function kept(failAt = Number.POSITIVE_INFINITY) {
  const controller = new AbortController();
  const progress = new Map<string, Json>();
  const events: SourceEvent[] = [];
  const letters: { reason: string; original: Buffer }[] = [];
  const ignored: Record<string, number> = {};
  const log = { calls: 0, failAt };
  const context: SourceContext = {
    org: 'default',
    clock: systemClock,
    log: pino({ level: 'silent' }),
    signal: controller.signal,
    encoding: testEncoding('aws-cloudtrail-files'),
    publish: async (batch: SourceEvent[], done: Progress[] = []) => {
      if (++log.calls === log.failAt) throw new Error('the log is gone');
      events.push(...batch);
      for (const { item, progress: value } of done)
        if (value === null) progress.delete(item);
        else progress.set(item, value);
    },
    progress: (item) => progress.get(item),
    progressItems: () => progress.entries(),
    deadLetter: async ({ reason, original }) => {
      letters.push({ reason, original });
    },
    ignored: (reason, count = 1) => {
      ignored[reason] = (ignored[reason] ?? 0) + count;
    },
  };
  const ids = () => [...new Set(events.map((event) => event.id))].sort();
  const run = (options: Partial<CloudtrailFilesOptions> = {}) =>
    cloudtrailFiles({ directories: [root], oneShot: true, ...options }).run(context);
  return { context, controller, events, ids, ignored, letters, log, progress, run };
}

describe('files as they come', () => {
  test('every layout and wrapping gives the same changes', async () => {
    const all = records(60);
    await put(`${TREE}/a.json.gz`, gzipSync(file(all.slice(0, 20))));
    await put(`other/deep/er/b.json`, file(all.slice(20, 30)));
    await put('c.json', JSON.stringify(all.slice(30, 40), null, 2));
    await put(
      'd.ndjson',
      all
        .slice(40, 50)
        .map((one) => JSON.stringify(one))
        .join('\n'),
    );
    await put(
      'e.gz',
      gzipSync(
        JSON.stringify({ Events: all.slice(50).map((one) => ({ CloudTrailEvent: JSON.stringify(one) })) }),
      ),
    );
    await put('f.json.gz', file([record(0)]));
    await put('README.txt', 'nothing');
    const log = kept();
    await log.run();
    expect(log.ids()).toHaveLength(60);
    expect(log.ignored).toEqual({ duplicate: 1 });
    expect(log.letters).toEqual([]);
    expect([...log.progress.keys()]).toHaveLength(6);
  });

  test('changes of a file come in order of time, which its records are not', async () => {
    await put('a.json', file(records(60)));
    const log = kept();
    await log.run();
    const times = log.events.map((event) => event.time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times).not.toEqual(records(60).map((one) => Date.parse(one.eventTime as string)));
  });

  test('any order, duplication and splitting of records over files gives the same ids', async () => {
    const all = records(24);
    await put('one.json', file(all));
    const plain = kept();
    await plain.run();
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...all, ...all], { minLength: 48 }),
        fc.array(fc.nat(47), { maxLength: 5 }),
        fc.boolean(),
        async (shuffled, cuts, zipped) => {
          const at = join(root, `round-${round++}`);
          const edges = [0, ...cuts.sort((a, b) => a - b), shuffled.length];
          for (let i = 1; i < edges.length; i++) {
            const text = file(shuffled.slice(edges[i - 1], edges[i]));
            await put(join(`round-${round - 1}`, `${i}.json`), zipped ? gzipSync(text) : text);
          }
          const log = kept();
          await log.run({ directories: [at] });
          expect(log.ids()).toEqual(plain.ids());
          expect(log.events).toHaveLength(24);
          expect(log.ignored.duplicate).toBe(24);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('copies beyond the window come again with the same id', async () => {
    const all = records(50);
    await put('1.json', file(all));
    await put('2.json', file(all));
    const log = kept();
    await log.run({ limits: { rememberedIds: 10 } });
    expect(log.ids()).toHaveLength(50);
  });

  test('what other products put into the tree is left out, and counted', async () => {
    await put(`AWSLogs/o-abc123/${ACCOUNT}/CloudTrail/r/1.json`, file(records(1)));
    await put(`AWSLogs/${ACCOUNT}/CloudTrail-Digest/r/2026/d.json.gz`, gzipSync('{"digestStartTime":"x"}'));
    await put(`AWSLogs/${ACCOUNT}/CloudTrail-Insight/r/2026/i.json.gz`, gzipSync('{"Records":[{}]}'));
    await put(`AWSLogs/${ACCOUNT}/Config/r/c.json.gz`, gzipSync('{"configurationItems":[]}'));
    const log = kept();
    await log.run();
    expect(log.ids()).toHaveLength(1);
    expect(log.ignored).toEqual({ 'digest-files': 1, 'insight-files': 1, 'other-logs': 1 });
    expect(log.letters).toEqual([]);
  });

  test('failed and reading calls are counted by reason', async () => {
    await put(
      'a.json',
      file([record(1, { errorCode: 'AccessDenied' }), record(2, { readOnly: true }), record(3)]),
    );
    const log = kept();
    await log.run();
    expect(log.ids()).toHaveLength(1);
    expect(log.ignored).toEqual({ 'failed-call': 1, 'read-only': 1 });
  });
});

describe('progress', () => {
  test('a file is read once, and again when it changed', async () => {
    const path = await put('a.json', file(records(3)));
    const log = kept();
    await log.run();
    await log.run();
    expect(log.events).toHaveLength(3);
    await writeFile(path, file(records(5)));
    await log.run();
    expect(log.ids()).toHaveLength(5);
  });

  test('a crash at any publish loses nothing, and marks no file done before its events are there', async () => {
    for (let i = 0; i < 4; i++)
      await put(`${i}.json`, file(Array.from({ length: 600 }, (_, j) => record(i * 600 + j))));
    for (let failAt = 1; failAt <= 3; failAt++) {
      const log = kept(failAt);
      await log.run().catch((error: Error) => expect(error.message).toBe('the log is gone'));
      const there = new Set(
        log.events.map((event) => event.type === 'change.reported' && event.body.providerEventId),
      );
      for (const path of log.progress.keys()) {
        const i = Number(/(\d)\.json$/.exec(path)![1]);
        for (let j = 0; j < 600; j++) expect(there.has(`event-${i * 600 + j}`)).toBe(true);
      }
      await log.run();
      expect(log.ids()).toHaveLength(2_400);
      expect(log.progress.size).toBe(4);
    }
  });

  test('a file that is gone is forgotten', async () => {
    const path = await put('a.json', file(records(1)));
    await put('b.json', file(records(2)));
    const log = kept();
    await log.run();
    await rm(path);
    const running = log.run({ oneShot: false, pollMs: 10 });
    await vi.waitFor(() => expect([...log.progress.keys()]).toEqual([join(root, 'b.json')]));
    log.controller.abort();
    await running;
  });
});

describe('bad input', () => {
  const good = records(3);

  test.each<[string, string, string | Buffer, RegExp, number]>([
    ['garbage', 'g.json', 'not json at all', /is not JSON; 0 records/, 0],
    ['random bytes', 'r.json.gz', Buffer.from([1, 2, 3, 4, 5, 6, 7]), /is not JSON/, 0],
    [
      'gzip with damage',
      'd.json.gz',
      Buffer.concat([gzipSync(file(good)).subarray(0, 30), Buffer.alloc(50, 0xff)]),
      /not a readable gzip|is not JSON|too early/,
      0,
    ],
    ['truncated gzip', 't.json.gz', gzipSync(file(good)).subarray(0, -20), /ends too early/, 0],
    ['truncated JSON', 'j.json', file(good).slice(0, -10), /middle of a record or list; 2 records/, 2],
  ])('%s goes to the dead letters once, and the rest goes on', async (_, name, content, reason, before) => {
    await put(name, content);
    await put('z.json', file([record(99)]));
    const log = kept();
    await log.run();
    await log.run();
    expect(log.letters).toHaveLength(1);
    expect(log.letters[0]!.reason).toMatch(reason);
    expect(log.letters[0]!.reason).toContain(join(root, name));
    expect(log.letters[0]!.original.equals(Buffer.from(content))).toBe(true);
    expect(log.ids().length).toBeGreaterThanOrEqual(1 + before);
  });

  test('records before damage are kept', async () => {
    const text = file(records(2_000));
    await put('t.json.gz', gzipSync(text).subarray(0, -200));
    const log = kept();
    await log.run();
    expect(log.ids().length).toBeGreaterThan(1_000);
    expect(log.letters).toHaveLength(1);
  });

  test('a gzip bomb is stopped early, and its file not tried again', async () => {
    await put('bomb.json.gz', gzipSync(`{"Records":[{"a":"${'0'.repeat(60_000_000)}"}]}`));
    await put('z.json', file([record(1)]));
    const log = kept();
    await log.run();
    await log.run();
    expect(log.letters.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/more than 250 times its size/),
    ]);
    expect(log.ids()).toHaveLength(1);
  });

  test('a file of more text than allowed is stopped there', async () => {
    await put('big.json', file(records(500)));
    const log = kept();
    await log.run({ limits: { fileBytes: 100_000 } });
    expect(log.letters[0]!.reason).toMatch(/more than 100000 bytes/);
  });

  test('a bad record is one letter, with its bytes, and the others count', async () => {
    const deep = `{"eventID":"x","deep":${'['.repeat(200)}${']'.repeat(200)}}`;
    await put(
      'a.json',
      `{"Records":[${JSON.stringify(record(1))},{"eventName":"x"},{bad},${deep},${JSON.stringify(record(2, { padding: 'x'.repeat(3_000) }))},${JSON.stringify(record(3))}]}`,
    );
    const log = kept();
    await log.run({ limits: { recordBytes: 2_000 } });
    expect(log.ids()).toHaveLength(2);
    expect(log.letters.map(({ reason }) => reason.split(': ').slice(1).join(': '))).toEqual([
      'a record cannot be used: eventID is missing',
      'a record is not JSON',
      'a record cannot be used: nested more than 64 levels deep',
      expect.stringMatching(/^a record of 3\d\d\d bytes is larger than allowed$/),
    ]);
    expect(log.letters[0]!.original.toString()).toBe('{"eventName":"x"}');
  });

  test('an element of Records that is no object is one letter, with its bytes, and the others count', async () => {
    const bad = ['null', '"a record"', '42', `[${JSON.stringify(record(7))}]`];
    await put(
      'a.json.gz',
      gzipSync(`{"Records":[${JSON.stringify(record(1))},${bad.join(' , ')},${JSON.stringify(record(2))}]}`),
    );
    const log = kept();
    await log.run();
    await log.run();
    expect(log.ids()).toHaveLength(2);
    expect(log.letters.map(({ reason }) => reason.split(': ').slice(1).join(': '))).toEqual(
      bad.map(() => 'a record cannot be used: not an object'),
    );
    expect(log.letters.map(({ original }) => original.toString())).toEqual(bad);
  });

  test('a file full of bad records does not flood the dead letters', async () => {
    await put('a.json', file(Array.from({ length: 1_000 }, () => ({ eventName: 'x' }))));
    const log = kept();
    await log.run();
    expect(log.letters).toHaveLength(11);
    expect(log.letters.at(-1)!.reason).toMatch(/990 more records/);
  });

  test('a missing directory is an error that says what to do', async () => {
    const log = kept();
    const missing = join(root, 'nowhere');
    await expect(log.run({ directories: [missing] })).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: expect.stringContaining(missing),
    });
    await expect(log.run({ directories: [missing], oneShot: false })).rejects.toMatchObject({
      code: 'DM_PROVIDER_FAILED',
      retriable: true,
    });
  });

  test('a file that may not be read is reported once, and the rest goes on', async () => {
    await chmod(await put('a.json', file(records(1))), 0o000);
    await put('b.json', file([record(9)]));
    const log = kept();
    // Nothing is closed to root: it reads as somebody else.
    const isRoot = process.geteuid?.() === 0;
    await chmod(root, 0o755);
    if (isRoot) process.seteuid?.(65_534);
    try {
      await log.run();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    expect(log.letters.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/may not be read \(EACCES\)/),
    ]);
    expect(log.ids()).toHaveLength(1);
  });
});

describe('watching', () => {
  test('new files are picked up at once, in new directories too', async () => {
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await put(`${TREE}/1.json`, file([record(1)]));
    await vi.waitFor(() => expect(log.ids()).toHaveLength(1), 5_000);
    const next = await put(`${TREE}/2.tmp`, gzipSync(file([record(2)])));
    await rename(next, join(root, TREE, '2.json.gz'));
    await vi.waitFor(() => expect(log.ids()).toHaveLength(2), 5_000);
    log.controller.abort();
    await running;
  });

  test('a file still being written is read again, and no dead letter', async () => {
    const text = file(records(40));
    const path = await put('a.json', text.slice(0, 3_000));
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 50 });
    await vi.waitFor(() => expect(log.ids().length).toBeGreaterThan(2));
    await appendFile(path, text.slice(3_000));
    await vi.waitFor(() => expect(log.progress.size).toBe(1), 5_000);
    expect(log.ids()).toHaveLength(40);
    expect(log.letters).toEqual([]);
    log.controller.abort();
    await running;
  });

  test('a file that stays cut off goes to the dead letters when it has settled', async () => {
    const path = await put('a.json', file(records(4)).slice(0, -5));
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 20, settleMs: 60_000 });
    await vi.waitFor(() => expect(log.ids().length).toBe(3));
    expect(log.letters).toEqual([]);
    const old = new Date(Date.now() - 120_000);
    await utimes(path, old, old);
    await vi.waitFor(() => expect(log.letters).toHaveLength(1), 5_000);
    expect(log.progress.size).toBe(1);
    log.controller.abort();
    await running;
  });

  test('ends soon after it is told to', async () => {
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 30));
    log.controller.abort();
    await running;
  });
});
