// A real browser for tests of the dashboard: Debian's chromium. Its absence is said loudly, or a failure.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACE = '/usr/bin/chromium';

/** False when there is none and nothing requires it (REQUIRE=chromium). */
export function hasChromium(): boolean {
  if (existsSync(PLACE)) return true;
  if ((process.env.REQUIRE ?? '').split(',').includes('chromium'))
    throw new Error(`REQUIRE=chromium, but there is no ${PLACE}`);
  process.stderr.write(`\n*** SKIPPED: no ${PLACE}; the dashboard was not tried in a browser ***\n\n`);
  return false;
}

/** Speaks to the address it is given and to nothing else. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({
    executablePath: PLACE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
