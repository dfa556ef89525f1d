// Two of each role, one killed: the service goes on. 200 requests a second at the API that survives; how fast they are
// answered before, while the other process has not yet taken over, and after, and how long that takes, is printed.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../compose/roles.ts';
import { PROJECTIONS } from '../../projections/index.ts';
import { startTwins, type Twins } from './equality.ts';
import { patiently } from './patience.ts';
import { type Requests, startRequests } from './requests.ts';
import type { RoleProcess } from './role-process.ts';
import { serversOfEnvironment } from './servers.ts';
import { sharesOf } from './shares.ts';
import { TWO_OF_EACH } from './system.ts';

const PER_SECOND = 200;
const WATCHED_MS = 8_000;
const addresses = serversOfEnvironment();

describe.skipIf(addresses === null)('two of each role, one killed', () => {
  let twins: Twins;
  let requests: Requests;
  beforeAll(async () => {
    twins = await startTwins({ addresses: addresses!, processes: TWO_OF_EACH, lanes: 1 });
    await patiently('drifts and changes to ask for', 60_000, async () => twins.load.done().files > 20);
    await sleep(5_000);
    requests = startRequests({
      url: twins.cluster.of('api')[1]!.url,
      key: twins.cluster.key,
      perSecond: PER_SECOND,
    });
    // Until what is asked for is in memory.
    await sleep(2_000);
  }, 600_000);
  afterEach(({ task }) => {
    if (task.result?.state === 'fail') twins?.cluster.tell();
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
    if (role === 'producers') return told?.sources.every(({ status }) => status === 'running') ?? false;
    return (
      told?.ready === true && PROJECTIONS.every(({ name }) => told.readers.some((it) => it.name === name))
    );
  }

  it.each(['producers', 'processors', 'projections', 'api'] as const)(
    'of %s: answers stay right, and fail only until the other has taken over',
    async (role) => {
      const [victim, survivor] = twins.cluster.of(role);
      const before = performance.now();
      await sleep(WATCHED_MS);
      const killed = performance.now();
      await victim!.end('SIGKILL');
      await patiently(`the other of ${role} to take over`, 90_000, () => hasTakenOver(role, survivor!));
      const over = performance.now();
      await sleep(WATCHED_MS);
      const after = performance.now();
      victim!.start();
      await victim!.ready();
      const [calm, window, since] = [
        requests.between(before, killed),
        requests.between(killed, over),
        requests.between(over, after),
      ];
      const shown = ({ count, p50, p99, failed }: typeof calm): string =>
        `p50 ${p50} p99 ${p99} ms (${count} requests, ${failed.length} failed)`;
      process.stderr.write(
        `${role}: before ${shown(calm)}; window ${Math.round(over - killed)} ms: ${shown(window)}; after ${shown(since)}\n`,
      );
      expect(calm.failed, 'before').toEqual([]);
      expect(since.failed, 'after').toEqual([]);
      expect(
        window.failed.filter((each) => each.includes('wrong')),
        'in the window',
      ).toEqual([]);
    },
    600_000,
  );

  it('loses nothing and doubles nothing', async () => {
    await requests.stop();
    await twins.expectEqual();
  }, 600_000);
});
