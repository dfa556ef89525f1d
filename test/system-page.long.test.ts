// The system page in a real browser: a cluster as its processes tell of it, healthy, then with things that are wrong.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHarness, type Harness } from '../api/testing/harness.ts';
import type { ProcessJson, SystemJson } from '../api/types.ts';
import { buildDashboard, DASHBOARD } from '../compose/dashboard.ts';
import { describeTopology } from '../compose/topology.ts';
import { PROJECTIONS } from '../projections/index.ts';
import { createLogger } from '../runtime/telemetry.ts';
import { declared, eventOf } from '../runtime/testing/events.ts';
import { hasChromium, launchChromium } from './testing/chromium.ts';
import { faultsOf } from './testing/page-faults.ts';

type Partition = ProcessJson['readers'][number]['partitions'][number];
const running = (partition: number): Partition => ({
  partition,
  phase: 'running',
  reason: null,
  lag: 0,
  restored: null,
  deadLetters: 0,
});
const drift = (...partitions: Partition[]): ProcessJson['readers'][number] => ({
  name: 'drift',
  kind: 'processor',
  lag: 0,
  partitions,
});
const processOf = (id: string, roles: ProcessJson['roles'], fields: Partial<ProcessJson>): ProcessJson => ({
  id,
  roles,
  url: null,
  startedAt: new Date(Date.now() - 7_300_000).toISOString(),
  seenAt: new Date().toISOString(),
  ready: true,
  reasons: [],
  readers: [],
  sources: [],
  ...fields,
});
/** Two of each role, as they are when all is well. */
const cluster = (): ProcessJson[] => [
  processOf('ip-10-0-3-17.eu-west-1.compute.internal-4711', ['producers'], {
    sources: [
      { name: 'terraform-file', status: 'running', detail: null },
      { name: 'cloudtrail', status: 'running', detail: null },
    ],
  }),
  processOf('ip-10-0-3-18.eu-west-1.compute.internal-4711', ['producers'], {
    sources: [{ name: 'cloudtrail', status: 'waiting', detail: 'another process owns it' }],
  }),
  processOf('c3f5b2e8-0f4e-4b59-9a25-5a3bb2a7e0a1', ['processors'], { readers: [drift(running(0))] }),
  processOf('e81d6a0c-6f0b-4d4e-8a0e-2f1f6f3f9b77', ['processors'], { readers: [drift(running(1))] }),
  processOf('projections-1', ['projections'], {
    readers: PROJECTIONS.map(({ name }) => ({ name, kind: 'projection', lag: 0, partitions: [] })),
  }),
  processOf('api-1', ['api'], { url: 'http://10.0.4.9:8080' }),
  processOf('api-2', ['api'], { url: 'http://10.0.4.10:8080' }),
];

describe.runIf(hasChromium())('the system page', { timeout: 60_000 }, () => {
  let harness: Harness;
  let browser: Browser;
  let page: Page;
  let url: string;
  const complaints: string[] = [];
  let processes = cluster();
  let readers: SystemJson['readers'] = [{ name: 'drift', kind: 'processor', lag: 0 }];
  let away = false;

  beforeAll(async () => {
    const starting = createHarness({
      dashboard: DASHBOARD,
      topology: describeTopology(),
      sources: () => [],
      processes: async () => processes,
      readers: async () => readers,
    });
    [harness, browser] = await Promise.all([
      starting,
      launchChromium(),
      buildDashboard(createLogger({ level: 'silent' })),
    ]);
    const { cache } = harness.dependencies;
    const app = await harness.another({
      cache: {
        ...cache,
        state: () =>
          away
            ? { reachable: false, since: Date.now() - 95_000, reason: 'connect ECONNREFUSED' }
            : cache.state(),
      },
    });
    url = await app.listen({ port: 0, host: '127.0.0.1' });
    await harness.feed(declared(), declared({ address: 'aws_s3_bucket.other' }));
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(`${url}/system`);
    await page.getByLabel('API key').fill(await harness.keyWith(['admin']));
    await page.keyboard.press('Enter');
  });
  afterAll(async () => {
    await browser?.close();
    await harness?.close();
  });

  const heading = (text: string) => page.getByRole('heading', { level: 1, name: text }).waitFor();
  const row = (part: string, text: string) =>
    page.getByRole('region', { name: part }).getByRole('row').filter({ hasText: text });
  const notice = (text: string) => page.locator('.notice').filter({ hasText: text });

  it('says first that everything runs, then which processes hold what, and what the topics keep', async () => {
    await heading('Everything is running');
    await page.getByText('7 processes. Nothing is behind. ').waitFor();
    expect(await page.locator('.notice').count()).toBe(0);
    await row('Readers', 'drift').getByText('0–1 running').waitFor();
    await row('Processes', 'c3f5b2e8').getByText('partition 0').waitFor();
    await row('Processes', '4711').getByText('terraform-file, cloudtrail').waitFor();
    await row('Processes', 'projections-1').getByText('resources').waitFor();
    await page
      .getByRole('region', { name: 'Topics' })
      .getByRole('listitem')
      .filter({ hasText: 'driftmgr.declarations' })
      .getByText('2', { exact: true })
      .waitFor();
    await row('Readers', `${PROJECTIONS.length} projections`).getByText('nothing').waitFor();
    await page.getByText('Nothing: every record could be processed.').waitFor();
    await look('well');
  });

  it('follows without a reload: what restores, how far it is, what has stopped, why, and what no one holds', async () => {
    const stopped: Partition = {
      ...running(0),
      phase: 'stopped',
      reason:
        'a record holds io.driftmgr.ResourceGuessed, which is newer than this process: upgrade this process',
      lag: 1_204,
    };
    const restoring: Partition = {
      ...running(1),
      phase: 'restoring',
      restored: { read: 450_000, of: 1_000_000 },
      lag: 12,
    };
    readers = [{ name: 'drift', kind: 'processor', lag: 1_216 }];
    const [one, , three, four, ...rest] = cluster();
    processes = [
      one!,
      {
        ...three!,
        ready: false,
        reasons: [`drift: partition 0 is stopped: ${stopped.reason}`],
        readers: [drift(stopped)],
      },
      {
        ...four!,
        ready: false,
        reasons: ['drift: partition 1 is restoring: wait'],
        readers: [drift(restoring)],
      },
      ...rest.filter(({ roles }) => !roles.includes('projections')),
    ];
    await harness.append(
      eventOf('dead-letter.recorded', {
        reader: 'digitalocean-snapshot',
        topic: null,
        partition: null,
        offset: null,
        recordKey: null,
        code: 'DM_EVENT_REFUSED',
        reason: 'it has no id',
        blob: null,
      }),
    );
    away = true;
    await heading('Not everything is running');
    await notice('No process runs projections.').filter({ hasText: 'driftmgr run projections' }).waitFor();
    await notice('c3f5b2e8').filter({ hasText: 'upgrade this process' }).waitFor();
    await notice('e81d6a0c').filter({ hasText: 'is getting ready' }).waitFor();
    await notice('The cache that processes share is away.').filter({ hasText: '1 minute' }).waitFor();
    await page.getByText('drift is 1,216 records behind.').waitFor();
    const of = row('Readers', 'drift');
    await of.getByText('450,000 of 1,000,000 records').waitFor();
    expect(await of.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('45');
    await of.getByText('0 stopped').waitFor();
    await page.getByRole('region', { name: 'Refused' }).getByText('digitalocean-snapshot').waitFor();
    await page.getByText('driftmgr replay dead-letters').waitFor();
    await look('ill');

    processes = processes.filter(({ id }) => !id.startsWith('c3f5'));
    await row('Readers', 'drift').getByText('0 held by no one').waitFor();
    await notice('drift does not run everywhere.').waitFor();
  });

  it('says that it is getting ready when all that is missing is on its way', async () => {
    away = false;
    const [one, two, three, four, ...rest] = cluster();
    const partition: Partition = { ...running(1), phase: 'restoring', restored: { read: 1, of: 3 } };
    const reasons = ['drift: partition 1 is restoring: wait'];
    processes = [
      one!,
      two!,
      three!,
      { ...four!, ready: false, reasons, readers: [drift(partition)] },
      ...rest,
    ];
    await heading('Getting ready');
    processes = cluster();
    await heading('Everything is running');
  });

  it('is led to by keyboard from the navigation, and is sound: width, whole words, names, headings, contrast', async () => {
    await page.goto(url);
    for (let stop = 0; stop < 10; stop++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(() => document.activeElement?.textContent === 'System')) break;
    }
    await page.keyboard.press('Enter');
    await heading('Everything is running');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    expect(complaints).toEqual([]);
  });

  /** Light on a desk and dark on a phone; with SHOTS=<folder> it keeps pictures of all four. */
  async function look(name: string): Promise<void> {
    const found: string[] = [];
    const shots = process.env.SHOTS;
    for (const width of [1280, 375])
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        found.push(...(await faultsOf(page)).map((fault) => `${name} ${width} ${colorScheme}: ${fault}`));
        if (!shots) continue;
        mkdirSync(shots, { recursive: true });
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
    await page.setViewportSize({ width: 1280, height: 900 });
    expect(found).toEqual([]);
  }
});
