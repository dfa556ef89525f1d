// Brings one server up: started when it does not run, woken when it is paused, and waited for until it serves.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DriftError } from '../../runtime/errors.ts';
import type { Say } from './downloads.ts';
import { endProcess, forget, type Identity, launch, lives, remember, remembered, send } from './processes.ts';
import type { Server } from './server.ts';

const SERVES_WITHIN_MS = 180_000;
/** A question takes two seconds at most. */
const LONGEST_STEP_MS = 3_000;
const SAY_AGAIN_MS = 10_000;
const PORT_FREE_WITHIN_MS = 10_000;
const TRIES = 20;

/** What a try that failed leaves in the log since it began is what decides whether another one makes sense. */
export async function bringUp(options: {
  server: Server;
  port: number;
  pidFile: string;
  log: string;
  say: Say;
  /** Called as soon as there is a process. */
  begun: () => void;
}): Promise<void> {
  const { server, port, pidFile, log, say, begun } = options;
  const running = remembered(pidFile);
  if (running !== null) {
    send(running, 'SIGCONT');
    await untilServes(server, running, log, say);
    return;
  }
  await server.prepare?.();
  for (let attempt = 1; ; attempt++) {
    await untilFree(port, server.name);
    const from = existsSync(log) ? statSync(log).size : 0;
    const identity = launch({ ...server.command(), log });
    remember(pidFile, identity);
    begun();
    try {
      await untilServes(server, identity, log, say);
      break;
    } catch (error) {
      await endProcess(identity, 'SIGKILL', 0);
      forget(pidFile);
      const said = readFileSync(log).subarray(from).toString();
      if (attempt === TRIES || server.again === undefined || !server.again.test(said)) throw error;
      await sleep(500);
    }
  }
  await server.finish?.();
  say(`${server.name} serves`);
}

async function untilServes(server: Server, identity: Identity, log: string, say: Say): Promise<void> {
  let waited = 0;
  let said = 0;
  let last = performance.now();
  while (!(await server.healthy().catch(() => false))) {
    if (!lives(identity)) throw failed(`${server.name} ended while it was started`, log);
    const now = performance.now();
    // A machine that slept, or a process that was paused, says nothing of how long the server takes.
    waited += Math.min(now - last, LONGEST_STEP_MS);
    last = now;
    if (waited > SERVES_WITHIN_MS)
      throw failed(`${server.name} does not serve after ${SERVES_WITHIN_MS / 1000} s`, log);
    if (waited - said > SAY_AGAIN_MS) {
      said = waited;
      say(`waiting for ${server.name} (${Math.round(waited / 1000)} s)`);
    }
    await sleep(100);
  }
}

/** Whoever listens already would be taken for ours. What was just killed needs a moment to let go. */
async function untilFree(port: number, name: string): Promise<void> {
  const until = performance.now() + PORT_FREE_WITHIN_MS;
  while (!(await free(port))) {
    if (performance.now() > until)
      throw new DriftError(`port ${port} for ${name} is taken`, {
        code: 'DM_CONFIG_INVALID',
        retriable: false,
        public: `Port ${port}, which ${name} is to listen on, is taken by another process. Choose other ports (--port-base), or end that process.`,
      });
    await sleep(100);
  }
}

function free(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });
}

function failed(what: string, log: string): DriftError {
  const end = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n') : '';
  return new DriftError(what, {
    code: 'DM_INTERNAL',
    retriable: false,
    public: `${what}. The end of ${log}:\n${end}`,
  });
}
