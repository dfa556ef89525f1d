// `npm run bench:peers`: raw consume, our detector and Kafka Streams by turns on the same topics of a running cluster.
// Prints a table, then everything as JSON on one line. README.md beside this file says what is compared and how.
import { mkdirSync, writeFileSync } from 'node:fs';
import { inTemporaryDirectory } from '../../compose/temporary-directory.ts';
import { type Codec, createCodec, TOPICS } from '../../schemas/index.ts';
import { problemsOf } from './check.ts';
import { Cluster, sendingTo } from './cluster.ts';
import type { Contestant } from './contestant.ts';
import { Input } from './input.ts';
import { catchUp, latency, restore } from './measure.ts';
import { type Options, readOptions } from './options.ts';
import { ours } from './ours.ts';
import { columns, floors, floorsTable, type Measured } from './report.ts';
import { type Given, measureRound } from './rounds.ts';
import { idsText, schemaIds } from './schema-ids.ts';
import { buildStreams, streams } from './streams.ts';

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const options = readOptions(process.argv.slice(2), process.env);
const measured: Measured[] = [];
const failures: string[] = [];
await inTemporaryDirectory('peers', (work) => run(options, work));
const figures = floors(measured);
const result = { measured, floors: figures, failures };
process.stdout.write(`${columns(measured)}\n\n${floorsTable(figures)}\n${JSON.stringify(result)}\n`);
const file = process.env.BENCH_OUTPUT;
if (file) writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
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
    const names = TOPICS.map(({ name }) => name);
    await cluster.create(prefix, names);
    const contestants = await prepared(options, cluster, { prefix, work, schemaIds: idsText(ids) });
    const observations = `${prefix}driftmgr.observations`;
    const input = new Input({ send: sendingTo(producer, prefix), codec, partitions, keys });
    say(`declaring ${keys} objects …`);
    await input.declare();
    for (const contestant of contestants) {
      say(`${contestant.name}: taking in what is declared …`);
      await catchUp(cluster, contestant, observations);
    }
    const given = { options, prefix, work, cluster, input, observations, contestants, say };
    for (let round = 1; round <= options.rounds; round++)
      measured.push(...(await measureRound(given, round)));
    for (const contestant of contestants) await measureAlone(given, codec, contestant);
    for (const contestant of contestants) await check(given, codec, contestant);
  } finally {
    await producer.disconnect();
    // What went wrong before is what is to be told.
    if (!options.keep) await cluster.drop(prefix).catch((error: unknown) => say(`not dropped: ${error}`));
    await cluster.close();
  }
}

interface Place {
  prefix: string;
  work: string;
  schemaIds: string;
}

/** The contestants that were asked for, with the topics they write besides those of the input. */
async function prepared(
  options: Options,
  cluster: Cluster,
  { prefix, work, schemaIds }: Place,
): Promise<Contestant[]> {
  const wanted = (name: string): boolean => options.only.length === 0 || options.only.includes(name);
  const workOf = (name: string): string => {
    mkdirSync(`${work}/${name}`, { recursive: true });
    return `${work}/${name}`;
  };
  const contestants: Contestant[] = [];
  if (wanted('ours')) {
    const one = ours({ ...options, prefix, work: workOf('ours') });
    if (one) contestants.push(one);
    else say('NOT MEASURED: our detector (it needs a registry, whose schema ids are those of the input)');
  }
  if (wanted('streams')) {
    say('building the Streams application …');
    buildStreams();
    await cluster.create(`${prefix}streams.`, ['driftmgr.drifts', 'driftmgr.open-drifts']);
    contestants.push(streams({ ...options, prefix, schemaIds, work: workOf('streams') }));
  }
  return contestants;
}

async function measureAlone(given: Given, codec: Codec, contestant: Contestant): Promise<void> {
  const { rate, latencySeconds, changed, warmUp } = given.options;
  const add = (what: string, unit: string, value: number): void => {
    measured.push({ contestant: contestant.name, round: 0, what, unit, value });
  };
  if (latencySeconds > 0) {
    say(`${contestant.name}: latency at ${rate}/s …`);
    const { p50, p99, samples } = await latency({ ...given, codec }, contestant, {
      rate,
      seconds: latencySeconds,
      warmUp: Math.round(changed * warmUp),
    });
    say(`  p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of ${samples}`);
    add('latency p50', 'ms', p50);
    add('latency p99', 'ms', p99);
  }
  say(`${contestant.name}: restoring from nothing …`);
  const seconds = await restore({ ...given, codec }, contestant);
  say(`  ${seconds.toFixed(1)} s`);
  add('restore', 's', seconds);
}

async function check(given: Given, codec: Codec, contestant: Contestant): Promise<void> {
  const { cluster, input, observations } = given;
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
