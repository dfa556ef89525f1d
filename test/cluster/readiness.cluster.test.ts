// Ready means it: from the moment a process of the role `producers` says so, Terraform's states are taken.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAdminKey } from '../../api/admin-key.ts';
import type { Readiness } from '../../api/types.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { freePorts, type RoleProcess, roleProcess } from './role-process.ts';
import { makeRoom, type Room, serversOfEnvironment } from './servers.ts';

const addresses = serversOfEnvironment();
const FIRST_PORT = 30_600;

describe.skipIf(addresses === null)('a process of the role producers', () => {
  const folder = temporaryFolder();
  let room: Room;
  let producers: RoleProcess;

  beforeAll(async () => {
    room = await makeRoom(addresses!);
    const [port] = await freePorts(1, FIRST_PORT);
    producers = roleProcess({
      name: 'producers',
      roles: ['producers'],
      directory: folder.path,
      port: port!,
      environment: { ...room.settings, DRIFTMGR_PARTITIONS: '2' },
    });
    mkdirSync(join(folder.path, 'producers'));
  });
  afterAll(async () => {
    if (producers.isRunning()) await producers.end('SIGTERM');
    await room.remove();
    folder.remove();
  });

  async function readiness(): Promise<Readiness | null> {
    const answer = await fetch(`${producers.url}/readyz`).catch(() => null);
    return answer && ((await answer.json()) as Readiness);
  }

  /** What it waited for until it said that it is ready, and what the backend answered at that moment. */
  async function started(): Promise<{ waitedFor: string[]; answer: [number, string] }> {
    producers.start();
    const waitedFor = new Set<string>();
    for (let said = await readiness(); !said?.ready; said = await readiness()) {
      if (!producers.isRunning()) throw new Error(`it ended:\n${producers.logged()}`);
      for (const reason of said?.reasons ?? []) waitedFor.add(reason);
      await sleep(5);
    }
    const authorization = `Bearer ${readAdminKey(producers.data)}`;
    const answer = await fetch(`${producers.url}/tfstate/prod`, { headers: { authorization } });
    return { waitedFor: [...waitedFor], answer: [answer.status, await answer.text()] };
  }

  it('takes states from the moment it says that it is ready', async () => {
    expect((await started()).answer).toEqual([404, '']);
  });

  it('is not ready, after kill -9, before the group gives it what its former self held', async () => {
    await producers.end('SIGKILL');
    const { waitedFor, answer } = await started();
    expect(answer).toEqual([404, '']);
    expect(waitedFor).toContain('producers: wait for their share');
  });

  it('starts without a warning of Node', () => {
    expect(producers.logged()).not.toMatch(/\w+Warning\b/);
  });
});
