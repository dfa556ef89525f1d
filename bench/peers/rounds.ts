// One lot after the other: each is written once, and every contestant gets through it in its turn.
import { type Cluster, type Offsets, total } from './cluster.ts';
import type { Contestant } from './contestant.ts';
import type { Input } from './input.ts';
import { committedMilestones, type Throughput, throughput } from './measure.ts';
import type { Options } from './options.ts';
import { rawMilestones, startRaw } from './raw.ts';
import { MEMORY, type Measured, RATE, RAW } from './report.ts';

type Kind = 'unchanged' | 'changed';

export interface Given {
  options: Options;
  /** Begins the name of every topic and group of this run. */
  prefix: string;
  /** A directory for logs. */
  work: string;
  cluster: Cluster;
  input: Input;
  observations: string;
  contestants: readonly Contestant[];
  say(text: string): void;
}

interface Lot {
  from: Offsets;
  ends: Offsets;
  warmUp: number;
}

export async function measureRound(given: Given, round: number): Promise<Measured[]> {
  const { options, cluster, input, observations, contestants, say } = given;
  const measured: Measured[] = [];
  for (const kind of ['unchanged', 'changed'] as const) {
    const from = await cluster.ends(observations);
    say(`round ${round}: writing ${options[kind]} ${kind} observations …`);
    await input[kind](options[kind]);
    const lot: Lot = { from, ends: await cluster.ends(observations), warmUp: options.warmUp };
    const turns: [name: string, take: () => Promise<Throughput>][] = [
      [RAW, () => rawTurn(given, `${given.prefix}raw-${round}-${kind}`, lot)],
      ...contestants.map((one): [string, () => Promise<Throughput>] => [
        one.name,
        () => turn(given, one, lot),
      ]),
    ];
    // Who goes first goes last in the next round.
    for (const [name, take] of round % 2 === 1 ? turns : turns.reverse()) {
      const result = await take();
      say(`  ${kind}, ${name}: ${told(result)}`);
      measured.push(...figuresOf(name, round, kind, result));
    }
  }
  return measured;
}

const turn = ({ cluster, observations }: Given, contestant: Contestant, lot: Lot): Promise<Throughput> =>
  throughput(
    () => contestant.start(),
    () => committedMilestones(cluster, contestant.group, observations, lot),
  );

function rawTurn(given: Given, group: string, { from, ends, warmUp }: Lot): Promise<Throughput> {
  const options = {
    brokers: given.options.brokers,
    group,
    topic: given.observations,
    from: [...from],
    ends: [...ends],
    warm: (total(ends) - total(from)) * warmUp,
  };
  const running = startRaw(options, `${given.work}/raw.log`);
  return throughput(
    () => running,
    () => rawMilestones(running),
  );
}

const told = ({ perSecond, withWarmUp, cpuSeconds, peakMegabytes }: Throughput): string =>
  `${whole(perSecond)}/s (${whole(withWarmUp)}/s with warming up), ${cpuSeconds.toFixed(1)} CPU s, ${whole(peakMegabytes)} MB`;
const whole = (value: number): string => Math.round(value).toLocaleString('en');

const figuresOf = (contestant: string, round: number, kind: Kind, result: Throughput): Measured[] => [
  { contestant, round, what: RATE[kind], unit: '/s', value: result.perSecond },
  { contestant, round, what: `${kind}: with warming up`, unit: '/s', value: result.withWarmUp },
  { contestant, round, what: `${kind}: CPU`, unit: 's', value: result.cpuSeconds },
  { contestant, round, what: MEMORY[kind], unit: 'MB', value: result.peakMegabytes },
];
