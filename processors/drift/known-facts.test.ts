import { describe, expect, it } from 'vitest';
import type { Rows } from '../../runtime/processor.ts';
import {
  configurationPublished,
  declared,
  observed,
  statePublished,
  TEST_TIME,
  typeDescribed,
} from '../../runtime/testing/events.ts';
import type { Configured } from './comparison.ts';
import { createDriftDetector } from './index.ts';
import { configurationOf, factsOf, withoutIndices } from './known-facts.ts';
import { A, at, B, day, type Given, given, minute, second, state } from './testing/given.ts';

type Blocks = Parameters<typeof configurationPublished>[0];
const ADDRESS = 'aws_s3_bucket.logs';

/** The shared rows of a driver, as a decision sees them. */
const sharedOf = (detector: Given): Rows => {
  const rows = detector.rows('*');
  return { shared: (name: string) => rows[name] } as Partial<Rows> as Rows;
};
const configured = (blocks: Blocks, address = ADDRESS): Configured | null => {
  const detector = given();
  detector.input(configurationPublished(blocks));
  return configurationOf(sharedOf(detector), 'prod', address);
};

describe('what a configuration sets', () => {
  const block = (sets: string[], complete = true) => configured({ [ADDRESS]: { sets, complete } })!;

  it.each([
    ['acl', ['acl'], true],
    ['acl', ['tags'], false],
    // Set by one expression: all of it.
    ['tags.Name', ['tags'], true],
    ['ingress[0].from_port', ['ingress'], true],
    // Told member by member: no others.
    ['tags.Name', ['tags', 'tags.Name'], true],
    ['tags.Other', ['tags', 'tags.Name'], false],
    ['tags["a.b"]', ['tags', 'tags["a.b"]'], true],
    ['tags["a.c"]', ['tags', 'tags["a.b"]'], false],
    ['tags["a [1]"]', ['tags', 'tags["a [1]"]'], true],
    ['ingress', ['ingress', 'ingress.from_port'], true],
    ['ingress[2].from_port', ['ingress', 'ingress.from_port'], true],
    ['ingress[2].description', ['ingress', 'ingress.from_port'], false],
    ['rule["https"].port', ['rule', 'rule.port'], true],
    ['rule["https"].host', ['rule', 'rule.port'], false],
    ['a.b.c.d', ['a', 'a.b'], true],
    ['ab', ['a'], false],
  ])('%s, of %j: %s', (path, sets, expected) => {
    expect(block(sets).sets(path)).toBe(expected);
    expect(block(sets, false).sets(path)).toBe(expected ? true : undefined);
  });
});

describe('what a configuration ignores', () => {
  it.each([
    ['acl', ['acl'], true],
    ['acl', ['tags'], false],
    ['anything.at[0].all', ['*'], true],
    ['tags.Name', ['tags'], true],
    ['tags.Name', ['tags.Name'], true],
    ['tags.Name', ['tags["Name"]'], true],
    ['tags["a b"]', ['tags["a b"]'], true],
    ['tags.Other', ['tags["Name"]'], false],
    ['tags', ['tags["Name"]'], false],
    ['disk[0].size', ['disk[0].size'], true],
    ['disk[1].size', ['disk[0].size'], false],
    ['disk[1].size', ['disk'], true],
    ['rule["https"].port', ['rule'], true],
    ['ingress', ['ingress[0].from_port'], false],
  ])('%s, of %j: %s', (path, ignores, expected) => {
    expect(configured({ [ADDRESS]: { ignores } })!.ignores(path)).toBe(expected);
  });
});

describe('whose configuration it is', () => {
  it.each([
    ['module.a["x"].aws_instance.b[0]', 'module.a.aws_instance.b'],
    ['module.a["x.y[1]"].module.c[3].aws_instance.b["k\\"]"]', 'module.a.module.c.aws_instance.b'],
    ['aws_instance.b (deposed 1a2b3c4d)', 'aws_instance.b'],
    ['aws_instance.b[2] (deposed 1a2b3c4d)', 'aws_instance.b'],
    ['aws_instance.b', 'aws_instance.b'],
  ])('of %s: %s', (address, block) => {
    expect(withoutIndices(address)).toBe(block);
    expect(configured({ [block]: {} }, address)).not.toBeNull();
  });

  it('is not that of another workspace, nor of a block with a longer name', () => {
    expect(configured({ [`${ADDRESS}_too`]: {} })).toBeNull();
    const detector = given();
    detector.input(configurationPublished({ [ADDRESS]: {} }, { workspace: 'stage' }));
    expect(configurationOf(sharedOf(detector), 'prod', ADDRESS)).toBeNull();
  });
});

describe('a newer configuration', () => {
  const blocks = { [ADDRESS]: { sets: ['acl'] }, 'aws_s3_bucket.old': { sets: ['acl'] } };

  it('takes the place of the older one whole: blocks that it lacks are not known any more', () => {
    const detector = given();
    detector.input(configurationPublished(blocks, {}, at(0)));
    detector.input(configurationPublished(blocks, { workspace: 'stage' }, at(0)));
    detector.input(configurationPublished({ [ADDRESS]: { sets: ['tags'] } }, {}, at(minute)));
    const rows = sharedOf(detector);
    expect(configurationOf(rows, 'prod', 'aws_s3_bucket.old')).toBeNull();
    expect(configurationOf(rows, 'prod', ADDRESS)?.sets('acl')).toBe(false);
    expect(configurationOf(rows, 'stage', 'aws_s3_bucket.old')?.sets('acl')).toBe(true);
  });

  it('is not undone by an older one that comes late', () => {
    const detector = given();
    detector.input(configurationPublished({}, {}, at(minute)));
    detector.input(configurationPublished(blocks, {}, at(0)));
    expect(configurationOf(sharedOf(detector), 'prod', ADDRESS)).toBeNull();
  });

  it('is the same when state is folded anew from what compaction leaves', () => {
    const detector = given();
    detector.input(configurationPublished(blocks, {}, at(0)));
    detector.input(configurationPublished({ [ADDRESS]: { sets: ['tags'] } }, {}, at(minute)));
    detector.input(typeDescribed({ facts: '{"sets":["a"]}' }, at(minute)));
    detector.input(typeDescribed({ facts: '{"sets":["b"]}', version: '5.9.0' }, at(0)));
    const live = detector.state();
    detector.rebuild({ compacted: true });
    expect(detector.state()).toEqual(live);
  });
});

describe('what a provider says of a type', () => {
  it('is known by what was said last; what cannot be read is not known', () => {
    const detector = given();
    expect(factsOf(sharedOf(detector), 'aws_s3_bucket')).toBeNull();
    detector.input(typeDescribed({ facts: '{"sets":["a"]}' }, at(0)));
    expect(factsOf(sharedOf(detector), 'aws_s3_bucket')).toMatchObject({ sets: ['a'], computed: [] });
    detector.input(typeDescribed({ facts: '{"sets":[1]}' }, at(minute)));
    expect(factsOf(sharedOf(detector), 'aws_s3_bucket')).toBeNull();
  });
});

describe('comparing', () => {
  it('knows both, and asks for neither when what is seen is what is declared', () => {
    const inputs: { facts: unknown; configured: boolean | undefined }[] = [];
    const detector = given({
      compare: ({ facts, configuration }) => {
        inputs.push({ facts, configured: configuration?.sets('acl') });
        return { differences: [], certainty: 'high', ignoredBy: null, severity: 'info' };
      },
    });
    detector.inputs([
      typeDescribed({ facts: '{"blocks":["b"]}' }, at(0)),
      configurationPublished({ [ADDRESS]: { sets: ['acl'] } }, {}, at(0)),
      ...state(A),
      observed({ attributes: A }, at(minute)),
      observed({ attributes: B }, at(2 * minute)),
    ]);
    expect(inputs).toMatchObject([{ facts: { blocks: ['b'] }, configured: true }]);
  });

  it('of what nothing is known of goes on without', () => {
    const inputs: unknown[] = [];
    const detector = given({
      compare: ({ facts, configuration }) => {
        inputs.push(facts, configuration);
        return { differences: [], certainty: 'high', ignoredBy: null, severity: 'info' };
      },
    });
    detector.inputs([...state(A), observed({ attributes: B }, at(minute))]);
    expect(inputs).toEqual([null, null]);
  });

  it('costs two lookups of shared rows where something differs, and none where nothing does', () => {
    const detector = createDriftDetector({
      compare: () => ({ differences: [], certainty: 'high', ignoredBy: null, severity: 'info' }),
      reads: true,
    });
    const read: string[] = [];
    const values = new Map<string, unknown>();
    const rows = {
      objectKey: 'default/aws/-/-/s3-bucket/logs',
      get: (name: string) => values.get(name),
      has: (name: string) => values.has(name),
      names: (prefix: string, limit = 1e9) =>
        [...values.keys()]
          .filter((one) => one.startsWith(prefix))
          .sort()
          .slice(0, limit),
      list: (prefix: string) => [...values].filter(([one]) => one.startsWith(prefix)),
      shared: (name: string) => {
        read.push(name.split('\u001f')[0]!);
        return values.get(`*${name}`);
      },
      listShared: () => [],
    } as unknown as Rows;
    const fold = (event: Parameters<typeof detector.evolve>[1], shared: string) => {
      for (const write of detector.evolve(rows, event))
        if ('part' in write) values.set(`${shared}${write.part}`, write.value);
    };
    fold(declared({ attributes: A }, at(0)), '');
    fold(statePublished({}, at(0)), '*');
    const seen = observed({ attributes: A }, at(minute));
    fold(seen, '');
    read.length = 0;
    expect(detector.decide(rows, seen, TEST_TIME + minute)).toEqual([]);
    expect(read.filter((name) => name === 'type' || name === 'config')).toEqual([]);
    const differs = observed({ attributes: B }, at(2 * minute));
    fold(differs, '');
    read.length = 0;
    expect(detector.decide(rows, differs, TEST_TIME + 2 * minute)).toEqual([]);
    expect(read.filter((name) => name === 'type' || name === 'config').sort()).toEqual(['config', 'type']);
  });
});

describe('a configuration that is published', () => {
  it('makes a drift that stands ignored where it says so, still recorded, and alarming again where it no longer does', () => {
    const detector = given();
    detector.inputs([...state(A), observed({ attributes: B }, at(minute))]);
    expect(detector.open()).toMatchObject([{ ignoredBy: null, differences: [{ configured: null }] }]);
    detector.input(
      configurationPublished({ [ADDRESS]: { sets: ['acl'], ignores: ['acl'] } }, {}, at(2 * minute)),
    );
    expect(detector.open()).toMatchObject([
      { ignoredBy: 'ignore_changes', differences: [{ path: 'acl', configured: true }] },
    ]);
    detector.input(configurationPublished({ [ADDRESS]: { sets: ['acl'] } }, {}, at(3 * minute)));
    expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
  });

  it('reaches the objects on which a drift of its workspace stands, and no others', () => {
    const detector = given();
    const other = 'default/aws/-/-/s3-bucket/other';
    detector.inputs([
      ...state(A),
      declared(
        { attributes: A, resourceId: 'other', address: 'aws_s3_bucket.other' },
        { ...at(0), objectKey: other },
      ),
      observed({ attributes: B }, at(minute)),
    ]);
    const before = detector.outputs().length;
    detector.input(configurationPublished({ [ADDRESS]: {} }, { workspace: 'stage' }, at(2 * minute)));
    expect(detector.outputs()).toHaveLength(before);
    const standing = () =>
      detector
        .state()
        .filter(([, key]) => key.includes('standing'))
        .map(([, , key]) => key);
    expect(standing()).toEqual(['default/aws/-/-/s3-bucket/logs']);
    detector.input(observed({ attributes: A }, at(3 * minute)));
    expect(standing()).toEqual([]);
  });
});

describe('what a state took over of a drift', () => {
  const absorbed = [...state(A), observed({ attributes: B }, at(minute)), ...state(B, 2 * minute, 2)];
  const optional = typeDescribed({ facts: '{"optionalComputed":["acl"]}' }, at(0));
  const without = configurationPublished({ [ADDRESS]: { sets: ['tags'] } }, {}, at(3 * minute));
  const ended = {
    status: 'resolved',
    resolution: 'declared',
    note: expect.stringContaining('configuration'),
  };

  it('is drift no more once the configuration is known not to set the attribute, which the provider keeps as it is', () => {
    const detector = given();
    detector.inputs([optional, ...absorbed, without]);
    expect(detector.drifts()).toMatchObject([ended]);
    detector.rebuild({ compacted: true });
    detector.input(observed({ attributes: '{"acl":"public","x":null}' }, at(day)));
    expect(detector.open()).toEqual([]);
  });

  it('is, also when the configuration was known before', () => {
    const detector = given();
    detector.inputs([optional, { ...without, time: TEST_TIME + second }, ...absorbed]);
    expect(detector.open()).toEqual([]);
  });

  it('stays drift while the configuration sets it, may set it, or Terraform would take it away', () => {
    for (const events of [
      [optional, ...absorbed, configurationPublished({ [ADDRESS]: { sets: ['acl'] } }, {}, at(3 * minute))],
      [optional, ...absorbed, configurationPublished({ [ADDRESS]: { complete: false } }, {}, at(3 * minute))],
      [optional, ...absorbed, configurationPublished({}, {}, at(3 * minute))],
      // Optional alone: without a value Terraform would remove what is there.
      [typeDescribed({}, at(0)), ...absorbed, without],
      [...absorbed, without],
    ]) {
      const detector = given();
      detector.inputs(events);
      expect(detector.open()).toMatchObject([{ absorbed: true }]);
    }
  });

  it('is drift no more where it is gone and the configuration does not set it', () => {
    const detector = given();
    const gone = '{"acl":null}';
    detector.inputs([
      ...state(A),
      observed({ attributes: gone }, at(minute)),
      ...state(gone, 2 * minute, 2),
      without,
    ]);
    expect(detector.drifts()).toMatchObject([ended]);
  });
});
