// What `npm run bench:peers -- …` can be told. Sizes are options so that a trial takes a minute.
import { parseArgs } from 'node:util';

export interface Options {
  brokers: string[];
  /** Null: `--without-registry`; schemas are numbered from 1. For trying the bench; our detector needs a registry. */
  registry: string | null;
  keys: number;
  unchanged: number;
  changed: number;
  rounds: number;
  /** The part of each lot, 0 to below 1, after which the rate is taken: by then code is compiled. */
  warmUp: number;
  partitions: number;
  commitMs: number;
  /** Stream threads. */
  threads: number;
  /** Processes of our detector: a process has one thread that decides. */
  processes: number;
  /** Options of the Java machine. */
  java: string[];
  /** Changed observations a second while latency is measured, and for how long; 0 seconds: not measured. */
  rate: number;
  latencySeconds: number;
  /** Which contestants run; all when empty. */
  only: string[];
  /** Leave topics and local state behind. */
  keep: boolean;
}

export function readOptions(args: string[], environment: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args,
    options: {
      unchanged: { type: 'string', default: '1000000' },
      changed: { type: 'string', default: '200000' },
      keys: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '1' },
      'warm-up': { type: 'string', default: '0.5' },
      partitions: { type: 'string', default: '4' },
      'commit-ms': { type: 'string', default: '100' },
      threads: { type: 'string', default: '2' },
      processes: { type: 'string', default: '2' },
      java: { type: 'string', default: '-Xmx384m' },
      rate: { type: 'string', default: '1000' },
      'latency-seconds': { type: 'string', default: '20' },
      only: { type: 'string', default: '' },
      'without-registry': { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const brokers = (environment.KAFKA_BROKERS ?? '').split(',').filter((broker) => broker !== '');
  const problems: string[] = [];
  const count = (
    name: 'unchanged' | 'changed' | 'keys' | 'rounds' | 'partitions' | 'threads' | 'processes' | 'rate',
  ) => number(name, values[name], 1, problems);
  const options: Options = {
    brokers,
    registry: values['without-registry'] ? null : (environment.REGISTRY_URL ?? ''),
    keys: count('keys'),
    unchanged: count('unchanged'),
    changed: count('changed'),
    rounds: count('rounds'),
    warmUp: Number(values['warm-up']),
    partitions: count('partitions'),
    commitMs: number('commit-ms', values['commit-ms'], 1, problems),
    threads: count('threads'),
    processes: count('processes'),
    java: values.java.split(/\s+/).filter((part) => part !== ''),
    rate: count('rate'),
    latencySeconds: number('latency-seconds', values['latency-seconds'], 0, problems),
    only: values.only.split(',').filter((name) => name !== ''),
    keep: values.keep,
  };
  if (!(options.warmUp >= 0 && options.warmUp < 1))
    problems.push(`--warm-up is ${values['warm-up']}, and must be at least 0 and below 1`);
  if (brokers.length === 0) problems.push('KAFKA_BROKERS is not set: the brokers of a running cluster');
  if (options.registry === '')
    problems.push(
      'REGISTRY_URL is not set: the registry of that cluster (or --without-registry for a trial)',
    );
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return options;
}

function number(name: string, text: string, least: number, problems: string[]): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    problems.push(`--${name} is ${text}, and must be a whole number of at least ${least}`);
  return value;
}
