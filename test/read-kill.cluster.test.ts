// DriftMgr is killed while providers are being asked: started again it reads once more, says everything once, and ends the
// provider that was left behind. Real processes; the cloud is pretend.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAdminKey } from '../api/admin-key.ts';
import { type Client, createClient } from '../api/client.ts';
import { processTree } from '../bench/memory.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import { placeDatabase } from '../runtime/testing/made-database.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { driftmgr, type Process } from './testing/processes.ts';
import { until } from './testing/running.ts';
import { stateOf } from './testing/states.ts';

const QUEUES = 12;
const KILLS = 3;

describe('killed in the midst of reading', { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let running: Process | null = null;
  let client: Client;
  let url = '';
  const data = (): string => join(folder.path, 'data');
  const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

  async function start(): Promise<void> {
    running = driftmgr({
      args: ['up', '--port', '0', '--data', data()],
      home: folder.path,
      environment: {
        DRIFTMGR_KEY: '5a'.repeat(32),
        DRIFTMGR_AWS_CLOUDTRAIL: join(folder.path, 'trail'),
        DRIFTMGR_AWS_POLL_MS: '100',
        DRIFTMGR_TERRAFORM_READERS: JSON.stringify([
          {
            provider: 'aws',
            account: ACCOUNT,
            environment: {
              PRETEND_CLOUD_KEY: KEYS.reader,
              TF_CLI_CONFIG_FILE: join(folder.path, 'mirror', 'mirror.tfrc'),
            },
            configuration: { endpoint: cloud.url, region: 'eu-central-1' },
          },
        ]),
      },
    });
    url = await running.running(120_000);
    client = createClient({ url, key: () => readAdminKey(data())! });
  }
  const drifts = async () => (await client.drifts.list({ limit: 500 })).items;
  /** The provider processes; the databases' are others. */
  const providers = (): number[] =>
    processTree([running!.child.pid!]).filter((pid) => commandOf(pid).includes('provider/main.ts'));

  beforeAll(async () => {
    folder = temporaryFolder();
    for (const name of ['trail', 'data']) mkdirSync(join(folder.path, name));
    await placeDatabase(join(data(), 'postgres'));
    writeMirror(join(folder.path, 'mirror'));
    cloud = await startCloud({ directory: folder.path, trail: join(folder.path, 'trail') });
    await start();
    const queues = await Promise.all(
      Array.from({ length: QUEUES }, (_, n) => as('terraform').create('aws_sqs_queue', { name: `q-${n}` })),
    );
    const pushed = await fetch(`${url}/tfstate/prod`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`test:${readAdminKey(data())}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(stateOf(queues.map(({ attributes }) => ({ type: 'aws_sqs_queue', attributes })))),
    });
    expect(pushed.status).toBe(200);
    await until(
      'the state',
      async () => (await client.workspaces.list()).items[0]?.instances === QUEUES,
      60_000,
    );
  }, 240_000);
  afterAll(async () => {
    running?.child.kill('SIGKILL');
    await running?.ended;
    await cloud?.close();
    folder?.remove();
  });

  it('every change is one drift, opened once and confirmed, and no provider is left', async () => {
    await as('bob').set({ delayMs: 1_200 });
    for (const { id } of await as('bob').list('aws_sqs_queue'))
      await as('alice').update('aws_sqs_queue', id, { delay_seconds: 30 });
    await cloud.flush();
    const left = new Set<number>();
    for (let kill = 0; kill < KILLS; kill++) {
      const [provider] = await until(
        'a provider to be asked',
        async () => providers().length > 0 && providers(),
        60_000,
      );
      await new Promise((resolve) => setTimeout(resolve, 900 + 500 * kill));
      left.add(provider!);
      running!.child.kill('SIGKILL');
      await running!.ended;
      if (kill === KILLS - 1) await as('bob').set({ delayMs: 0 });
      await start();
    }
    await until(
      'every drift to be confirmed',
      async () => (await drifts()).filter(({ confidence }) => confidence === 'confirmed').length === QUEUES,
      120_000,
    );
    const found = await drifts();
    expect(found.map(({ address }) => address).sort()).toEqual(
      Array.from({ length: QUEUES }, (_, n) => `aws_sqs_queue.r${n}`).sort(),
    );
    for (const { id, differences, actors } of found) {
      expect(differences.map(({ path }) => path)).toEqual(['delay_seconds']);
      expect(actors.map(({ name }) => name)).toEqual(['alice']);
      const { items } = await client.drifts.timeline(id);
      expect(items.filter(({ type }) => type === 'drift.opened')).toHaveLength(1);
    }
    await until(
      'the providers of the killed ones to be gone',
      async () => [...left].every((pid) => !commandOf(pid).includes('provider/main.ts')),
      30_000,
    );
    process.stdout.write(
      `killed ${KILLS} times in mid-read: ${found.length} changes, ${found.length} drifts, no provider left\n`,
    );
  });
});

function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}
