// A configuration that moves a block speaks of what the state still holds under its former address.
import { describe, expect, it } from 'vitest';
import { configurationPublished, observed } from '../../runtime/testing/events.ts';
import { compare } from './compare.ts';
import { formerAddresses } from './former-addresses.ts';
import { A, at, B, given, minute, state } from './testing/given.ts';

const of = (addresses: string[], ...moves: [from: string, to: string | null][]) =>
  formerAddresses(
    addresses,
    moves.map(([from, to]) => ({ from, to })),
  ).map(({ now, before }) => `${before} -> ${now}`);

describe('former addresses', () => {
  it('are those of moved blocks and modules, in chains, without indices', () => {
    expect(of(['aws_x.b'], ['aws_x.a', 'aws_x.b'])).toEqual(['aws_x.a -> aws_x.b']);
    expect(of(['aws_x.c'], ['aws_x.a', 'aws_x.b'], ['aws_x.b', 'aws_x.c'])).toEqual([
      'aws_x.b -> aws_x.c',
      'aws_x.a -> aws_x.c',
    ]);
    expect(
      of(
        ['module.n.module.i.aws_x.a'],
        ['module.o', 'module.n'],
        ['module.n.module.h', 'module.n.module.i'],
      ).sort(),
    ).toEqual([
      'module.n.module.h.aws_x.a -> module.n.module.i.aws_x.a',
      'module.o.module.h.aws_x.a -> module.n.module.i.aws_x.a',
      'module.o.module.i.aws_x.a -> module.n.module.i.aws_x.a',
    ]);
    expect(of(['aws_x.b'], ['aws_x.a["k.1"]', 'aws_x.b["]"]'])).toEqual(['aws_x.a -> aws_x.b']);
  });

  it('are not those of blocks that stand, of other types, of what was imported or let go, and end in circles', () => {
    expect(of(['aws_x.a', 'aws_x.b'], ['aws_x.a', 'aws_x.b'])).toEqual([]);
    expect(of(['aws_y.b'], ['aws_x.a', 'aws_y.b'])).toEqual([]);
    expect(of(['aws_x.b'], ['import', 'aws_x.b'], ['aws_x.b', null])).toEqual([]);
    expect(of(['aws_x.b'], ['aws_x.b["a"]', 'aws_x.b["b"]'])).toEqual([]);
    expect(of(['aws_x.b'], ['aws_x.a', 'aws_x.b'], ['aws_x.b', 'aws_x.a'])).toEqual(['aws_x.a -> aws_x.b']);
  });
});

it('what the moved block ignores is ignored before the move is applied, and what it says no more is not', () => {
  const detector = given({ compare });
  const moves = [{ from: 'aws_s3_bucket.logs', to: 'aws_s3_bucket.kept' }];
  const moved = configurationPublished(
    { 'aws_s3_bucket.kept': { sets: ['acl'], ignores: ['acl'] } },
    { moves },
  );
  detector.inputs([moved, ...state(A), observed({ attributes: B }, at(minute))]);
  expect(detector.open()).toMatchObject([{ address: 'aws_s3_bucket.logs', ignoredBy: 'ignore_changes' }]);
  detector.rebuild({ compacted: true });
  detector.input(
    configurationPublished({ 'aws_s3_bucket.kept': { sets: ['acl'], ignores: ['acl'] } }, {}, at(2 * minute)),
  );
  expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
});
