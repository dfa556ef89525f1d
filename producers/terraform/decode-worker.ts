// The worker thread that decodes states, so that the main loop never does. Loads no vendor client; holds one job.
import { existsSync, readlinkSync } from 'node:fs';
import { platform, setPriority } from 'node:os';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { hmacFingerprint } from '../../runtime/blobs/keys.ts';
import type { IdentifiedChange, OpenState } from './decode.ts';
import { openState, withdrawEverything } from './decode.ts';
import { encodeChanges } from './encode-changes.ts';
import type { Encoding, FromWorker, ToWorker, WorkerSetup } from './messages.ts';
import { BATCHES_AHEAD } from './messages.ts';
import { StateProblem } from './problem.ts';
import { decodeTable, EMPTY_TABLE, encodeTable, type Table } from './table.ts';

const port = parentPort;
if (!port) throw new Error('decode-worker.ts runs as a worker thread only');
const { hmacKey } = workerData as WorkerSetup;
const key = Buffer.from(hmacKey);
// The one fingerprint of secrets: snapshots of providers make the same one of the same value.
const hmac = (value: string): string => hmacFingerprint(key, value);

const THREAD = '/proc/thread-self';
yieldToOthers();

let state: OpenState | null = null;
let batches: Iterator<IdentifiedChange[], Table> | null = null;
let ahead = 0;
let as: Encoding | null = null;

const say = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

port.on('message', (message: ToWorker) => {
  try {
    hear(message);
  } catch (error) {
    drop();
    if (error instanceof StateProblem) say({ say: 'refused', kind: error.kind, text: error.message });
    else
      say({
        say: 'failed',
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
  }
});

function hear(message: ToWorker): void {
  switch (message.say) {
    case 'open':
      drop();
      state = openState(Buffer.from(message.bytes));
      say({ say: 'opened', head: state.head });
      return;
    case 'declare': {
      const before = message.table === null ? EMPTY_TABLE : decodeTable(Buffer.from(message.table));
      if (!state?.declare) throw new Error('nothing is open that could be declared');
      if (before === null) throw new Error('the table of the version before is not readable');
      as = message.as;
      batches = state.declare({ ...message.settings, hmac }, before);
      advance();
      return;
    }
    case 'withdraw': {
      const before = decodeTable(Buffer.from(message.table));
      if (before === null) throw new Error('the table of the version before is not readable');
      drop();
      as = message.as;
      batches = withdrawEverything(before.rows, message);
      advance();
      return;
    }
    case 'taken':
      ahead--;
      if (as) as.now = message.now;
      advance();
      return;
    case 'drop':
      drop();
      say({ say: 'dropped' });
  }
}

function drop(): void {
  state = null;
  batches = null;
  as = null;
  ahead = 0;
}

/** Makes batches ready until enough are ahead; the message of the next one taken goes on from here. */
function advance(): void {
  while (batches && as && ahead < BATCHES_AHEAD) {
    const next = batches.next();
    if (next.done) {
      const table = encodeTable(next.value);
      drop();
      say({ say: 'done', table }, [table.buffer as ArrayBuffer]);
      return;
    }
    ahead++;
    const { encoded, refused } = encodeChanges(next.value, as);
    say({ say: 'batch', encoded, refused }, [encoded.values.buffer]);
  }
}

/**
 * A large state can wait: what is decided and shown meanwhile cannot. Linux sets priorities by thread; where it does not
 * tell which thread this is, all stay equal.
 */
function yieldToOthers(): void {
  if (platform() !== 'linux' || !existsSync(THREAD)) return;
  setPriority(Number(basename(readlinkSync(THREAD))), 10);
}
