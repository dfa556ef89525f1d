// The state of the system in words: nothing wrong is left out, nothing right is called wrong.
import { describe, expect, it } from 'vitest';
import type { ProcessJson, SystemJson } from '../api/types.ts';
import { partitionsPhrase, readersOf, summaryOf, titleOf, topicsOf, troublesOf } from './system-standing.ts';

const NOW = '2026-05-01T10:00:00.000Z';
type Partition = ProcessJson['readers'][number]['partitions'][number];
const held = (partition: number, fields: Partial<Partition> = {}): Partition => ({
  partition,
  phase: 'running',
  reason: null,
  lag: 0,
  restored: null,
  deadLetters: 0,
  ...fields,
});
const drift = (...partitions: Partition[]): ProcessJson['readers'][number] => ({
  name: 'drift',
  kind: 'processor',
  lag: null,
  partitions,
});
const processOf = (id: string, fields: Partial<ProcessJson> = {}): ProcessJson => ({
  id,
  roles: ['producers', 'processors', 'projections', 'api'],
  url: null,
  startedAt: NOW,
  seenAt: NOW,
  ready: true,
  reasons: [],
  readers: [],
  sources: [],
  ...fields,
});
const systemOf = (fields: Partial<SystemJson> = {}): SystemJson => ({
  org: 'default',
  version: '1',
  startedAt: NOW,
  now: NOW,
  ready: true,
  reasons: [],
  unknown: [],
  partitions: 4,
  readers: [{ name: 'drift', kind: 'processor', lag: 0 }],
  sources: [],
  processes: [processOf('a', { readers: [drift(held(0), held(1), held(2), held(3))] })],
  topics: [],
  groups: [],
  cache: { reachable: true, since: NOW, reason: null },
  deadLetters: 0,
  refused: [],
  liveClients: 0,
  configuration: {},
  ...fields,
});
const words = (system: SystemJson): [string, string[], string] => {
  const troubles = troublesOf(system);
  return [titleOf(troubles), troubles.map(({ what }) => what), summaryOf(system)];
};

describe('the state of the system in words', () => {
  it('is that everything runs when everything does, however many processes there are, or whether they are known', () => {
    expect(words(systemOf())).toEqual(['Everything is running', [], 'One process. Nothing is behind.']);
    expect(words(systemOf({ processes: [] }))).toEqual(['Everything is running', [], 'Nothing is behind.']);
    const waiting = [{ name: 'cloudtrail', status: 'waiting', detail: null } as const];
    expect(words(systemOf({ sources: waiting }))[1]).toEqual([]);
  });

  it('names whatever is wrong, the worst first', () => {
    const processes = [
      processOf('p', {
        roles: ['processors'],
        ready: false,
        reasons: ['drift: partition 1 is stopped: no'],
        readers: [drift(held(0), held(1, { phase: 'stopped', reason: 'no' }))],
      }),
      processOf('q', { roles: ['producers', 'api'], seenAt: '2026-05-01T09:59:00.000Z' }),
    ];
    const [title, what] = words(
      systemOf({
        processes,
        sources: [
          { name: 'cloudtrail', status: 'failed', detail: 'denied' },
          { name: 'terraform-file', status: 'waiting', detail: 'no such file' },
        ],
        cache: { reachable: false, since: '2026-05-01T09:58:00.000Z', reason: 'refused' },
        unknown: ['dead letters: the database does not answer'],
      }),
    );
    expect(title).toBe('Not everything is running');
    expect(what).toEqual([
      'No process runs projections.',
      'The process p (processors) is not ready.',
      'The source cloudtrail has stopped.',
      'The process q (producers, api) is silent.',
      'drift does not run everywhere.',
      'The source terraform-file has trouble.',
      'The cache that processes share is away.',
      'Not known: dead letters.',
    ]);
  });

  it('is that it gets ready when nothing is missing but what is being restored', () => {
    const restoring = drift(held(0), held(1), held(2), held(3, { phase: 'restoring' }));
    const process = processOf('a', { ready: false, reasons: ['drift: wait'], readers: [restoring] });
    expect(words(systemOf({ processes: [process] }))[0]).toBe('Getting ready');
    const stopped = drift(held(0), held(1), held(2, { phase: 'stopped' }), held(3, { phase: 'restoring' }));
    expect(words(systemOf({ processes: [{ ...process, readers: [stopped] }] }))[0]).toBe(
      'Not everything is running',
    );
  });

  it('says what is behind the most, and how much was refused', () => {
    const readers: SystemJson['readers'] = [
      { name: 'drift', kind: 'processor', lag: 5 },
      { name: 'resources', kind: 'projection', lag: 1_200 },
    ];
    expect(summaryOf(systemOf({ readers, deadLetters: 1 }))).toBe(
      'One process. 2 readers are behind, resources the most: 1,200 records. 1 record was refused.',
    );
  });
});

describe('readers', () => {
  it('that two processes speak of while a partition moves are told as the one that works', () => {
    const [reader] = readersOf(
      systemOf({
        processes: [
          processOf('old', { readers: [drift(held(0, { phase: 'stopped' }), held(1))] }),
          processOf('new', { readers: [drift(held(0, { lag: null }))] }),
        ],
        groups: [
          {
            name: 'drift',
            kind: 'processor',
            lag: 9,
            positions: [
              { topic: 'a', partition: 0, committed: 1, lag: 4 },
              { topic: 'b', partition: 0, committed: 1, lag: 5 },
            ],
          },
        ],
      }),
    );
    expect(
      reader!.partitions.map(({ partition, phase, process, lag }) => [partition, phase, process, lag]),
    ).toEqual([
      [0, 'running', 'new', 9],
      [1, 'running', 'old', 0],
    ]);
    expect(reader!.free).toEqual([2, 3]);
  });
});

it('numbers that follow each other are told as one', () => {
  expect(partitionsPhrase([3])).toBe('partition 3');
  expect(partitionsPhrase([5, 0, 2, 1, 7, 8])).toBe('partitions 0–2, 5, 7–8');
});

it('topics stand by what they keep, the largest first', () => {
  const topics = [
    { name: 'a', partitions: [{ partition: 0, start: 5, end: 7 }] },
    {
      name: 'b',
      partitions: [
        { partition: 0, start: 0, end: 7 },
        { partition: 1, start: 1, end: 2 },
      ],
    },
  ];
  expect(topicsOf(systemOf({ topics }))).toEqual([
    { name: 'b', kept: 8, partitions: 2, largest: 7 },
    { name: 'a', kept: 2, partitions: 1, largest: 2 },
  ]);
});
