// The worker thread that holds stored states: opens them, and answers for their instances. Loads no vendor client.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { hmacFingerprint } from '../../../runtime/blobs/keys.ts';
import type { StateHead } from '../decode.ts';
import { StateProblem } from '../problem.ts';
import { decodeTable } from '../table.ts';
import type { Answers, Asked, FromStated, StatedSetup, ToStated } from './messages.ts';
import { openStated, type StatedVersion } from './open.ts';

const port = parentPort;
if (!port) throw new Error('worker.ts of stored states runs as a worker thread only');
const { hmacKey, org, bindings } = workerData as StatedSetup;
const key = Buffer.from(hmacKey);
const settings = { org, bindings, hmac: (value: string): string => hmacFingerprint(key, value) };

/** Small questions are answered between two such slices of opening a large state. */
const SLICE_MS = 10;
const states = new Map<number, StatedVersion>();

port.on('message', (message: ToStated) => {
  if ('forget' in message) states.delete(message.forget);
  else void answer(message.call, message.asked);
});

const say = (message: FromStated): void => port.postMessage(message);

async function answer(call: number, asked: Asked): Promise<void> {
  try {
    say({ call, answer: asked.ask === 'open' ? await open(asked) : told(asked) });
  } catch (error) {
    if (error instanceof StateProblem) say({ call, refused: error.kind, text: error.message });
    else say({ call, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function open({ state, bytes, length, table }: Extract<Asked, { ask: 'open' }>): Promise<StateHead> {
  const before = table === null ? null : decodeTable(Buffer.from(table));
  const opening = openStated(Buffer.from(bytes, 0, length), before?.secrets ?? [], settings);
  for (let began = performance.now(); ; ) {
    const step = opening.next();
    if (step.done) {
      states.set(state, step.value);
      return step.value.head;
    }
    if (performance.now() - began < SLICE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
}

function told(asked: Exclude<Asked, { ask: 'open' }>): Answers['instances' | 'observed' | 'page'] {
  const state = states.get(asked.state);
  if (!state) throw new Error(`state ${asked.state} is not open`);
  switch (asked.ask) {
    case 'instances':
      return state.instances(asked.addresses, asked.workspace);
    case 'observed':
      return state.observed(asked.address, asked.text, asked.sensitive);
    case 'page':
      return state.page(asked.workspace, asked.after, asked.limit);
  }
}
