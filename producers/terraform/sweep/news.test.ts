import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateOf, estimateText } from './estimate.ts';
import { type Finding, newsIn, note, nothingKnown } from './news.ts';
import { createPace } from './pace.ts';
import { sweepScope } from './scope.ts';

/** What happens to one resource, one moment after the other. */
type Step =
  | { by: 'sweep' | 'read'; failed: boolean; print: string }
  /** The sweep asked, and someone else read before it had its answer. */
  | { by: 'overtaken'; mine: string; theirs: string }
  | { by: 'declared' };

const print = fc.constantFrom('a', 'b', 'c');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ by: fc.constantFrom('sweep' as const, 'read' as const), failed: fc.boolean(), print }),
  fc.record({ by: fc.constant('overtaken' as const), mine: print, theirs: print }),
  fc.record({ by: fc.constant('declared' as const) }),
);

describe('what a sweep publishes', () => {
  it('leaves everyone knowing what holds, says nothing that is known, and is never passed over (property)', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const known = nothingKnown();
        let declaredAt = Number.NEGATIVE_INFINITY;
        /** What a reader of the log holds to be so: the newest of all records, by event time. */
        const never = { print: '', at: -1 };
        let value = never;
        let failure = never;
        const own = { value: '', failure: '' };
        const publish = (finding: Finding): void => {
          const { failed, print: what, at } = finding;
          if (failed) {
            if (at >= failure.at) failure = { print: what, at };
          } else if (at >= value.at) value = { print: what, at };
        };
        const sweep = (finding: Finding): void => {
          const news = newsIn(finding, known, declaredAt);
          if (news === 'nothing') return;
          // Under its own record key a repetition with a fingerprint would be passed over.
          const before = finding.failed ? own.failure : own.value;
          if (news === 'new') expect(before).not.toBe(finding.print);
          if (finding.failed) own.failure = finding.print;
          else own.value = finding.print;
          note(known, finding, true);
          publish(finding);
        };
        const read = (finding: Finding): void => {
          note(known, finding, false);
          publish(finding);
        };
        for (const [i, each] of steps.entries()) {
          const at = i * 10;
          if (each.by === 'declared') declaredAt = at;
          else if (each.by === 'overtaken') {
            read({ failed: false, print: each.theirs, at: at + 1 });
            sweep({ failed: false, print: each.mine, at });
            expect(value).toEqual({ print: each.theirs, at: at + 1 });
          } else {
            const finding = { failed: each.failed, print: each.print, at };
            if (each.by === 'read') read(finding);
            else {
              sweep(finding);
              if (each.failed) expect(failure).toMatchObject({ print: each.print });
              else expect(value).toMatchObject({ print: each.print });
              const [newest, other] = each.failed ? ([failure, value] as const) : ([value, failure] as const);
              // What holds is newer than what it replaces.
              expect(newest.at).toBeGreaterThanOrEqual(other.at);
              if (!each.failed) expect(newest.at).toBeGreaterThanOrEqual(declaredAt);
              // Looked at again at once, nothing is news.
              expect(newsIn({ ...finding, at: at + 1 }, known, declaredAt)).toBe('nothing');
            }
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a sweep', () => {
  it('has a scope that no listing can have, and one of its own for each workspace (property)', () => {
    const name = fc.string({
      unit: fc.constantFrom('a', '/', '-', '%', '2', 'F', '.'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(sweepScope(one).split('/')).toHaveLength(2);
        if (one !== other) expect(sweepScope(one)).not.toBe(sweepScope(other));
      }),
    );
    expect(sweepScope('-/-/terraform_data')).toBe('terraform/-%2F-%2Fterraform_data');
  });

  it('says beforehand what it costs, account by account', () => {
    const aws = { name: 'aws/1', perSecond: 2 };
    const slow = { name: 'aws/2', perSecond: 0.5 };
    const estimate = estimateOf([aws, slow, aws, null, ...Array.from({ length: 599 }, () => slow)]);
    expect(estimate).toEqual({
      accounts: [
        { account: 'aws/1', reads: 2, seconds: 1 },
        { account: 'aws/2', reads: 600, seconds: 1200 },
      ],
      reads: 602,
      seconds: 1200,
      without: 1,
    });
    expect(estimateText(estimate)).toBe(
      'aws/1: 2 reads in about 1 s; aws/2: 600 reads in about 20 min; 1 instances have no reader',
    );
  });

  it('asks each account evenly, and no account waits for another', async () => {
    let now = 0;
    const slept: number[] = [];
    const pace = createPace({
      now: () => now,
      sleep: async (ms) => {
        slept.push(ms);
      },
    });
    const { signal } = new AbortController();
    for (let i = 0; i < 3; i++) await pace.turn('a', 4, signal);
    await pace.turn('b', 1, signal);
    expect(slept).toEqual([250, 500]);
    now = 10_000;
    await pace.turn('a', 4, signal);
    expect(slept, 'what was not used is not saved up').toHaveLength(2);
  });
});
