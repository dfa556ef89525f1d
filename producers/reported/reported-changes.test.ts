import { appendFile, chmod, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import type { Progress, SourceContext, SourceEvent } from '../../runtime/source.ts';
import { testEncoding } from '../../runtime/testing/codec.ts';
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { ReportedChangesOptions } from './reported-changes.ts';
import { reportedChanges } from './reported-changes.ts';

const report = (index: number, data: JsonObject = {}): JsonObject => ({
  specversion: '1.0',
  id: `event-${index}`,
  source: '//pretend/azure',
  type: 'io.driftmgr.change.reported',
  time: new Date(Date.UTC(2026, 2, 1, 10, 0, (index * 37) % 60)).toISOString(),
  data: {
    provider: 'azurerm',
    service: 'Microsoft.Storage',
    operation: 'Microsoft.Storage/storageAccounts/write',
    verb: 'update',
    targets: [{ type: 'azurerm_storage_account', id: `/subscriptions/s/a-${index % 7}` }],
    actor: { principal: 'alice@example.com', via: 'console' },
    ...data,
  },
});
const reports = (count: number): JsonObject[] => Array.from({ length: count }, (_, index) => report(index));
const lines = (list: Json[]): string => list.map((one) => `${JSON.stringify(one)}\n`).join('');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'reported-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

/** What a log would keep: lives on when a run ends or breaks. */
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
    encoding: testEncoding('reported-changes'),
    publish: async (batch, done: Progress[] = []) => {
      if (++log.calls === log.failAt) throw new Error('the log is gone');
      events.push(...(batch as SourceEvent[]));
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
  const run = (options: Partial<ReportedChangesOptions> = {}) =>
    reportedChanges({ directories: [root], oneShot: true, ...options }).run(context);
  return { controller, events, ids, ignored, letters, progress, run };
}

describe('files as they come', () => {
  test('lines, one event, a list of events; other files are left alone; copies are left out', async () => {
    await writeFile(join(root, 'a.jsonl'), lines(reports(5)));
    await writeFile(join(root, 'b.ndjson'), `\n${lines([report(5)]).replace('\n', '\r\n')}\n  \n`);
    await writeFile(join(root, 'c.json'), JSON.stringify(report(6), null, 2));
    await writeFile(join(root, 'd.json'), JSON.stringify([report(7), report(8), report(0)]));
    await writeFile(join(root, 'e.txt'), 'nothing');
    const log = kept();
    await log.run();
    expect(log.letters).toEqual([]);
    expect(log.ids()).toHaveLength(9);
    expect(log.ignored).toEqual({ duplicate: 1 });
    await log.run();
    expect(log.events).toHaveLength(9);
  });

  test('appended lines alone are read; a line that is being written waits until it is there', async () => {
    const path = join(root, 'a.jsonl');
    await writeFile(path, lines(reports(2)));
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 50, settleMs: 60_000 });
    await vi.waitFor(() => expect(log.events).toHaveLength(2));
    const whole = lines([report(2)]);
    await appendFile(path, whole.slice(0, 50));
    await appendFile(join(root, 'b.jsonl'), lines([report(3)]));
    await vi.waitFor(() => expect(log.events).toHaveLength(3));
    await appendFile(path, whole.slice(50));
    await vi.waitFor(() => expect(log.events).toHaveLength(4));
    // Complete without its newline: taken at once, and once.
    await appendFile(path, lines([report(4)]).trimEnd());
    await vi.waitFor(() => expect(log.events).toHaveLength(5));
    await appendFile(path, `\n${lines([report(5)])}`);
    await vi.waitFor(() => expect(log.events).toHaveLength(6));
    log.controller.abort();
    await running;
    expect(log.letters).toEqual([]);
    expect(log.ids()).toHaveLength(6);
  });

  test('a file that was cut and written anew, and one that another took the place of, are read from the start', async () => {
    const path = join(root, 'a.jsonl');
    await writeFile(path, lines(reports(3)));
    const log = kept();
    await log.run();
    await writeFile(path, lines([report(10)]));
    await log.run();
    expect(log.ids()).toHaveLength(4);
    const other = join(root, 'new');
    await writeFile(other, lines([report(20), report(21), report(22), report(23)]));
    await rename(other, path);
    await log.run();
    expect(log.ids()).toHaveLength(8);
  });

  test('any splitting into files and lines, order and duplication gives the same ids', async () => {
    const all = reports(20);
    await writeFile(join(root, 'one.jsonl'), lines(all));
    const plain = kept();
    await plain.run();
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...all, ...all], { minLength: 40 }),
        fc.nat(39),
        async (shuffled, cut) => {
          const at = await mkdtemp(join(root, 'round-'));
          await writeFile(join(at, '1.jsonl'), lines(shuffled.slice(0, cut)));
          await writeFile(join(at, '2.json'), JSON.stringify(shuffled.slice(cut)));
          const log = kept();
          await log.run({ directories: [at] });
          expect(log.ids()).toEqual(plain.ids());
          expect(log.events).toHaveLength(20);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('a crash at any publish loses nothing', async () => {
    for (let i = 0; i < 3; i++)
      await writeFile(
        join(root, `${i}.jsonl`),
        lines(Array.from({ length: 1_500 }, (_, j) => report(i * 1_500 + j))),
      );
    for (let failAt = 1; failAt <= 2; failAt++) {
      const log = kept(failAt);
      await expect(log.run()).rejects.toThrow('the log is gone');
      await log.run();
      expect(log.ids()).toHaveLength(4_500);
    }
  });
});

describe('bad input', () => {
  test('a bad line goes to the dead letters as it stands, with its place; those around it are used', async () => {
    const { time: _, ...timeless } = report(2);
    const bad = [
      '{"specversion":',
      JSON.stringify(timeless),
      JSON.stringify(report(3, { verb: 'read' })),
      '7',
    ];
    await writeFile(
      join(root, 'a.jsonl'),
      lines([report(0)]) + bad.map((one) => `${one}\n`).join('') + lines([report(1)]),
    );
    const log = kept();
    await log.run();
    await log.run();
    expect(log.ids()).toHaveLength(2);
    expect(log.letters.map(({ original }) => original.toString())).toEqual(bad);
    const first = lines([report(0)]).length;
    expect(log.letters.map(({ reason }) => reason.replace(root, ''))).toEqual([
      `/a.jsonl, at byte ${first}: the line is not JSON`,
      expect.stringMatching(/the event: must have required properties time$/),
      expect.stringMatching(/data\.verb: must be create, update, delete, tag, unknown$/),
      expect.stringMatching(/the event: must be object$/),
    ]);
  });

  test('limits: a line too long, targets too many, a file too large, a thousand bad lines', async () => {
    const many = report(1, {
      targets: Array.from({ length: 101 }, (_, n) => ({ type: 'azurerm_x', id: `${n}` })),
    });
    await writeFile(
      join(root, 'a.jsonl'),
      `${lines([report(0)])}"${'x'.repeat(300_000)}"\n${lines([many, report(2)])}${'[[[[[\n'.repeat(1_000)}${lines([report(3)])}`,
    );
    await writeFile(join(root, 'b.json'), `[${'1,'.repeat(1_200_000)}1]`);
    const log = kept();
    await log.run();
    expect(log.ids()).toHaveLength(3);
    expect(log.letters).toHaveLength(102);
    expect(log.letters[0]!.reason).toMatch(/a line of 300003 bytes is longer than 262144$/);
    expect(log.letters[0]!.original).toHaveLength(300_003);
    expect(log.letters[1]!.reason).toMatch(/data\.targets: must not have more than 100 items$/);
    expect(log.letters[100]!.reason).toMatch(/a\.jsonl: 902 more lines cannot be used$/);
    expect(log.letters[101]!.reason).toMatch(/b\.json: holds more than 2097152 bytes/);
  });

  test('a half-written file is said to be one once it holds still', async () => {
    await writeFile(join(root, 'a.json'), JSON.stringify(report(0)).slice(0, 100));
    await writeFile(join(root, 'b.jsonl'), lines([report(1)]).slice(0, 100));
    const log = kept();
    const running = log.run({ oneShot: false, pollMs: 50, settleMs: 300 });
    await vi.waitFor(() => expect(log.letters).toHaveLength(2), 5_000);
    await writeFile(join(root, 'a.json'), JSON.stringify(report(0)));
    await vi.waitFor(() => expect(log.ids()).toHaveLength(1), 5_000);
    log.controller.abort();
    await running;
  });

  test.skipIf(process.getuid?.() === 0)('a file that may not be read is reported once', async () => {
    await writeFile(join(root, 'a.jsonl'), lines([report(0)]), { mode: 0o000 });
    const log = kept();
    await log.run();
    expect(log.letters.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/may not be read \(EACCES\)/),
    ]);
    await chmod(join(root, 'a.jsonl'), 0o600);
    await log.run();
    expect(log.ids()).toHaveLength(1);
  });

  test('a directory that is not there is a mistake of the configuration in a scan, and waited for otherwise', async () => {
    const directories = [join(root, 'none')];
    await expect(kept().run({ directories })).rejects.toMatchObject({ code: 'DM_CONFIG_INVALID' });
    await expect(kept().run({ directories, oneShot: false })).rejects.toMatchObject({ retriable: true });
  });
});
