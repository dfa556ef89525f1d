// The dashboard in a real browser, on the whole embedded system, while the demo's story happens.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildDashboard } from '../compose/dashboard.ts';
import { createWorld } from '../compose/demo/play.ts';
import { estateSettings } from '../compose/demo/settings.ts';
import { STORY, type World } from '../compose/demo/story.ts';
import { type StandIn, sampleEstate, startStandIn } from '../producers/digitalocean/stand-in.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLogger } from '../runtime/telemetry.ts';
import { hasChromium, launchChromium } from './testing/chromium.ts';
import { faultsOf } from './testing/page-faults.ts';
import { type Started, startWhole } from './testing/running.ts';

const WAIT_MS = 20_000;
const REASON = 'Agreed with the edge team until the certificate is renewed';

describe.runIf(hasChromium())('the dashboard', { timeout: 60_000 }, () => {
  let cloud: StandIn;
  let system: Started;
  let browser: Browser;
  let world: World;
  let context: BrowserContext;
  let page: Page;
  /** What browsers complained of. */
  const complaints: string[] = [];
  let firewallOpenAt = '';

  beforeAll(async () => {
    cloud = await startStandIn(sampleEstate());
    cloud.limit = 5_000_000;
    const starting = startWhole((directory) => {
      mkdirSync(join(directory, 'trail'));
      return {
        'log.level': 'warn',
        ...estateSettings(join(directory, 'trail'), cloud),
        'detector.graceMs': 200,
      };
    });
    const building = buildDashboard(createLogger({ level: 'silent' }));
    [system, browser] = await Promise.all([starting, launchChromium(), building]);
    world = createWorld({
      url: system.url,
      key: system.key,
      cloud,
      trail: join(system.directory, 'trail'),
      clock: systemClock,
    });
    context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
    page = await open(context);
  });
  afterAll(async () => {
    await browser?.close();
    await system?.stop();
    await cloud?.close();
  });

  async function open(within: BrowserContext): Promise<Page> {
    const opened = await within.newPage();
    opened.setDefaultTimeout(WAIT_MS);
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    opened.on('pageerror', (error) => complaints.push(String(error)));
    await opened.goto(system.url);
    return opened;
  }
  async function tell(title: RegExp): Promise<void> {
    await STORY.find((step) => title.test(step.title))!.act(world);
    await system.client.snapshots.request({ provider: 'digitalocean' });
  }
  const heading = (text: string | RegExp, on = page) =>
    on.getByRole('heading', { level: 1, name: text }).waitFor();
  const row = (text: string | RegExp, on = page) => on.locator('.row').filter({ hasText: text });
  const link = (name: string | RegExp, on = page) => on.getByRole('link', { name }).first();

  it('refuses a key that is not known, and says so; takes the right one', async () => {
    await heading('Sign in');
    await page.getByLabel('API key').fill('dmk_wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'not known here' }).waitFor();
    // The browser itself reports every answer that is an error; this one was wanted.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
    await page.getByLabel('API key').fill(system.key);
    await page.keyboard.press('Enter');
    await heading('Nothing needs you now');
    expect(await page.getByText('Live', { exact: true }).count()).toBe(1);
  });

  it('shows what happens live, without a reload: nothing after a clean apply, then each drift of the story', async () => {
    const said = await listen(page);
    await page.evaluate(() => document.body.setAttribute('data-not-reloaded', ''));
    await tell(/Clean apply/);
    await page.getByText('80 declared instances of 2 types are not watched').waitFor();
    await page.getByText('Everything that is watched is as declared.').waitFor();
    expect(await page.locator('.row').count()).toBe(0);

    await tell(/alice opens port 22/);
    await row('AuthorizeSecurityGroupIngress by alice in the console')
      .filter({ hasText: 'aws_security_group.web' })
      .waitFor();
    await tell(/clean-up script/);
    await row('DeleteBucketPolicy by cron-host-3 with a script')
      .filter({ hasText: 'aws_s3_bucket_policy' })
      .waitFor();
    await tell(/autoscaling changes its group/);
    await row('(a service)').waitFor();
    await row('release-2210 through a pipeline').waitFor();
    // None of them is an alarm.
    await heading('Nothing needs you now');

    await tell(/opens the database port/);
    await heading('1 drift needs a decision');
    await row('inbound_rule added: port_range 5432').filter({ hasText: 'critical' }).waitFor();
    firewallOpenAt = new Date().toISOString();
    // It was said aloud, and the focus is where it was.
    await expect
      .poll(said, { timeout: WAIT_MS })
      .toContainEqual(expect.stringMatching(/Drift opened: inbound_rule .*critical/));
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    expect(await page.locator('[data-not-reloaded]').count()).toBe(1);
  });

  it('does not move what is being read when something comes above it', async () => {
    await page.setViewportSize({ width: 1280, height: 480 });
    const read = row('by alice');
    await read.evaluate((element) => window.scrollTo(0, element.getBoundingClientRect().top + scrollY - 200));
    const before = (await read.boundingBox())!.y;
    await tell(/turns off the redirect/);
    await row('redirect_http_to_https: true → false').waitFor();
    expect(Math.abs((await read.boundingBox())!.y - before)).toBeLessThanOrEqual(1);
    await page.setViewportSize({ width: 1280, height: 900 });
    await heading('2 drifts need a decision');
    await tell(/refresh-only/);
    await row('absorbed').filter({ hasText: 'redirect_http_to_https' }).waitFor();
  });

  it('keeps filters, search and team in the address, and finds by them', async () => {
    await page.getByLabel(/^Search/).fill('invoices');
    await page.waitForURL('**/?q=invoices');
    await row('aws_s3_bucket_policy').waitFor();
    await row('alice').waitFor({ state: 'detached' });
    await page.getByLabel('Team').selectOption('team-net');
    await page.getByText('Nothing matches').waitFor();
    await page.getByLabel(/^Search/).press('Escape');
    await page.waitForURL('**/?team=team-net');
    await row('alice').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await heading('Nothing of team-net needs you now');

    // Whoever is given the address sees the same.
    await page.reload();
    await row('alice').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL(`${system.url}/`);
    await page.getByRole('button', { name: '1 critical' }).click();
    await page.waitForURL('**/?severity=critical');
    await row('redirect_http').waitFor({ state: 'detached' });
    expect(await page.locator('.row').count()).toBe(1);
    await page.goto(system.url);
  });

  it('shows a long list by pages, and what failed with a way to try again', async () => {
    await page.route('**/api/v1/drifts?*', (route) =>
      route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }),
    );
    await page.goto(system.url);
    const suspected = page.getByRole('region', { name: 'Suspected' });
    for (const shown of [2, 4]) {
      await suspected.getByText(`The first ${shown} drifts`).waitFor();
      expect(await suspected.locator('.row').count()).toBe(shown);
      await suspected.getByRole('button', { name: 'Show more' }).click();
    }
    await suspected.getByRole('button', { name: 'Show more' }).waitFor({ state: 'detached' });
    expect(await suspected.locator('.row').count()).toBe(5);
    await page.unroute('**/api/v1/drifts?*');

    // Without the stream nothing loads again by itself, and that is said.
    await page.route('**/api/v1/events*', (route) => route.abort());
    await page.goto(system.url);
    await page.getByText('Reconnecting').waitFor();
    await row('inbound_rule').waitFor();
    await page.route('**/api/v1/drifts?*', (route) => route.abort());
    await page.getByRole('button', { name: '1 critical' }).click();
    await page.getByRole('alert').filter({ hasText: 'no answer from the server' }).waitFor();
    expect(await page.locator('.row').count()).toBe(0);
    await page.unroute('**/api/v1/drifts?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await row('inbound_rule').waitFor();
    expect(await page.locator('.row').count()).toBe(1);
    await page.unroute('**/api/v1/events*');
    await page.getByText('Live', { exact: true }).waitFor();
    expect(new Set(complaints.splice(0))).toEqual(new Set(['Failed to load resource: net::ERR_FAILED']));
    await page.goto(system.url);
  });

  it('one drift says who, how bad, what was called, and what to do', async () => {
    await link('AuthorizeSecurityGroupIngress by alice in the console').click();
    await heading('AuthorizeSecurityGroupIngress by alice in the console');
    expect(await page.title()).toBe('AuthorizeSecurityGroupIngress by alice in the console · DriftMgr');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    const main = page.getByRole('main');
    for (const text of ['From 198.51.100.7', 'cidrIp = "0.0.0.0/0"']) await main.getByText(text).waitFor();
    await main.getByText('AuthorizeSecurityGroupIngress', { exact: true }).waitFor();
    await main.getByText('Run terraform plan in network-prod').waitFor();
    await page.goBack();
    await heading('2 drifts need a decision');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');

    await link(/inbound_rule added/).click();
    const table = page.getByRole('table', { name: 'inbound_rule, declared and observed' });
    await table.getByText('port_range = "5432"').waitFor();
    expect(await table.locator('tbody td:first-child').allInnerTexts()).toEqual(Array(5).fill(''));
    // It closes while it is looked at.
    await tell(/closed again/);
    await main.getByText('Nothing: the declared value is back.').waitFor();
    await page.getByText('resolved: reverted').waitFor();
  });

  it('can be walked by keyboard alone from sign-in to accepting a drift, with the focus seen at every stop', async () => {
    const fresh = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const keys = await open(fresh);
    await heading('Sign in', keys);
    await tabTo(keys, 'API key');
    await keys.keyboard.type(system.key);
    await keys.keyboard.press('Enter');
    await row('by alice', keys).waitFor();
    await tabTo(keys, 'AuthorizeSecurityGroupIngress by alice in the console');
    await keys.keyboard.press('Enter');
    await heading('AuthorizeSecurityGroupIngress by alice in the console', keys);
    await tabTo(keys, 'Accept…');
    await keys.keyboard.press('Enter');
    expect(await focused(keys)).toMatchObject({ name: expect.stringMatching(/^Reason/) });
    // Changing one's mind leads back to where one was.
    await keys.keyboard.press('Escape');
    expect(await focused(keys)).toMatchObject({ name: 'Accept…' });
    await keys.keyboard.press('Enter');
    await keys.keyboard.type(REASON);
    await tabTo(keys, 'Accept it');
    await keys.keyboard.press('Enter');
    await keys.getByText('Done: it is recorded, with your reason.').waitFor();
    await keys.locator('.lead').getByText('accepted', { exact: true }).waitFor();
    await keys.getByText(`: ${REASON}`).first().waitFor();
    await fresh.close();
  });

  it('what the state took over is settled once it is accepted, and no one is needed any more', async () => {
    await page.goto(system.url);
    await heading('1 drift needs a decision');
    await link('redirect_http_to_https: true → false').click();
    await page.getByText('The state took over the observed value').waitFor();
    await page.getByRole('button', { name: 'Accept…' }).click();
    await page.getByLabel(/^Reason/).fill('Redirected by the edge network');
    await page.getByRole('button', { name: 'Accept it' }).click();
    await page.getByText('Nothing: it was accepted for good.').waitFor();
    await page.getByText('Done: it is recorded').waitFor();
    await link(/^Drifts/).click();
    await heading('Nothing needs you now');
  });

  it('the audit tells who accepted what and why, and how long it was exposed', async () => {
    await link('Audit').click();
    await heading('Audit');
    const tells = (what: string, text: string) =>
      page.getByRole('row').filter({ hasText: what }).getByText(text).waitFor();
    await tells('by alice', REASON);
    await tells('by alice', 'accepted by admin');
    await tells('redirect_http_to_https', 'Redirected by the edge network');
    await tells('inbound_rule', 'resolved: reverted');
    await page.getByRole('button', { name: 'Accepted' }).click();
    await page.waitForURL('**/audit?show=accepted');
    await page.getByRole('row').filter({ hasText: 'inbound_rule' }).waitFor({ state: 'detached' });
    // The heads of the columns, and the one.
    expect(await page.getByRole('row').count()).toBe(2);
    const confirmed = page
      .getByLabel('Exposure in the last 30 days')
      .locator('div')
      .filter({ hasText: 'Confirmed in 30 days' });
    expect(await confirmed.locator('.figure').textContent()).toBe('2');
  });

  it('gaps stand the worst first: the Google workspace, which nothing watches', async () => {
    await link(/^Gaps/).click();
    await heading('What is not fully watched');
    const [first] = await page.getByRole('article').allInnerTexts();
    for (const text of ['google', 'uncovered', '80 instances', 'google_storage_bucket'])
      expect(first).toContain(text);
    await page.getByRole('article').first().getByRole('link', { name: 'analytics' }).click();
    await heading('analytics');
    await page.getByText('80 unknown').waitFor();
  });

  it('a workspace can be seen as of a time, by an address that says which', async () => {
    await page.goto(`${system.url}/workspaces/edge?at=${encodeURIComponent(firewallOpenAt)}`);
    await heading('edge');
    await row('inbound_rule added').waitFor();
    await page.getByText('The drifts as they stood then').waitFor();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.waitForURL('**/workspaces/edge');
    await row('inbound_rule added').waitFor({ state: 'detached' });
    await page.goto(`${system.url}/workspaces/edge?at=nonsense`);
    await page.getByRole('heading', { name: 'Unresolved drifts' }).waitFor();
    await page.getByText('No drift known').waitFor();
  });

  it('a workspace tells which configuration is known of it, or how to publish it', async () => {
    await page.goto(`${system.url}/workspaces/edge`);
    await page.getByText('driftmgr configuration publish --workspace edge .').waitFor();
    await system.client.workspaces.publishConfiguration('edge', {
      revision: '3f2c9d1a3f2c9d1a3f2c9d1a3f2c9d1a3f2c9d1a',
      blocks: [
        { address: 'digitalocean_droplet.web', sets: ['name'], ignores: [], complete: false, provider: null },
      ],
      providers: [],
      moves: [],
      problems: ['module.network.module.subnets_of_the_edge is not known: it is not installed'],
    });
    await page.reload();
    await page.getByRole('heading', { name: 'Configuration known as of 3f2c9d1a3f2c' }).waitFor();
    await page.getByText('1 not fully known').waitFor();
    await page.getByText('What could not be read').click();
    await page.getByText('module.network.module.subnets_of_the_edge is not known').waitFor();
  });

  it('is sound on every page, light on a desk and dark at 375 px: width, whole words, names, headings, contrast', async () => {
    const { items } = await system.client.drifts.list({ status: ['open', 'accepted', 'resolved'] });
    const drift = (type: string): string => `/drifts/${items.find((each) => each.type === type)!.id}`;
    const pages: [path: string, heading: string | RegExp][] = [
      ['/?show=all', 'Nothing needs you now'],
      ['/workspaces', '5 workspaces'],
      ['/?q=nothing-has-this', 'Nothing needs you now'],
      ['/workspaces/edge', 'edge'],
      ['/workspaces/analytics', 'analytics'],
      ['/gaps', 'What is not fully watched'],
      ['/audit', 'Audit'],
      ['/system', 'Everything is running'],
      ['/nowhere', 'There is no such page'],
      [drift('digitalocean_firewall'), /^inbound_rule added/],
      [drift('digitalocean_loadbalancer'), /^redirect_http/],
      [drift('aws_security_group'), 'AuthorizeSecurityGroupIngress by alice in the console'],
      [drift('aws_autoscaling_group'), /^UpdateAutoScalingGroup by autoscaling\.amazonaws\.com/],
      ['/', 'Nothing needs you now'],
    ];
    const found: string[] = [];
    for (const [path, title] of pages) {
      await page.evaluate((to) => {
        history.pushState(null, '', to);
        dispatchEvent(new PopStateEvent('popstate'));
      }, path);
      await heading(title);
      await page.waitForFunction(() => !document.querySelector('.waiting, [data-stale="true"]'));
      found.push(...(await faultsEverywhere(path)));
    }
    await page.getByRole('button', { name: 'Sign out' }).click();
    await heading('Sign in');
    found.push(...(await faultsEverywhere('sign-in')));
    expect(found).toEqual([]);
    expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, document.cookie]))).toBe(
      '[{},""]',
    );
  });

  async function faultsEverywhere(path: string): Promise<string[]> {
    const found: string[] = [];
    for (const [width, colorScheme] of [
      [1280, 'light'],
      [375, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: 812 });
      await page.emulateMedia({ colorScheme });
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(Number(background.match(/\d+/)![0]) > 128, `${path} is ${colorScheme}`).toBe(
        colorScheme === 'light',
      );
      const faults = await faultsOf(page);
      found.push(...faults.map((fault) => `${path} at ${width} px, ${colorScheme}: ${fault}`));
    }
    return found;
  }

  it('writes no error and no warning to the console on any page', () => {
    expect(complaints).toEqual([]);
  });
});

/** Everything that is said aloud from now on. */
async function listen(page: Page): Promise<() => Promise<string[]>> {
  const region = page.locator('p[aria-live="polite"]');
  const texts = await region.evaluateHandle((element) => {
    const heard: string[] = [];
    new MutationObserver(() => heard.push(element.textContent)).observe(element, {
      childList: true,
      characterData: true,
      subtree: true,
    });
    return heard;
  });
  return () => texts.jsonValue();
}

/** What has the focus, by the name it is read out with, and whether one can see that it has it. */
const focused = (page: Page): Promise<{ name: string; seen: boolean; what: string }> =>
  page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const labels = 'labels' in element ? [...((element as HTMLInputElement).labels ?? [])] : [];
    const name = element.getAttribute('aria-label') ?? labels[0]?.querySelector('span')?.textContent;
    const ring = (pseudo?: string): boolean => getComputedStyle(element, pseudo).outlineStyle !== 'none';
    return {
      name: (name ?? element.textContent ?? '').trim(),
      seen: ring() || ring('::after'),
      what: element.outerHTML.slice(0, 120),
    };
  });

const STOPS = 60;

/** Presses Tab until what is named so has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let stop = 0; stop < STOPS; stop++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    expect(at.seen, `the focus cannot be seen: ${at.what}`).toBe(true);
    if (at.name === name) return;
  }
  throw new Error(`${STOPS} tabs did not lead to ${name}`);
}
