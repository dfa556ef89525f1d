// Two processes that read share the work, and take over what the other leaves: one is killed in the midst of reads, one in
// the midst of a sweep, one sleeps through a sweep and wakes up. Nothing is lost or told twice, no provider is left behind.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { processTree } from '../../bench/memory.ts';
import type { JournalEntry } from '../../producers/terraform/pretend/cloud/cloud.ts';
import { stateOf } from '../testing/states.ts';
import { patiently } from './patience.ts';
import { drifts, type ReadingWorld, startReadingWorld, unanswered } from './reading-world.ts';
import type { RoleProcess } from './role-process.ts';
import { serversOfEnvironment } from './servers.ts';

const addresses = serversOfEnvironment();
/** Two pages of a sweep, and a half. */
const QUEUES = 500;
const PAGE = 200;
/** Changed by hand: half of them before the kill. */
const CHANGED = 40;
/** So long the cloud takes over an answer while the process is killed: none is there yet. */
const HANGS_MS = 10_000;
const SOURCE = 'terraform-sweep';

describe.runIf(addresses !== null)('two processes that read', { timeout: 900_000 }, () => {
  let world: ReadingWorld;
  let ids: string[];
  const producers = (): RoleProcess[] => world.cluster.of('producers');
  const providersOf = (process: RoleProcess): number[] => {
    const pid = process.pid();
    return pid === null ? [] : processTree([pid]).filter(isProvider);
  };
  /** Who runs the sweep, as the processes say. */
  const sweepers = async (): Promise<RoleProcess[]> => {
    const { processes } = await world.cluster.client.system.get();
    const running = processes.filter(({ sources }) =>
      sources.some(({ name, status }) => name === SOURCE && status === 'running'),
    );
    return producers().filter(({ url }) => running.some((each) => each.url === url));
  };
  const sharesOfReading = async (): Promise<Map<string, number[]>> => {
    const { processes } = await world.cluster.client.system.get();
    return new Map(
      processes.flatMap(({ url, readers }) => {
        const reader = readers.find(({ name }) => name === 'terraform-read');
        return url === null || !reader ? [] : [[url, reader.partitions.map(({ partition }) => partition)]];
      }),
    );
  };
  const untilBothRead = () =>
    patiently(
      'both to have their share',
      300_000,
      async () => {
        const held = [...(await sharesOfReading()).values()];
        return held.length === 2 && held.every(({ length }) => length === 2);
      },
      async () => [...(await sharesOfReading())],
    );
  const reads = async (after: number): Promise<JournalEntry[]> =>
    (await world.as('bob').calls(after)).entries.filter(
      ({ operation, type, principal }) =>
        operation === 'read' && type === 'aws_sqs_queue' && principal === 'driftmgr',
    );
  const sweepsSince = async (count: number) => {
    const events = await world.told[0]!.events('driftmgr.observations');
    const of = (type: string) =>
      new Set(events.flatMap((event) => (event.type === type ? [event.id] : []))).size - count;
    return { started: of('snapshot.started'), completed: of('snapshot.completed') };
  };
  const sweepOf = async (after: number, expected: number, act: () => Promise<void>): Promise<number> => {
    const asked = world.sweep();
    asked.catch(() => undefined);
    await patiently(
      `the sweep to be past its first page`,
      300_000,
      async () => (await reads(after)).length > PAGE + 20,
    );
    await act();
    const [done] = await asked;
    expect(done!.listed).toBe(QUEUES);
    expect(await sweepsSince(expected - 1)).toEqual({ started: 1, completed: 1 });
    const made = await reads(after);
    expect(new Set(made.map(({ id }) => id)).size).toBe(QUEUES);
    return made.length;
  };

  beforeAll(async () => {
    world = await startReadingWorld({
      addresses: addresses!,
      processes: [['producers'], ['producers'], ['processors', 'projections', 'api']],
      binary: null,
      settings: { 'terraform.readsPerSecond': 100 },
    });
    const queues = await Promise.all(
      Array.from({ length: QUEUES }, (_, n) =>
        world.as('terraform').create('aws_sqs_queue', { name: `q-${n}` }),
      ),
    );
    ids = queues.map(({ id }) => id);
    const pushed = await fetch(world.tfstate, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(stateOf(queues.map(({ attributes }) => ({ type: 'aws_sqs_queue', attributes })))),
    });
    expect(pushed.status).toBe(200);
    await world.settled();
    await untilBothRead();
  }, 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') world?.cluster.tell();
  });
  afterAll(() => world?.stop(), 120_000);

  it('a sweep whose owner is killed goes on at the other process, behind the last page that was', async () => {
    const { next } = await world.as('bob').calls();
    const [owner, ...others] = await sweepers();
    expect(others).toEqual([]);
    const left = () => providersOf(owner!);
    let providers: number[] = [];
    let killedAt = 0;
    const made = await sweepOf(next, 1, async () => {
      providers = left();
      killedAt = performance.now();
      await owner!.end('SIGKILL');
      const before = (await reads(next)).length;
      await patiently('the other to sweep on', 300_000, async () => (await reads(next)).length > before + 5);
      process.stderr.write(
        `a sweep whose owner was killed was read on with after ${Math.round(performance.now() - killedAt)} ms\n`,
      );
    });
    // The page in hand is read again, no other.
    process.stderr.write(`${QUEUES} swept with one kill: ${made} reads\n`);
    expect(made).toBeLessThanOrEqual(QUEUES + PAGE);
    expect(providers.length).toBeGreaterThan(0);
    await patiently('the providers of the killed one to be gone', 60_000, async () =>
      providers.every((pid) => !isProvider(pid)),
    );
    expect((await drifts(world.cluster.client)).length).toBe(0);
    owner!.start();
    await owner!.ready();
    await untilBothRead();
  });

  it('an owner that sleeps through a sweep and wakes up adds nothing to it', async () => {
    const { next } = await world.as('bob').calls();
    const [owner] = await sweepers();
    await sweepOf(next, 2, async () => {
      owner!.send('SIGSTOP');
      const before = (await reads(next)).length;
      await patiently(
        'the other to sweep on',
        300_000,
        async () => (await reads(next)).length > before + PAGE / 4,
      );
      owner!.send('SIGCONT');
    });
    await owner!.ready();
    await untilBothRead();
    expect(await sweepers()).toHaveLength(1);
    expect((await drifts(world.cluster.client)).length).toBe(0);
  });

  it('both read what changed, whichever took the state; what a killed one had in hand the other reads, once', async () => {
    const edit = async (some: readonly string[]): Promise<void> => {
      // At once: the cloud may take its time over each.
      await Promise.all(
        some.map((id) => world.as('alice').update('aws_sqs_queue', id, { delay_seconds: 30 })),
      );
      await world.cloud.flush();
    };
    await edit(ids.slice(0, CHANGED / 2));
    await patiently('both to read', 300_000, async () =>
      (await Promise.all(producers().map(readsOf))).every((count) => count > 0),
    );
    await world.settled();
    const [killed] = producers();
    const providers = providersOf(killed!);
    expect(providers.length).toBeGreaterThan(0);
    const { next } = await world.as('bob').calls();
    await world.as('bob').set({ delayMs: HANGS_MS });
    await edit(ids.slice(CHANGED / 2, CHANGED));
    const unread = await patiently('wishes to read', 300_000, async () => {
      const { length } = await unanswered(world.told[0]!);
      return length > CHANGED / 4 && length;
    });
    const killedAt = performance.now();
    await killed!.end('SIGKILL');
    await world.as('bob').set({ delayMs: 0 });
    await patiently(
      'every change to be confirmed',
      300_000,
      async () =>
        (await drifts(world.cluster.client)).filter(({ confidence }) => confidence === 'confirmed').length ===
        CHANGED,
      async () => (await drifts(world.cluster.client)).length,
    );
    process.stderr.write(
      `killed with ${unread} of ${CHANGED / 2} reads in hand: all were confirmed ${Math.round(performance.now() - killedAt)} ms later, ${(await reads(next)).length} answered in all\n`,
    );
    await world.settled();
    const found = await drifts(world.cluster.client);
    expect(found).toHaveLength(CHANGED);
    for (const { id, differences, actors } of found) {
      expect(differences.map(({ path }) => path)).toEqual(['delay_seconds']);
      expect(actors.map(({ name }) => name)).toEqual(['alice']);
      const { items } = await world.cluster.client.drifts.timeline(id);
      expect(items.filter(({ type }) => type === 'drift.opened')).toHaveLength(1);
    }
    const requests = await world.told[0]!.events('driftmgr.requests');
    const wished = requests.filter(({ type }) => type === 'resource.read-requested').map(({ id }) => id);
    const settled = requests.flatMap((event) =>
      event.type === 'request.settled' && wished.includes(event.body.requestId) ? [event.body.requestId] : [],
    );
    expect(settled.sort()).toEqual([...wished].sort());
    await patiently('the providers of the killed one to be gone', 60_000, async () =>
      providers.every((pid) => !isProvider(pid)),
    );
  });

  /** Reads that this process made for changes, as its metrics tell. */
  async function readsOf({ url }: RoleProcess): Promise<number> {
    const text = await (
      await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${world.cluster.key}` } })
    ).text();
    const counts = [...text.matchAll(/^driftmgr_reads_total\{[^}]*change[^}]*\} (\d+)/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  }
});

function isProvider(pid: number): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('provider/main.ts') &&
      !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    );
  } catch {
    return false;
  }
}
