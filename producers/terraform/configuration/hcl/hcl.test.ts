// biome-ignore-all lint/suspicious/noTemplateCurlyInString: interpolations of HCL look like those of JavaScript.
// HCL's native syntax and Terraform's JSON: what is told apart, what is refused, and that whatever is written is read back.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoted } from '../../address.ts';
import { parseJson } from './json.ts';
import { parseExpression, parseHcl } from './parse.ts';
import type { Body, Expression } from './syntax.ts';

/** Bodies as plain objects: what is literal as itself, what is not as the kind of expression it is. */
function shown({ attributes, blocks }: Body): object {
  return {
    ...Object.fromEntries([...attributes].map(([name, value]) => [name, brief(value)])),
    ...(blocks.length === 0
      ? {}
      : { '#': blocks.map((block) => [block.type, ...block.labels, shown(block.body)]) }),
  };
}
function brief(expression: Expression): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'tuple':
      return expression.items.map(brief);
    case 'object':
      return Object.fromEntries(expression.items.map(({ key, value }) => [String(brief(key)), brief(value)]));
    case 'template':
      return { template: expression.parts.map(brief) };
    case 'reference':
      return `<${expression.root}${expression.steps.map((step) => ('name' in step ? `.${step.name}` : `[${JSON.stringify(step.index)}]`)).join('')}>`;
    default:
      return '<?>';
  }
}
const parsed = (text: string): object => shown(parseHcl(text, 'main.tf'));

describe('the native syntax', () => {
  it.each<[string, string, unknown]>([
    ['literals', 'a = "x"\nb = -1.5e3\nc = true\nd = null', { a: 'x', b: -1500, c: true, d: null }],
    [
      'escapes',
      String.raw`a = "q\" \\ \n \u00e9 \U0001F600 $${'$'}{x} %%{y}"`,
      { a: 'q" \\ \n é 😀 ${x} %{y}' },
    ],
    ['comments anywhere', '# one\na = 1 // two\n/* three\n} */ b = 2 /* four */ # five', { a: 1, b: 2 }],
    [
      'the end of a line of other systems, and no end of the last',
      'a = 1\r\nb {\r\n  c = 2\r\n}',
      { a: 1, '#': [['b', { c: 2 }]] },
    ],
    [
      'blocks with labels, on one line, empty',
      'a "x" y { b = 1 }\nc {}',
      {
        '#': [
          ['a', 'x', 'y', { b: 1 }],
          ['c', {}],
        ],
      },
    ],
    ['references', 'a = b.c[0]["d"][each.key].0.e', { a: '<b.c[0]["d"][null][0].e>' }],
    ['interpolation alone is what it holds', 'a = "${b.c}"', { a: '<b.c>' }],
    [
      'templates',
      'a = "x-${b}-${"y${c}"}"',
      { a: { template: ['x-', '<b>', '-', { template: ['y', '<c>'] }] } },
    ],
    ['strings in interpolations', 'a = "${f("}")}"\nb = 1', { a: '<?>', b: 1 }],
    ['directives', 'a = "%{ if x }y%{ endif }"\nb = 1', { a: { template: ['<?>', 'y', '<?>'] }, b: 1 }],
    ['objects', 'a = { b = 1, "c d": 2\n (e) = 3\n 4 = [5]\n}', { a: { b: 1, 'c d': 2, '<?>': 3, 4: [5] } }],
    [
      'conditions, calls, operators, splats',
      'a = b ? c : d\ne = f(1,\n2)\ng = 1 + 2\nh = i[*].j\nk = l.*.m\nn = !o\np = q::r::s({})',
      { a: '<?>', e: '<?>', g: '<?>', h: '<?>', k: '<?>', n: '<?>', p: '<?>' },
    ],
    [
      'for',
      'a = [for x in y : { z = x }]\nb = { for k, v in y : k => v... if v != "}" }\nc = 1',
      { a: '<?>', b: '<?>', c: 1 },
    ],
    ['lines in parentheses', 'a = (\n  b\n  + c\n)\nd = 1', { a: '<?>', d: 1 }],
    ['trailing commas', 'a = [1, 2,\n]\nb = { c = 1, }', { a: [1, 2], b: { c: 1 } }],
    ['heredocs', 'a = <<EOT\n  "x" } ${b("EOT")}\n  EOTX\n  EOT\nb = 1', { a: '<?>', b: 1 }],
    [
      'heredocs with interpolations over lines',
      'a = <<-E\n ${f({\nE = "}"\n})}\n E\nb = 1',
      { a: '<?>', b: 1 },
    ],
    ['a heredoc as an argument', 'a = f(<<E\n)\nE\n, 1)\nb = 1', { a: '<?>', b: 1 }],
    ['less than is no heredoc', 'a = b << c\nd = e < f', { a: '<?>', d: '<?>' }],
    ['names of other alphabets', 'größe-1 = 1', { 'größe-1': 1 }],
    ['a byte order mark', '\ufeffa = 1', { a: 1 }],
  ])('%s', (_, text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    ['a {', '"}" was expected'],
    ['a = "x', 'a string is not closed'],
    ['a = "x\n"', 'a string is not closed'],
    ['a = <<E\nx', 'a heredoc is not closed'],
    ['a = [1', '"]" was expected'],
    ['a = f(1]', '")" was expected'],
    ['a =', 'an expression was expected'],
    ['a b', '"=" or "{" was expected'],
    ['a = { b }', '"=" was expected'],
    ['}', 'a name was expected'],
    ['a = /* x', 'a comment is not closed'],
    ['a = "\\q"', 'an escape in a string is not known'],
    ['a "${b}" {}', 'a label holds no interpolations'],
    ['a {\n  b = 1\n} c = 2', 'an end of line was expected'],
  ])('%j is refused, with the file and the line', (text, why) => {
    expect(() => parseHcl(text, 'main.tf')).toThrow(
      new RegExp(`^main\\.tf, line \\d+: ${why.replace(/[[\]{}()]/g, '\\$&')}`),
    );
  });

  it('what is refused is not told: it may be a secret', () => {
    expect(() => parseHcl('token = "hunter2-hunter2', 'main.tf')).toThrow(
      expect.not.stringContaining('hunter2'),
    );
    expect(() => parseJson('{"token":"hunter2-hunter2"', 'a.tf.json')).toThrow(
      expect.not.stringContaining('hunter2'),
    );
  });

  it.each<[string, string]>([
    ['tuples', `a = ${'['.repeat(200_000)}`],
    ['calls', `a = ${'f('.repeat(200_000)}`],
    ['indices', `a = ${'a['.repeat(200_000)}`],
    ['blocks', 'a {\n'.repeat(100_000)],
    ['interpolations', `a = "${'${"'.repeat(100_000)}`],
    ['comments that do not end', `a = x ${'/*'.repeat(500_000)}`],
    ['heredocs that do not end', 'a = <<E\n'.repeat(100_000)],
    ['backslashes', `a = "${'\\'.repeat(1_000_001)}`],
    ['signs', `a = ${'-'.repeat(1_000_000)}`],
  ])('hostile nesting and length end soon: %s', (_, text) => {
    // Processor time: what else the machine does is no part of it.
    const started = process.cpuUsage();
    try {
      parseHcl(text, 'main.tf');
    } catch (error) {
      expect(error).toMatchObject({ name: 'ConfigurationProblem' });
    }
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1_000).toBeLessThan(3_000);
  });

  it('a reference in quotes is read as one', () => {
    expect(brief(parseExpression('aws.east')!)).toBe('<aws.east>');
    expect(parseExpression('aws.east }')).toBeNull();
    expect(parseExpression('')).toBeNull();
  });
});

describe('the JSON syntax', () => {
  it('says the same as the native one', () => {
    const json = {
      '//': 'a comment',
      terraform: { required_providers: { aws: { source: 'hashicorp/aws' } } },
      locals: [{ team: 'x' }],
      resource: {
        t: {
          one: {
            a: '${b.c}',
            tags: { x: 1, '${k}': 2 },
            rule: [{ p: 1 }, { p: 2 }],
            lifecycle: { ignore_changes: ['a'] },
          },
          two: [{ dynamic: { rule: { for_each: [1], content: { p: '${rule.value}' } } } }],
        },
      },
    };
    const native = `
      terraform {
        required_providers {
          aws = { source = "hashicorp/aws" }
        }
      }
      locals { team = "x" }
      resource "t" "one" {
        a = b.c
        tags = { x = 1, (k) = 2 }
        rule = [{ p = 1 }, { p = 2 }]
        lifecycle { ignore_changes = ["a"] }
      }
      resource "t" "two" {
        dynamic "rule" {
          for_each = [1]
          content { p = rule.value }
        }
      }`;
    const text = (value: object): string => JSON.stringify(value).replace('"<k>"', '"<?>"');
    expect(text(shown(parseJson(JSON.stringify(json), 'main.tf.json')))).toBe(text(parsed(native)));
  });

  it.each([
    ['[]'],
    ['1'],
    ['{"resource":1}'],
    ['{"resource":{"t":"x"}}'],
    ['{'],
    [`{"a":${'['.repeat(150)}${']'.repeat(150)}}`],
  ])('%s is refused', (text) => expect(() => parseJson(text, 'main.tf.json')).toThrow(/^main\.tf\.json: /));
});

describe('what is written is read back', () => {
  const name = fc
    .stringMatching(/^[a-z_][a-z0-9_-]{0,8}$/)
    .filter((text) => !['for', 'true', 'false', 'null'].includes(text));
  const literal = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.integer({ min: -1e9, max: 1e9 }),
    fc.boolean(),
    fc.constant(null),
  );
  /** Expressions that only a plan knows, with what could be taken for the end of them. */
  const opaque = fc.constantFrom(
    'f(1, "}", [2])',
    'a ? "{" : b["]"]',
    '[for x in y : "${x}," if x != "\\""]',
    '{ for k, v in m : k => "${v["}"]}" }',
    'a.b[*].c',
    '(\n  1 + /* ) */ 2 # )\n)',
    '"%{ if a }}%{ endif }" == ""',
    '(<<-EOT\n  ${f("EOT\\n")} "{\n  EOT\n)',
  );
  type Value = { is: unknown; text: string };
  const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      literal.map((is) => ({
        is,
        text: typeof is === 'string' ? quoted(is).replaceAll('\r', '\\r') : String(is),
      })),
      opaque.map((text) => ({ is: undefined, text })),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => ({
        is: items.map(({ is }) => is),
        text: `[${items.map(({ text }) => `\n${text}`).join(',')}${items.length > 0 ? '\n' : ''}]`,
      })),
      fc.dictionary(name, tie('value'), { maxKeys: 4, noNullPrototype: true }).map((members) => ({
        is: Object.fromEntries(Object.entries(members).map(([key, { is }]) => [key, is])),
        text: `{\n${Object.entries(members)
          .map(([key, { text }]) => `"${key}" = ${text}\n`)
          .join('')}}`,
      })),
    ),
  })).value;
  interface Written {
    attributes: Record<string, Value>;
    blocks: { type: string; labels: string[]; body: Written }[];
  }
  const body: fc.Arbitrary<Written> = fc.letrec<{ body: Written }>((tie) => ({
    body: fc.record({
      attributes: fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true }),
      blocks: fc.oneof(
        { depthSize: 'small' },
        fc.constant<Written['blocks']>([]),
        fc.array(
          fc.record({
            type: name,
            labels: fc.array(fc.string({ maxLength: 8 }), { maxLength: 2 }),
            body: tie('body'),
          }),
          { maxLength: 3 },
        ),
      ),
    }),
  })).body;

  const textOf = ({ attributes, blocks }: Written): string =>
    [
      ...Object.entries(attributes).map(([key, { text }]) => `${key} = ${text} # "{ \${\n`),
      ...blocks.map(
        (block) => `${block.type} ${block.labels.map(quoted).join(' ')} { // }\n${textOf(block.body)}}\n`,
      ),
    ].join('/* " */\n');
  const known = (expression: Expression): unknown => {
    if (expression.kind === 'literal') return expression.value;
    if (expression.kind === 'tuple') return expression.items.map(known);
    if (expression.kind === 'object')
      return Object.fromEntries(
        expression.items.map(({ key, value: member }) => [known(key), known(member)]),
      );
    return undefined;
  };
  const plain = (of: Body): unknown => ({
    attributes: Object.fromEntries([...of.attributes].map(([key, each]) => [key, known(each)])),
    blocks: of.blocks.map((block) => ({ ...block, body: plain(block.body) })),
  });
  const meant = (of: Written): unknown => ({
    attributes: Object.fromEntries(Object.entries(of.attributes).map(([key, { is }]) => [key, is])),
    blocks: of.blocks.map((block) => ({ ...block, body: meant(block.body) })),
  });

  it('blocks, labels, attributes, literals, whatever stands between them', () => {
    fc.assert(
      fc.property(body, (written) => {
        expect(plain(parseHcl(textOf(written), 'main.tf'))).toEqual(meant(written));
      }),
      { numRuns: 300 },
    );
  });

  it('any text is either read or refused, never worse', () => {
    const pieces = fc.constantFrom(
      'a',
      '=',
      '{',
      '}',
      '[',
      ']',
      '(',
      ')',
      '"',
      '${',
      '%{',
      '<<E\n',
      'E',
      '\n',
      ',',
      '.',
      '*',
      '#',
      '/*',
      '*/',
      'for ',
      '\\',
      '-',
      '1',
      '$${',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        try {
          parseHcl(parts.join(''), 'main.tf');
        } catch (error) {
          expect(error).toMatchObject({ name: 'ConfigurationProblem' });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
