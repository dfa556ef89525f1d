// Two of each role, one killed: the service goes on. 200 requests a second at the API, whose answers stay right and quick
// but for the time until the other process has taken over; how long that is, and how quick they are then, is printed.
//
// SETTLE_MS by environment: how long the system is left alone before each of them. A process that was started again takes its
// share back and compiles what it runs meanwhile: that is the end of the failover before.
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../compose/roles.ts';
import { PROJECTIONS } from '../../projections/index.ts';
import { startTwins, type Twins } from './equality.ts';
import { patiently } from './patience.ts';
import { type Answered, now, type Requests, startRequests } from './requests.ts';
import type { RoleProcess } from './role-process.ts';
import { serversOfEnvironment } from './servers.ts';
import { sharesOf } from './shares.ts';
import { TWO_OF_EACH } from './system.ts';

const PER_SECOND = 200;
const P99_MS = 100;
const WATCHED_MS = 8_000;
const SETTLE_MS = Number(process.env.SETTLE_MS ?? 15_000);
const addresses = serversOfEnvironment();

describe.skipIf(addresses === null)('two of each role, one killed', () => {
  let twins: Twins;
  let requests: Requests;
  beforeAll(async () => {
    // The two cores are the system's, its servers' and the load's: the one to compare with is told the same afterwards.
    twins = await startTwins({
      addresses: addresses!,
      processes: TWO_OF_EACH,
      undisturbed: 'after',
      lanes: 1,
      everyMs: 1_000,
    });
    await patiently('drifts and changes to ask for', 60_000, async () => twins.load.done().files > 5);
    requests = startRequests({
      urls: twins.cluster.of('api').map(({ url }) => url),
      key: twins.cluster.key,
      perSecond: PER_SECOND,
    });
    // Until what is asked for is in memory, and the code that answers is compiled.
    await sleep(10_000);
  }, 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail' && process.env.QUIET === undefined) twins?.cluster.tell();
  });
  afterAll(async () => {
    await requests?.stop();
    await twins?.stop();
  }, 300_000);

  /** Whether the survivor does all of the role's work. */
  async function hasTakenOver(role: Role, survivor: RoleProcess): Promise<boolean> {
    if (role === 'api') return (await fetch(`${survivor.url}/readyz`)).ok;
    if (role === 'processors')
      return (await sharesOf(twins.cluster)).get(survivor.url)?.length === twins.cluster.partitions;
    const { processes } = await twins.cluster.client.system.get();
    const told = processes.find(({ url }) => url === survivor.url);
    // The one that publishes the configuration has ended; one that another process runs waits.
    if (role === 'producers')
      return told?.sources.every(({ status }) => status === 'running' || status === 'finished') ?? false;
    return (
      told?.ready === true && PROJECTIONS.every(({ name }) => told.readers.some((it) => it.name === name))
    );
  }

  it.each(['producers', 'processors', 'projections', 'api'] as const)(
    `of %s: answers stay right, and within ${P99_MS} ms but until the other has taken over`,
    async (role) => {
      const [victim, survivor] = twins.cluster.of(role);
      await sleep(SETTLE_MS);
      const [before, busyBefore] = [now(), busy()];
      await sleep(WATCHED_MS);
      const [killed, busyKilled] = [now(), busy()];
      await victim!.end('SIGKILL');
      await patiently(`the other of ${role} to take over`, 90_000, () => hasTakenOver(role, survivor!));
      const [over, busyOver] = [now(), busy()];
      await sleep(WATCHED_MS);
      const [after, busyAfter] = [now(), busy()];
      const [calm, window, since] = [
        await requests.between(before, killed),
        await requests.between(killed, over),
        await requests.between(over, after),
      ];
      victim!.start();
      await victim!.ready();
      process.stderr.write(
        `${role}: window ${Math.round(over - killed)} ms\n${[
          `  before: ${shown(calm)}; ${share(busyBefore, busyKilled)}`,
          `  window: ${shown(window)}; ${share(busyKilled, busyOver)}`,
          `  after:  ${shown(since)}; ${share(busyOver, busyAfter)}`,
        ].join('\n')}\n`,
      );
      expect(calm.failed, 'before').toEqual([]);
      expect(since.failed, 'after').toEqual([]);
      expect(
        window.failed.filter((each) => each.includes('wrong')),
        'in the window',
      ).toEqual([]);
      expect.soft(calm.p99, 'p99 before').toBeLessThanOrEqual(P99_MS);
      expect.soft(since.p99, 'p99 after').toBeLessThanOrEqual(P99_MS);
    },
    600_000,
  );

  it('loses nothing and doubles nothing', async () => {
    await requests.stop();
    await twins.expectEqual();
  }, 1_800_000);
});

const shown = ({ count, p50, p99, failed, slowest, late }: Answered): string =>
  `p50 ${p50} p99 ${p99} ms of ${count} requests, ${failed.length} failed ${failed[0] ?? ''}; slowest: ${slowest
    .slice(0, 3)
    .map(([name, ms]) => `${name} ${ms}`)
    .join(', ')}; asked late by ${late} at most`;

/** Of all cores since the machine started, milliseconds: at work, and in all. */
function busy(): { worked: number; all: number } {
  const times = cpus().map((core) => core.times);
  const all = times.reduce((sum, each) => sum + Object.values(each).reduce((a, b) => a + b, 0), 0);
  return { worked: all - times.reduce((sum, { idle }) => sum + idle, 0), all };
}

/** How much of the machine was at work between two moments, whoever's work it was. */
const share = (from: ReturnType<typeof busy>, to: ReturnType<typeof busy>): string =>
  `machine ${Math.round((100 * (to.worked - from.worked)) / (to.all - from.all))} % busy, load ${loadavg()[0]!.toFixed(1)}`;
