import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../../runtime/testing/temporary-folder.ts';
import { pretend } from '../testing/pretend-options.ts';
import { endLeftovers } from './leftovers.ts';

const LAUNCH = fileURLToPath(new URL('launch.ts', import.meta.url));
const runs = (pid: number): boolean => existsSync(`/proc/${pid}/status`);

it('a provider whose starter was killed is ended by the next start, and no other', {
  timeout: 60_000,
}, async () => {
  const folder = temporaryFolder();
  const start = async (
    directory: string | null,
  ): Promise<{ child: ReturnType<typeof spawn>; pid: number }> => {
    const script = `import { launch } from ${JSON.stringify(LAUNCH)};
      const { pid } = await launch({ name: 'pretend', ...${JSON.stringify(pretend())}, directory: ${JSON.stringify(directory)} });
      console.log(pid);
      process.on('SIGTERM', () => process.exit(0));
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env: { PATH: process.env.PATH, TMPDIR: folder.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(child.stdout!, 'data')) as [Buffer];
    return { child, pid: Number(pid) };
  };
  // Also one that runs where Terraform does, and not in the folder that was made for it.
  const [killed, kept] = [await start(folder.path), await start(null)];
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  // A folder whose process has ended, and its number is another's by now.
  mkdirSync(join(folder.path, 'dm-plugin-other'));
  writeFileSync(
    join(folder.path, 'dm-plugin-other/started-by'),
    JSON.stringify({ starter: '1@0', child: `${process.pid}@0` }),
  );
  expect(runs(killed.pid)).toBe(true);
  expect(endLeftovers(folder.path)).toBe(1);
  await expect.poll(() => runs(killed.pid)).toBe(false);
  expect(runs(kept.pid)).toBe(true);
  expect(readdirSync(folder.path).filter((name) => name.startsWith('dm-plugin-'))).toHaveLength(1);
  // One that ends as it should takes its provider with it, and leaves no folder.
  kept.child.kill('SIGTERM');
  await once(kept.child, 'exit');
  await expect.poll(() => runs(kept.pid)).toBe(false);
  expect(readdirSync(folder.path)).toEqual([]);
  folder.remove();
});
