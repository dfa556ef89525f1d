// The budget of an account over a real Redis and two processes: what they get together stays within it, changes are not
// kept waiting by sweeps, and while Redis is away each process is held to it alone.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRedisConnection } from '../../../runtime/cache/redis-connection.ts';
import { isRequired } from '../../../runtime/testing/servers.ts';
import type { Ask, Turn } from './testing/budget-process.ts';

const ENTRY = fileURLToPath(new URL('testing/budget-process.ts', import.meta.url));
const PER_SECOND = 20;

const installed = spawnSync('redis-server', ['--version']).status === 0;
if (!installed) {
  if (isRequired('redis')) throw new Error('REQUIRE names redis, but there is no redis-server to start');
  process.stderr.write('SKIPPED the budget over Redis: there is no redis-server to start and kill\n');
}

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  listening.close();
  await once(listening, 'close');
  return port;
}

/** A process with a budget of its own making, over the same Redis. */
function spender(url: string, prefix: string) {
  const child = spawn(process.execPath, [ENTRY, url, prefix], { stdio: ['pipe', 'pipe', 'inherit'] });
  const turns: Turn[] = [];
  let wanted = 0;
  let done = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const turn = JSON.parse(line) as Turn;
    if (turn.priority === null) done++;
    else turns.push(turn);
  });
  return {
    child,
    turns,
    ask(asked: Partial<Ask> & Pick<Ask, 'account'>) {
      wanted++;
      child.stdin.write(`${JSON.stringify({ perSecond: PER_SECOND, change: 0, sweep: 0, ...asked })}\n`);
    },
    all: () => expect.poll(() => done, { timeout: 60_000 }).toBe(wanted),
  };
}
type Spender = ReturnType<typeof spender>;

/** Milliseconds between the first and the last of them. */
const spanOf = (turns: readonly Turn[]): number =>
  Math.max(...turns.map(({ at }) => at)) - Math.min(...turns.map(({ at }) => at));
const since = ({ turns }: Spender, at: number): Turn[] => turns.filter((turn) => turn.at >= at);

describe.skipIf(!installed)(
  'the budget of an account, of two processes over Redis',
  { timeout: 180_000 },
  () => {
    let port: number;
    let url: string;
    let server: ChildProcess | null = null;
    let spenders: Spender[] = [];

    async function startRedis(): Promise<void> {
      const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
      server = spawn('redis-server', [...args, '--dir', tmpdir()], { stdio: 'ignore' });
      const connection = openRedisConnection(url, { turned: () => undefined, refused: () => undefined });
      while (!connection.isUp() && server.exitCode === null) await pause(20);
      connection.close();
    }
    async function killRedis(): Promise<void> {
      const gone = once(server!, 'exit');
      server!.kill('SIGKILL');
      await gone;
      server = null;
    }
    /** Two that have connected, and have been given a turn. */
    async function two(): Promise<[Spender, Spender]> {
      const prefix = `${randomBytes(4).toString('hex')}:`;
      spenders = [spender(url, prefix), spender(url, prefix)];
      for (const one of spenders) one.ask({ account: 'warm', change: 1 });
      for (const one of spenders) await one.all();
      return spenders as [Spender, Spender];
    }

    beforeAll(async () => {
      port = await freePort();
      url = `redis://127.0.0.1:${port}`;
      await startRedis();
    });
    afterEach(async () => {
      for (const { child } of spenders) {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
      spenders = [];
    });
    afterAll(async () => {
      if (server) await killRedis();
    });

    it('what they get together stays within it', async () => {
      const both = await two();
      const began = Date.now();
      for (const one of both) one.ask({ account: 'a', change: 60 });
      for (const one of both) await one.all();
      const span = spanOf(both.flatMap((one) => since(one, began)));
      process.stderr.write(
        `two processes, 120 turns at ${PER_SECOND}/s: the last ${span} ms after the first\n`,
      );
      // Six windows. Each for itself, they would be done within three.
      expect(span).toBeGreaterThanOrEqual(4_900);
    });

    it('changes go before the sweeps of their process, and get their part beside those of another', async () => {
      const [one, other] = await two();
      const began = Date.now();
      for (const each of [one, other]) each.ask({ account: 'b', sweep: 60 });
      await expect.poll(() => since(one, began).length + since(other, began).length).toBeGreaterThan(10);
      one.ask({ account: 'b', change: 10 });
      await expect
        .poll(() => since(one, began).filter(({ priority }) => priority === 'change').length, {
          timeout: 30_000,
        })
        .toBe(10);
      const mine = since(one, began).map(({ priority }) => priority);
      const first = mine.indexOf('change');
      // None of its own sweeps between its changes.
      expect(mine.slice(first, mine.lastIndexOf('change') + 1)).toEqual(Array(10).fill('change'));
      expect(mine.length + since(other, began).length).toBeLessThan(120);
    });

    it('while Redis is away each is held to it alone, and both together again when it is back', async () => {
      const both = await two();
      await killRedis();
      const away = Date.now();
      for (const one of both) one.ask({ account: 'c', change: 60 });
      for (const one of both) await one.all();
      const alone = both.map((one) => since(one, away));
      const spans = alone.map(spanOf);
      process.stderr.write(
        `Redis away: 60 turns of each, the last ${spans.join(' and ')} ms after the first\n`,
      );
      for (const [at, turns] of alone.entries()) {
        expect(turns).toHaveLength(60);
        expect(spans[at]).toBeGreaterThanOrEqual(1_900);
      }
      await startRedis();
      // Connected to again within a second or so.
      await pause(3_000);
      const back = Date.now();
      for (const one of both) one.ask({ account: 'd', change: 60 });
      for (const one of both) await one.all();
      expect(spanOf(both.flatMap((one) => since(one, back)))).toBeGreaterThanOrEqual(4_900);
    });
  },
);
