// The two sides of a difference: what is shown, what is left out, and what is never shown.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Line, lineDifference, linesOf } from './line-difference.ts';

const shown = (lines: Line[]): string[] =>
  lines.map(({ op, depth, declared, observed }) => {
    const sign = { same: ' ', changed: '~', added: '+', removed: '-', skipped: '…' }[op];
    const text = op === 'changed' ? `${declared} → ${observed}` : (declared ?? observed);
    return `${sign} ${'  '.repeat(depth)}${text}`;
  });

describe('lineDifference', () => {
  it('shows two scalars on one line', () => {
    expect(shown(lineDifference(true, false))).toEqual(['~ true → false']);
    expect(shown(lineDifference('a', 1))).toEqual(['~ "a" → 1']);
  });

  it('shows a block that was added or removed as it is written in code', () => {
    const rule = { port_range: '22', source_addresses: ['0.0.0.0/0', '::/0'] };
    expect(shown(lineDifference(null, rule))).toEqual([
      '+ {',
      '+   port_range = "22"',
      '+   source_addresses = ["0.0.0.0/0", "::/0"]',
      '+ }',
    ]);
    expect(lineDifference(rule, null).every((line) => line.op === 'removed')).toBe(true);
  });

  it('leaves out the elements that both sides have, and says how many', () => {
    const blocks = Array.from({ length: 40 }, (_, n) => ({ port: n, protocol: 'tcp', cidr: '10.0.0.0/8' }));
    const observed = [...blocks.slice(0, 7), ...blocks.slice(8), { port: 22, protocol: 'udp', cidr: 'x' }];
    expect(shown(lineDifference(blocks, observed))).toEqual([
      '  [',
      '-   {',
      '-     port = 7',
      '-     protocol = "tcp"',
      '-     cidr = "10.0.0.0/8"',
      '-   }',
      '+   {',
      '+     port = 22',
      '+     protocol = "udp"',
      '+     cidr = "x"',
      '+   }',
      '…   39 elements the same',
      '  ]',
    ]);
  });

  it('puts blocks that are alike beside each other, so that one changed member is seen as that', () => {
    const declared = [
      { name: 'a', port: 80, cidr: '10.0.0.0/8' },
      { name: 'b', port: 443, cidr: '10.0.0.0/8' },
    ];
    const observed = [declared[0], { name: 'b', port: 443, cidr: '0.0.0.0/0' }];
    expect(shown(lineDifference(declared, observed))).toEqual([
      '  [',
      '    {',
      '      name = "b"',
      '      port = 443',
      '~     cidr = "10.0.0.0/8" → cidr = "0.0.0.0/0"',
      '    }',
      '…   1 element the same',
      '  ]',
    ]);
  });

  it('reads a policy document that is held as text', () => {
    const policy = (effect: string): string =>
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Sid: 'a', Effect: effect, Action: 's3:*' }] });
    expect(shown(lineDifference(policy('Deny'), policy('Allow')))).toEqual([
      '  {',
      '    Version = "2012-10-17"',
      '    Statement = [',
      '      {',
      '        Sid = "a"',
      '~       Effect = "Deny" → Effect = "Allow"',
      '        Action = "s3:*"',
      '      }',
      '    ]',
      '  }',
    ]);
  });

  it('says that only the order differs', () => {
    expect(shown(lineDifference(['a', 'b'], ['b', 'a']))).toContain(
      '~   2 elements → the same elements in another order',
    );
  });

  it('shows of a text of many lines the lines that differ', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    const changed = lines.with(12, 'line twelve');
    expect(shown(lineDifference(lines.join('\n'), changed.join('\n')))).toEqual([
      '  <<EOT',
      '…   12 lines the same',
      '-   line 12',
      '+   line twelve',
      '…   17 lines the same',
      '  EOT',
    ]);
  });

  it('never shows the fingerprint of a secret, and says that a rotated one is another', () => {
    const [a, b] = [{ $secret: 'fingerprint-1' }, { $secret: 'fingerprint-2' }];
    expect(shown(lineDifference(a, b))).toEqual(['~ a secret → another secret']);
    const inside = shown(
      lineDifference(
        { user: 'u', keys: [a], token: a, deep: JSON.stringify({ x: a }) },
        { user: 'u', token: b },
      ),
    ).join('\n');
    expect(inside).toContain('a secret');
    expect(inside).not.toMatch(/fingerprint|\$secret/);
    expect(linesOf({ password: a }).join('\n')).toBe('password = a secret');
  });

  it('of equal values shows no difference; of different ones always at least one', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (a, b) => {
        const same = (lines: Line[]): boolean =>
          lines.every((line) => line.op === 'same' || line.op === 'skipped');
        expect(same(lineDifference(a, a)) || a === null).toBe(true);
        if (canonicalText(a) !== canonicalText(b)) expect(same(lineDifference(a, b))).toBe(false);
      }),
      { numRuns: 300, examples: [[{ '': null }, {}]] },
    );
  });

  it('every element that only one side has is shown on that side, in whatever order they stand', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 30 })),
        fc.uniqueArray(fc.integer({ min: 0, max: 30 })),
        (a, b) => {
          const lines = a.length + b.length === 0 ? [] : lineDifference(a, b);
          const gone = lines.filter((line) => line.op === 'removed').map((line) => Number(line.declared));
          const came = lines.filter((line) => line.op === 'added').map((line) => Number(line.observed));
          expect(gone.toSorted()).toEqual(a.filter((n) => !b.includes(n)).toSorted());
          expect(came.toSorted()).toEqual(b.filter((n) => !a.includes(n)).toSorted());
        },
      ),
    );
  });
});

/** Text with sorted members, after what the comparison itself reads as JSON. A member that is null is one that is not there. */
function canonicalText(value: unknown): string {
  if (typeof value === 'string' && /^\s*[[{]/.test(value)) return `text ${value.replace(/\s/g, '')}`;
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(
          Object.entries(each)
            .filter(([, member]) => member !== null)
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : each,
  );
}
