// Builds the dashboard when it is missing or older than its sources, so that two commands lead to a running system.
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Logger } from '../runtime/telemetry.ts';

const web = fileURLToPath(new URL('../web/', import.meta.url));
export const DASHBOARD = join(web, 'dist');

/** Never fails: without a dashboard the API serves all the same, and its front page says what to do. */
export async function buildDashboard(logger: Logger): Promise<void> {
  if (newest(DASHBOARD) >= newest(web)) return;
  const vite = join(dirname(fileURLToPath(import.meta.resolve('vite/package.json'))), 'bin/vite.js');
  try {
    await promisify(execFile)(process.execPath, [vite, 'build', web, '--logLevel', 'error'], {
      timeout: 120_000,
      // Whatever started us (a test runner sets `test`): what is served is the production build.
      env: { ...process.env, NODE_ENV: 'production' },
    });
  } catch (error) {
    logger.warn({ err: error }, 'the dashboard could not be built; the API serves without it');
  }
}

/** When the newest file below was written, milliseconds; 0 when there is none. `dist` counts only for itself. */
function newest(folder: string): number {
  let latest = 0;
  for (const entry of entries(folder)) {
    if (entry.name === 'dist') continue;
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? newest(path) : statSync(path).mtimeMs);
  }
  return latest;
}

function entries(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
