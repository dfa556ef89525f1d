// The topology: which sources, processors, reactors and projections there are and what they read and write, as a value
// that checks itself and prints itself. Pure.
import type { EventType, TopicName } from '../schemas/index.ts';
import { EVENTS, isBroadcast, TOPICS, topicOf } from '../schemas/index.ts';
import type { Processor } from './processor.ts';
import type { Projection } from './projection.ts';
import type { Reactor } from './reactor.ts';

export interface Topology {
  /** `emits`: what the source may publish. */
  sources: readonly { name: string; emits: readonly EventType[] }[];
  processors: readonly Pick<Processor, 'name' | 'reads' | 'emits' | 'restores'>[];
  /** `emits`: what its outcomes may be. */
  reactors: readonly (Pick<Reactor, 'name' | 'reads'> & { emits: readonly EventType[] })[];
  projections: readonly Pick<Projection, 'name' | 'reads' | 'store'>[];
}

/** Everything that is wrong with it, one sentence each; empty when it holds together. */
export function checkTopology(topology: Topology): string[] {
  const { sources, processors, reactors, projections } = topology;
  const problems: string[] = [];
  const topics = new Set<string>(TOPICS.map((topic) => topic.name));
  // Positions are kept under these names, so that one name can mean only one reader, whatever its kind.
  const names = new Map<string, string>();
  const kinds = { source: sources, processor: processors, reactor: reactors, projection: projections };
  for (const [kind, members] of Object.entries(kinds))
    for (const { name } of members) {
      const other = names.get(name);
      if (other !== undefined)
        problems.push(`${kind} ${name} has the name of a ${other}: rename one of them`);
      names.set(name, kind);
      if (!/^[a-z][a-z0-9-]*$/.test(name))
        problems.push(`${kind} ${name} must be named in small letters, digits and -`);
    }
  for (const { name, reads } of [...processors, ...reactors, ...projections]) {
    if (reads.length === 0) problems.push(`${name} reads nothing`);
    for (const topic of reads)
      if (!topics.has(topic)) problems.push(`${name} reads ${topic}, which is no topic`);
    if (new Set(reads).size < reads.length) problems.push(`${name} names a topic twice in what it reads`);
  }
  for (const { name, emits } of [...sources, ...processors, ...reactors])
    for (const type of emits)
      if (!(type in EVENTS)) problems.push(`${name} emits ${type}, which is no event`);
  for (const { name, reads, emits, restores } of processors) {
    const written = new Set<TopicName>(emits.filter((type) => type in EVENTS).map(topicOf));
    for (const type of emits)
      if (type in EVENTS && isBroadcast(type))
        problems.push(`${name} emits the broadcast ${type}: only sources may`);
    for (const topic of restores)
      if (!written.has(topic)) problems.push(`${name} restores from ${topic}, to which it writes nothing`);
    if (reads.includes('driftmgr.timers'))
      problems.push(`${name} reads driftmgr.timers: its own timers come by themselves`);
  }
  return problems;
}

/** A Mermaid flow chart: sources → topics → processors and reactors → topics → projections. */
export function mermaid(topology: Topology): string {
  const { sources, processors, reactors, projections } = topology;
  const lines = ['flowchart LR'];
  const used = new Set<TopicName>();
  const edges: string[] = [];
  const id = (kind: string, name: string): string => `${kind}_${name.replaceAll(/[^a-z0-9]/g, '_')}`;
  const short = (topic: TopicName): string => topic.slice('driftmgr.'.length);
  const group = (
    title: string,
    kind: string,
    members: readonly { name: string }[],
    shape: [string, string],
  ): void => {
    if (members.length === 0) return;
    lines.push(`  subgraph ${title}`);
    for (const { name } of members) lines.push(`    ${id(kind, name)}${shape[0]}"${name}"${shape[1]}`);
    lines.push('  end');
  };
  const reads = (kind: string, member: { name: string; reads: readonly TopicName[] }): void => {
    for (const topic of member.reads) {
      used.add(topic);
      edges.push(`  ${id('topic', short(topic))} --> ${id(kind, member.name)}`);
    }
  };
  const writes = (kind: string, member: { name: string; emits: readonly EventType[] }): void => {
    for (const topic of new Set(member.emits.map(topicOf))) {
      used.add(topic);
      edges.push(`  ${id(kind, member.name)} --> ${id('topic', short(topic))}`);
    }
  };
  for (const member of sources) writes('source', member);
  for (const member of processors) {
    reads('processor', member);
    writes('processor', member);
  }
  for (const member of reactors) {
    reads('reactor', member);
    writes('reactor', member);
  }
  for (const member of projections) reads('projection', member);
  group('producers', 'source', sources, ['(', ')']);
  group('processors', 'processor', processors, ['[', ']']);
  group('reactors', 'reactor', reactors, ['[[', ']]']);
  group('projections', 'projection', projections, ['[(', ')]']);
  for (const { name } of TOPICS)
    if (used.has(name)) lines.push(`  ${id('topic', short(name))}>"${short(name)}"]`);
  return [...lines, ...edges].join('\n');
}
