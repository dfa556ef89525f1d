// A program for large.long.test.ts: sends two large states through the http backend and prints what it cost, as JSON. A
// process of its own, so that neither the test runner's heap nor its other tests blur the figures.
import { createHash } from 'node:crypto';
import { createHttpBackend } from '../backends/http.ts';
import { createDecoder, sharedBuffer } from '../decoder.ts';
import { createRecording } from './recording.ts';
import { largeState, stateBytes } from './states.ts';

export interface Figures {
  megabytes: number;
  declared: number;
  seconds: number;
  /** Processor time of all threads. */
  processorSeconds: number;
  /** The most processor time of the main thread between two turns of a timer. */
  longestBurstMs: number;
  /** Peak of resident memory above what the process had with the state in memory. */
  memoryMegabytes: number;
}

const instances = Number(process.argv[2] ?? 50_000);
const collectGarbage = globalThis.gc ?? (() => {});

const decoder = createDecoder({ hmacKey: Buffer.alloc(32, 7) });
const recording = createRecording();
// What the store costs is its own test's business.
recording.blobs.put = async (reference, bytes) => {
  if (!reference.startsWith('tfstate/')) recording.blobs.stored.set(reference, bytes);
};
const backend = createHttpBackend({ blobs: recording.blobs, decoder });
const running = recording.start(backend.source);
await new Promise((resolve) => setTimeout(resolve, 20));
// The first state of all waits for the thread to start, which is not what is measured.
await backend.put('small', { bytes: stateBytes({ resources: [] }), md5: '', lockId: null, by: null });

let declared = 0;
recording.beforeCommit = () => {
  declared += recording.count();
  recording.forget();
};
const figures: Figures[] = [];
for (const serial of [1, 2]) {
  const bytes = inSharedMemory(
    largeState(instances, serial, (i) => serial === 2 && i % (instances / 10) === 0),
  );
  const md5 = createHash('md5').update(bytes).digest('base64');
  collectGarbage();
  recording.forget();
  declared = 0;
  const watch = watchThread();
  const cpu = process.cpuUsage();
  const began = performance.now();
  await backend.put('large', { bytes, md5, lockId: null, by: null });
  const seconds = (performance.now() - began) / 1_000;
  const spent = process.cpuUsage(cpu);
  declared += recording.of('resource.declared').length;
  figures.push({
    megabytes: bytes.length / 1e6,
    declared,
    seconds,
    processorSeconds: (spent.user + spent.system) / 1e6,
    ...watch(),
  });
}
await running.stop();
await decoder.close();
process.stdout.write(`${JSON.stringify(figures)}\n`);

function inSharedMemory(made: Buffer): Buffer {
  const bytes = sharedBuffer(made.length);
  made.copy(bytes);
  return bytes;
}

function watchThread(): () => { longestBurstMs: number; memoryMegabytes: number } {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const memory = process.memoryUsage.rss();
  let last = used();
  let longestBurstMs = 0;
  let peak = memory;
  const timer = setInterval(() => {
    const now = used();
    longestBurstMs = Math.max(longestBurstMs, now - last);
    peak = Math.max(peak, process.memoryUsage.rss());
    last = now;
  }, 2);
  return () => {
    clearInterval(timer);
    return { longestBurstMs, memoryMegabytes: (peak - memory) / 1e6 };
  };
}
