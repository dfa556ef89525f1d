import { describe, expect, it } from 'vitest';
import { compare } from '../compare.ts';
import { jsonForm, plainForm, yamlForm } from './documents.ts';
import { policyForm } from './policy.ts';

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: what templates look like
const TEMPLATE = `# A bucket and what may read it.
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  IsProduction: !Equals [!Ref Stage, production]
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Condition: IsProduction
    Properties:
      BucketName: !Sub "\${AWS::StackName}-logs"
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Description: !Join ["-", [!Ref "AWS::Region", !Select [0, !GetAZs ""]]]
      Environment:
        Variables:
          URL: !ImportValue
            Fn::Sub: "\${Stage}-url"
      Code:
        ZipFile: |
          exports.handler = async () => {
            return 1
          }
`;
const IN_JSON = JSON.stringify({
  Resources: {
    Function: {
      Properties: {
        Code: { ZipFile: 'exports.handler = async () => {\n  return 1\n}\n' },
        Environment: { Variables: { URL: { 'Fn::ImportValue': { 'Fn::Sub': '${Stage}-url' } } } },
        Description: {
          'Fn::Join': ['-', [{ Ref: 'AWS::Region' }, { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }]],
        },
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
      Type: 'AWS::Lambda::Function',
    },
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Condition: 'IsProduction',
      Properties: { BucketName: { 'Fn::Sub': '${AWS::StackName}-logs' } },
    },
  },
  Conditions: { IsProduction: { 'Fn::Equals': [{ Ref: 'Stage' }, 'production'] } },
  AWSTemplateFormatVersion: '2010-09-09',
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

const same = (form: (text: string) => string, one: string, other: string): boolean =>
  form(one) === form(other);

describe('documents in attributes', () => {
  it('a CloudFormation template is the same in YAML with short forms, in YAML with long ones, and in JSON', () => {
    expect(same(yamlForm, TEMPLATE, IN_JSON)).toBe(true);
    expect(same(yamlForm, TEMPLATE, TEMPLATE.replace('!GetAtt Role.Arn', '!GetAtt [Role, Arn]'))).toBe(true);
    expect(same(yamlForm, TEMPLATE, TEMPLATE.replace('!GetAtt Role.Arn', '{"Fn::GetAtt": "Role.Arn"}'))).toBe(
      true,
    );
    expect(same(yamlForm, TEMPLATE, TEMPLATE.replaceAll('\n', '\r\n'))).toBe(true);
    expect(
      same(
        yamlForm,
        TEMPLATE,
        TEMPLATE.replace('[!Ref Stage, production]', '\n    - !Ref Stage\n    - production'),
      ),
    ).toBe(true);
  });

  it('a template with another reference, attribute, value or function is another', () => {
    for (const [from, to] of [
      ['!Ref Stage', '!Ref Other'],
      ['!Ref Stage', 'Stage'],
      ['!Ref Stage', '!Condition Stage'],
      ['!GetAtt Role.Arn', '!GetAtt Role.Name'],
      ['!GetAtt Role.Arn', '!Ref Role.Arn'],
      ['!Sub "${AWS', '"${AWS'],
      ['return 1', 'return 2'],
      ['production', 'staging'],
      ['[0, !GetAZs', '[1, !GetAZs'],
      ['!Equals [!Ref Stage, production]', '!Equals [production, !Ref Stage]'],
    ] as const) {
      expect(TEMPLATE).toContain(from);
      expect(same(yamlForm, TEMPLATE, TEMPLATE.replace(from, to)), `${from} → ${to}`).toBe(false);
      expect(same(yamlForm, IN_JSON, TEMPLATE.replace(from, to)), `${from} → ${to}`).toBe(false);
    }
  });

  it('templates, API descriptions and runbooks are compared so by their types', () => {
    for (const [type, path] of [
      ['aws_cloudformation_stack', 'template_body'],
      ['aws_api_gateway_rest_api', 'body'],
      ['aws_apigatewayv2_api', 'body'],
      ['aws_ssm_document', 'content'],
      ['aws_codebuild_project', 'source.buildspec'],
    ] as const) {
      const at = (text: string) =>
        path.includes('.') ? { [path.split('.')[0]!]: [{ [path.split('.')[1]!]: text }] } : { [path]: text };
      const run = (declared: string, observed: string) =>
        compare({ type, declared: at(declared), observed: at(observed), facts: null, configuration: null });
      expect(run('a: 1\nb: [x]\n', '{"b":["x"],"a":1}').differences, type).toEqual([]);
      expect(run('a: 1\n', '{"a":2}').differences, type).toHaveLength(1);
    }
  });

  it('YAML that is hostile, or too long to take apart, is compared as text without comments and blank lines', () => {
    const bomb = `a: &a [x]\n${Array.from({ length: 12 }, (_, i) => `${'bcdefghijklm'[i]}: &${'bcdefghijklm'[i]} [${Array(9).fill(`*${'abcdefghijkl'[i]}`).join(',')}]`).join('\n')}\n`;
    for (const text of [bomb, `${'['.repeat(5_000)}`, 'a: [', '{"a":1', '- !Unknown x', '\u0000'])
      expect(yamlForm(text), text.slice(0, 20)).toBe(yamlForm(text));
    const long = `# first\n${Array.from({ length: 2_000 }, (_, i) => `key${i}: value`).join('\n')}`;
    expect(same(yamlForm, long, `${long.replace('# first', '# second\n')}   \n`)).toBe(true);
    expect(same(yamlForm, long, long.replace('key7: value', 'key7: other'))).toBe(false);
  });

  it('numbers that a double cannot hold are told apart', () => {
    expect(same(jsonForm, '{"a":12345678901234567890}', '{ "a": 12345678901234567891 }')).toBe(false);
    expect(same(jsonForm, '{"a":12345678901234567890}', '{ "a": 12345678901234567890 }')).toBe(true);
    expect(same(jsonForm, '{"a":12345678901234567890}', '{"a":"12345678901234567890"}')).toBe(false);
    expect(same(jsonForm, '{"a":1.50,"b":1234567890123456}', '{"b":1234567890123456,"a":1.5}')).toBe(true);
  });

  it('a text of no known kind is JSON, a policy or an instant by its looks, and nothing else', () => {
    expect(same(plainForm, '{"a":1,"b":[1,2]}', '\n{ "b": [1, 2], "a": 1 }\n')).toBe(true);
    expect(same(plainForm, '[1,2]', '[2,1]')).toBe(false);
    expect(
      same(
        plainForm,
        '{"Statement":[{"Effect":"Allow","Action":["a:x","a:y"],"Resource":"*"}],"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["a:y","a:x"],"Resource":["*"]}}',
      ),
    ).toBe(true);
    expect(same(plainForm, '{"Statement":["b","a"]}', '{"Statement":["a","b"]}')).toBe(false);
    expect(same(plainForm, '2026-01-02T03:04:05Z', '2026-01-02T04:04:05.000+01:00')).toBe(true);
    expect(same(plainForm, '2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z')).toBe(false);
    expect(same(plainForm, '2026-01-02T03:04:05.0001Z', '2026-01-02T03:04:05.0002Z')).toBe(false);
    for (const [one, other] of [
      ['a', ' a'],
      ['A', 'a'],
      ['1', '1.0'],
      ['2026-01-02', '2026-01-02T00:00:00Z'],
      ['{a}', '{ a }'],
      ['a: 1', '{"a":1}'],
      ['"a"', '"a" '],
    ] as const)
      expect(same(plainForm, one, other), `${one} ≠ ${other}`).toBe(false);
  });

  it('JSON in an attribute of any type is compared by its structure, also inside sets', () => {
    const facts = {
      computed: [],
      optionalComputed: [],
      sets: ['docs'],
      maps: [],
      blocks: [],
      sensitive: [],
      writeOnly: [],
    };
    const run = (declared: string, observed: string) => [
      ...compare({
        type: 'acme_thing',
        declared: { doc: declared },
        observed: { doc: observed },
        facts: null,
        configuration: null,
      }).differences,
      ...compare({
        type: 'acme_thing',
        declared: { docs: ['x', declared] },
        observed: { docs: [observed, 'x'] },
        facts,
        configuration: null,
      }).differences,
    ];
    expect(run('{"a":1,"b":2}', '{"b":2,"a":1}')).toEqual([]);
    expect(run('{"a":1,"b":2}', '{"b":2,"a":2}')).toHaveLength(2);
  });

  it('a document nested deeper than anything sensible is compared as text', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const text of [
      deep,
      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b","Condition":{"Bool":{"a":${deep}}}}]}`,
      deep.slice(0, 10_000),
    ])
      for (const form of [plainForm, jsonForm, yamlForm, policyForm]) expect(form(text)).toBe(text);
    expect(plainForm(`[${JSON.stringify('['.repeat(1_000))} ]`)).toBe(
      `[${JSON.stringify('['.repeat(1_000))}]`,
    );
  });

  it('takes no document that holds everything else up', () => {
    const long = `{"a":[${Array.from({ length: 25_000 }, (_, i) => `"${i}"`).join(',')}]}`;
    expect(long.length).toBeLessThan(250_000);
    const yaml = Array.from({ length: 480 }, (_, i) => `key${i}: [a, b]`).join('\n');
    expect(yaml.length).toBeLessThan(8_000);
    yamlForm(yaml);
    for (const [form, text] of [
      [plainForm, long],
      [jsonForm, long],
      [yamlForm, long],
      [yamlForm, yaml],
    ] as const) {
      const took = Array.from({ length: 5 }, () => {
        const before = process.cpuUsage();
        form(text);
        return process.cpuUsage(before).user / 1000;
      });
      expect(Math.min(...took)).toBeLessThan(50);
    }
  });
});
