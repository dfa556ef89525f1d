// A member of a group as a process of its own, for tests that stop it: prints what it holds, a line of JSON each time.
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from '../aborted.ts';
import { kafkaGroups } from '../assignment/kafka-groups.ts';
import { createLogger } from '../telemetry.ts';

const [brokers, prefix, partitions] = process.argv.slice(2) as [string, string, string];
const groups = kafkaGroups({
  access: { brokers: brokers.split(','), clientId: 'member', tls: false, credentials: null },
  partitions: Number(partitions),
  logger: createLogger({ level: 'silent' }),
  prefix,
});
const member = groups.join({
  group: 'g',
  topics: ['driftmgr.changes', 'driftmgr.drifts'],
  work: ({ signal }) => aborted(signal),
  signal: new AbortController().signal,
});
for (let before = ''; ; await sleep(20)) {
  const now = JSON.stringify(member.held());
  if (now !== before) process.stdout.write(`${now}\n`);
  before = now;
}
