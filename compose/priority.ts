// Which processes go first where they share a machine: those that someone waits for.
import { readdirSync } from 'node:fs';
import { getPriority, platform, setPriority } from 'node:os';

const BEHIND = 5;
const THREADS = '/proc/self/task';

/**
 * Lets this process, and what it starts, go behind others of this machine wherever there is not enough for all; a third of
 * what another gets stays its own. Linux keeps a priority of each thread; those started later have that of their starter.
 */
export function goBehind(): void {
  // Whoever started it may have put it further back already; an ordinary user may not come forward.
  if (getPriority() >= BEHIND) return;
  if (platform() !== 'linux') setPriority(BEHIND);
  else for (const thread of readdirSync(THREADS)) setPriority(Number(thread), BEHIND);
}
