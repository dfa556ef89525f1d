// The pretend plugin's entry: it starts in half the time from what Node compiled at an earlier start. The host gives it
// nothing of our environment, and it is often killed: so it asks for that itself, and keeps it before it serves.
import { enableCompileCache, flushCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(
  fileURLToPath(new URL('../../../../node_modules/.cache/driftmgr-pretend', import.meta.url)),
);
await import('./pretend-plugin.ts');
flushCompileCache();
