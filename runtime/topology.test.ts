import { describe, expect, it } from 'vitest';
import { counter } from './testing/counter.ts';
import { checkTopology, mermaid, type Topology } from './topology.ts';

const topology: Topology = {
  sources: [{ name: 'terraform-file', emits: ['resource.declared', 'state.published'] }],
  processors: [counter],
  reactors: [{ name: 'reader', reads: ['driftmgr.requests'], emits: ['resource.observed'] }],
  projections: [{ name: 'resources', reads: ['driftmgr.open-drifts'], store: 'postgres' }],
};

describe('a topology', () => {
  it('that holds together has no problems', () => {
    expect(checkTopology(topology)).toEqual([]);
  });

  it.each<[string, Partial<Topology>, string]>([
    ['two of one name', { processors: [counter, counter] }, 'has the name of a processor'],
    ['a reader of no topic', { projections: [{ name: 'p', reads: [], store: 'postgres' }] }, 'reads nothing'],
    [
      'an unknown topic',
      { projections: [{ name: 'p', reads: ['driftmgr.nothing' as 'driftmgr.drifts'], store: 'postgres' }] },
      'which is no topic',
    ],
    [
      'a topic named twice',
      { projections: [{ name: 'p', reads: ['driftmgr.drifts', 'driftmgr.drifts'], store: 'postgres' }] },
      'twice',
    ],
    ['an unknown event', { sources: [{ name: 's', emits: ['x.y' as 'run.started'] }] }, 'which is no event'],
    [
      'a processor that broadcasts',
      { processors: [{ ...counter, emits: [...counter.emits, 'run.started'] }] },
      'only sources may',
    ],
    [
      'a processor that restores what it does not write',
      { processors: [{ ...counter, restores: ['driftmgr.drifts'] }] },
      'writes nothing',
    ],
    [
      'a processor that reads timers',
      { processors: [{ ...counter, reads: ['driftmgr.timers'] }] },
      'come by themselves',
    ],
    ['a name that is no file name', { sources: [{ name: 'My Source', emits: [] }] }, 'small letters'],
  ])('with %s says so', (_what, part, problem) => {
    const problems = checkTopology({ ...topology, ...part });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(problem);
  });

  it('prints every element and every edge once', () => {
    const chart = mermaid(topology).split('\n');
    expect(chart[0]).toBe('flowchart LR');
    for (const edge of [
      'source_terraform_file --> topic_declarations',
      'topic_declarations --> processor_counter',
      'processor_counter --> topic_open_drifts',
      'topic_open_drifts --> projection_resources',
      'topic_requests --> reactor_reader',
      'reactor_reader --> topic_observations',
    ])
      expect(chart.filter((line) => line.trim() === edge)).toHaveLength(1);
    expect(chart).toContain('    projection_resources[("resources")]');
  });
});
