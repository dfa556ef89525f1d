// `npm run bench:peers`: raw consume, our detector and Kafka Streams by turns on the same topics of a running cluster.
// Prints a table, then everything as JSON on one line. README.md beside this file says what is compared and how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { inTemporaryDirectory } from '../../compose/temporary-directory.ts';
import { createCodec, TOPICS } from '../../schemas/index.ts';
import { problemsOf } from './check.ts';
import { Cluster, type Offsets, total } from './cluster.ts';
import type { Contestant } from './contestant.ts';
import { Input } from './input.ts';
import { catchUp, latency, processed, restore, type Throughput, throughput } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { ours } from './ours.ts';
import { startRaw } from './raw.ts';
import { columns, floors, floorsTable, MEMORY, type Measured, RATE } from './report.ts';
import { idsText, schemaIds } from './schema-ids.ts';
import { buildStreams, streams } from './streams.ts';

const say = (text: string): boolean => process.stderr.write(`${text}\n`);

const options = readOptions(process.argv.slice(2), process.env);
const measured: Measured[] = [];
const failures: string[] = [];
await inTemporaryDirectory('peers', (work) => run(options, work));
const figures = floors(measured);
process.stdout.write(
  `${columns(measured)}\n\n${floorsTable(figures)}\n${JSON.stringify({ measured, floors: figures, failures })}\n`,
);
const file = process.env.BENCH_OUTPUT;
if (file) writeFileSync(file, `${JSON.stringify({ measured, floors: figures, failures }, null, 2)}\n`);
process.exit(failures.length > 0 ? 1 : 0);

async function run(options: Options, work: string): Promise<void> {
  const { brokers, partitions, keys } = options;
  const prefix = `peers-${Date.now().toString(36)}.`;
  const ids = await schemaIds(options.registry);
  const codec = createCodec(ids);
  const cluster = await Cluster.open(brokers, partitions);
  const producer = cluster.kafka.producer();
  await producer.connect();
  try {
    await cluster.create(
      prefix,
      TOPICS.map(({ name }) => name),
    );
    const contestants = await prepared({ options, work, prefix, schemaIds: idsText(ids), cluster });
    const observations = `${prefix}driftmgr.observations`;
    const input = new Input({ producer, codec, prefix, partitions, keys });
    say(`declaring ${keys} objects …`);
    await input.declare();
    for (const contestant of contestants) {
      say(`${contestant.name}: taking in what is declared …`);
      await catchUp(cluster, contestant, observations);
    }
    for (let round = 1; round <= options.rounds; round++)
      for (const lot of ['unchanged', 'changed'] as const) {
        const from = await cluster.ends(observations);
        say(`round ${round}: writing ${options[lot]} ${lot} observations …`);
        await input[lot](options[lot]);
        const ends = await cluster.ends(observations);
        const turns = [() => rawTurn(from, ends), ...contestants.map((one) => () => turn(one, ends))];
        // Who goes first goes last in the next round: none is always the one that finds the pages in memory.
        for (const each of round % 2 === 1 ? turns : turns.reverse()) {
          const { contestant, result } = await each();
          note(contestant, round, lot, result);
        }

        async function turn(contestant: Contestant, ends: Offsets) {
          const result = await throughput(
            options[lot],
            () => contestant.start(),
            () => processed(cluster, contestant.group, observations, ends),
          );
          return { contestant: contestant.name, result };
        }

        async function rawTurn(from: Offsets, ends: Offsets) {
          const group = `${prefix}raw-${round}-${lot}`;
          const raw = { brokers, group, topic: observations, from: [...from], ends: [...ends] };
          let done: Promise<number> | null = null;
          const result = await throughput(
            total(ends) - total(from),
            () => {
              const running = startRaw(raw, `${work}/raw.log`);
              done = running.said('done').then(({ at }) => at!);
              return running;
            },
            () => done!,
          );
          return { contestant: 'raw consume', result };
        }
      }
    const given = { cluster, codec, input, observations };
    for (const contestant of contestants) {
      const add = (what: string, unit: string, value: number): void => {
        measured.push({ contestant: contestant.name, round: 0, what, unit, value });
      };
      if (options.latencySeconds > 0) {
        say(`${contestant.name}: latency at ${options.rate}/s …`);
        const { p50, p99, samples } = await latency(given, contestant, options.rate, options.latencySeconds);
        say(`  p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of ${samples}`);
        add('latency p50', 'ms', p50);
        add('latency p99', 'ms', p99);
      }
      say(`${contestant.name}: restoring from nothing …`);
      add('restore', 's', await restore(given, contestant));
    }
    for (const contestant of contestants) {
      await catchUp(cluster, contestant, observations);
      say(`${contestant.name}: checking the result …`);
      const problems = await problemsOf(cluster, codec, contestant, input.changes);
      for (const problem of problems) {
        failures.push(`${contestant.name}: ${problem}`);
        say(`  wrong: ${problem}`);
      }
      const value = problems.length === 0 ? 1 : 0;
      measured.push({ contestant: contestant.name, round: 0, what: 'result check', unit: 'passed', value });
    }
  } finally {
    await producer.disconnect();
    if (!options.keep) await cluster.drop(prefix);
    await cluster.close();
  }
}

interface Given {
  options: Options;
  work: string;
  prefix: string;
  schemaIds: string;
  cluster: Cluster;
}

async function prepared({ options, work, prefix, schemaIds, cluster }: Given): Promise<Contestant[]> {
  const wanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const contestants: Contestant[] = [];
  const workOf = (name: string): string => {
    mkdirSync(`${work}/${name}`, { recursive: true });
    return `${work}/${name}`;
  };
  if (wanted('ours')) {
    const one = ours({ ...options, prefix, work: workOf('ours') });
    if (one) contestants.push(one);
    else say('NOT MEASURED: our detector (bench/peers/ours.ts does not start it yet)');
  }
  if (wanted('streams')) {
    say('building the Streams application …');
    buildStreams();
    const one = streams({ ...options, prefix, schemaIds, work: workOf('streams') });
    await cluster.create(`${prefix}streams.`, ['driftmgr.drifts', 'driftmgr.open-drifts']);
    contestants.push(one);
  }
  return contestants;
}

function note(contestant: string, round: number, lot: 'unchanged' | 'changed', result: Throughput): void {
  const { perSecond, cpuSeconds, peakMegabytes } = result;
  say(
    `  ${lot}, ${contestant}: ${Math.round(perSecond).toLocaleString('en')}/s, ${cpuSeconds.toFixed(1)} CPU s, ${Math.round(peakMegabytes)} MB`,
  );
  measured.push(
    { contestant, round, what: RATE[lot], unit: '/s', value: perSecond },
    { contestant, round, what: `${lot}: CPU`, unit: 's', value: cpuSeconds },
    { contestant, round, what: MEMORY[lot], unit: 'MB', value: peakMegabytes },
  );
}
