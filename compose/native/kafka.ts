// Apache Kafka in KRaft mode, each process broker and controller in one.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './downloads.ts';
import { brokersSeen } from './kafka-metadata.ts';
import { brokerNumbers, controllerPort, portOf, type ServerName, type Shape } from './layout.ts';
import type { Server } from './server.ts';

const brokerPort = (broker: number, portBase: number): number =>
  portOf(`kafka-${broker}` as ServerName, portBase);

/** The configuration of one broker. Durability is Kafka's default: nothing is flushed by us, replicas and the page cache hold it. */
export function brokerProperties(shape: Shape, broker: number, data: string): Record<string, string> {
  const { brokers, portBase } = shape;
  const several = brokers > 1;
  const replicas = String(brokers);
  const enough = several ? '2' : '1';
  return {
    'process.roles': 'broker,controller',
    'node.id': String(broker),
    'controller.quorum.voters': brokerNumbers(brokers)
      .map((each) => `${each}@127.0.0.1:${controllerPort(each, portBase)}`)
      .join(','),
    listeners: `PLAINTEXT://127.0.0.1:${brokerPort(broker, portBase)},CONTROLLER://127.0.0.1:${controllerPort(broker, portBase)}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${brokerPort(broker, portBase)}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    // A topic with the wrong partitions is worse than none.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': enough,
    'unclean.leader.election.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': enough,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': enough,
    // 50 partitions each by default: most of the time and files of a first start.
    'offsets.topic.num.partitions': '6',
    'transaction.state.log.num.partitions': '6',
    'share.coordinator.state.topic.num.partitions': '1',
    'num.recovery.threads.per.data.dir': '2',
    // A group that is complete at once need not wait for more members.
    'group.initial.rebalance.delay.ms': '0',
    // A test's processor is dead for good sooner than a broker's default would believe.
    'group.min.session.timeout.ms': '1000',
    // One cleaner with little memory: compacting a test's topic is quick, and a broker here is small.
    'log.cleaner.threads': '1',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'log.cleaner.backoff.ms': '1000',
    // A killed broker is given up, or let in again, within seconds: until then its restarted self is refused as its double.
    'broker.session.timeout.ms': '4000',
    'broker.heartbeat.interval.ms': '1000',
  };
}

/** As the file that Kafka reads: backslashes and line ends in values would mean something else there. */
export const propertiesFile = (properties: Readonly<Record<string, string>>): string =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`)
    .join('');

/** A cluster's id: 16 bytes as Kafka writes them. It may not begin with a dash, which its tool takes for an option. */
export function newClusterId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

export function broker(options: {
  shape: Shape;
  number: number;
  folder: string;
  clusterId: string;
  jars: string;
}): Server {
  const { shape, number, folder, clusterId, jars } = options;
  const data = join(folder, 'data');
  const file = join(folder, 'server.properties');
  const classes = join(jars, '*');
  return {
    name: `kafka-${number}` as ServerName,
    async prepare() {
      mkdirSync(folder, { recursive: true });
      const text = propertiesFile(brokerProperties(shape, number, data));
      if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
      if (existsSync(join(data, 'meta.properties'))) return;
      await run(
        'java',
        ['-Xmx128m', '-XX:TieredStopAtLevel=1', '-cp', classes, 'kafka.tools.StorageTool'].concat([
          'format',
          '--ignore-formatted',
          '-t',
          clusterId,
          '-c',
          file,
        ]),
        'Java 17 or newer (Debian: openjdk-17-jre-headless)',
      );
    },
    command: () => ({
      program: 'java',
      args: [
        `-Xmx${shape.brokers > 1 ? 384 : 512}m`,
        '-XX:+UseG1GC',
        '-XX:MaxGCPauseMillis=20',
        '-XX:InitiatingHeapOccupancyPercent=35',
        '-Djava.awt.headless=true',
        `-Dlog4j2.configurationFile=${fileURLToPath(new URL('kafka/log4j2.properties', import.meta.url))}`,
        '-cp',
        classes,
        'kafka.Kafka',
        file,
      ],
      folder,
    }),
    // A broker knows itself only once the controller has let it in: then it is among those it names.
    healthy: async () =>
      (await brokersSeen('127.0.0.1', brokerPort(number, shape.portBase))).includes(number),
  };
}
