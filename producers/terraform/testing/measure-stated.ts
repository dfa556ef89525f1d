// A program for stated/large.long.test.ts: opens a large stored state and reads from it, and prints what it cost the main
// thread, as JSON. A process of its own, so that the test runner's own work does not blur the figures.
import { createMemoryBlobs } from '../../../runtime/blobs/memory-blobs.ts';
import { isObject, parseExact, toJsonObject } from '../exact-json.ts';
import { createStatedStates } from '../stated/index.ts';
import { largeState, one, stateBytes } from './states.ts';

export interface StatedFigures {
  megabytes: number;
  /** From the question to the answer, when nothing is open. */
  firstSeconds: number;
  /** A small state of another workspace, asked for while the large one is being opened. */
  besideSeconds: number;
  /** One read's worth of questions, once open. */
  laterMs: number;
  pages: number;
  instances: number;
  /** The most processor time of the main thread between two turns of a timer. */
  longestBurstMs: number;
}

const count = Number(process.argv[2] ?? 50_000);
const blobs = createMemoryBlobs();
const LARGE = 'tfstate/large/1-1';
const SMALL = 'tfstate/small/1-1';
const bytes = largeState(count, 1);
await blobs.put(LARGE, bytes);
await blobs.put(SMALL, stateBytes({ resources: [one('made_up', 'a', { id: '1' })] }));
// What the store costs is its own test's business.
const { get } = blobs;
const loaded = new Map([
  [LARGE, await get(LARGE)],
  [SMALL, await get(SMALL)],
]);
blobs.get = async (reference) => loaded.get(reference) ?? get(reference);

const states = createStatedStates({ blobs, hmacKey: Buffer.alloc(32, 7), org: 'default', bindings: [] });
await states.instances(SMALL, ['made_up.a']);
const burst = watchThread();
const began = performance.now();
const address = 'aws_security_group.web[20]';
const first = states.instances(LARGE, [address]);
await new Promise((resolve) => setTimeout(resolve, 300));
const asked = performance.now();
await states.observed(SMALL, 'made_up.a', { id: '1' }, []);
const besideSeconds = (performance.now() - asked) / 1_000;
const instance = (await first).get(address);
const firstSeconds = (performance.now() - began) / 1_000;
const { attributes } = instance!;
const value = parseExact(Buffer.from(attributes as Uint8Array).toString());
const again = performance.now();
await states.instances(LARGE, [address]);
await states.observed(LARGE, address, isObject(value) ? toJsonObject(value) : {}, []);
const laterMs = performance.now() - again;
let pages = 0;
let instances = 0;
for (let after: string | null = null; ; ) {
  const page = await states.page(LARGE, 'large', after, 500);
  pages++;
  instances += page.instances.length;
  after = page.next;
  if (after === null) break;
}
const longestBurstMs = burst();
await states.close();
const figures: StatedFigures = {
  megabytes: bytes.length / 1e6,
  firstSeconds,
  besideSeconds,
  laterMs,
  pages,
  instances,
  longestBurstMs,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);

function watchThread(): () => number {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let last = used();
  let longest = 0;
  const timer = setInterval(() => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
  }, 2);
  return () => {
    clearInterval(timer);
    return longest;
  };
}
