import { describe, expect, it } from 'vitest';
import { quoted } from './address.ts';
import { openState } from './decode.ts';
import { decodeTable, encodeTable } from './table.ts';
import { attributesAt, declare, only } from './testing/declared.ts';
import { AWS, one, type ResourceSpec, stateBytes } from './testing/states.ts';

const state = (...resources: ResourceSpec[]): Buffer => stateBytes({ resources });
const summary = (declared: ReturnType<typeof declare>): string[] =>
  declared.changes.map((change) => `${change.type} ${change.objectKey} ${change.body.address}`);

describe('what a state declares', () => {
  it('every managed instance, under the address Terraform prints', () => {
    const declared = declare(
      state(
        one('terraform_data', 'a', { id: '1' }),
        { ...one('terraform_data', 'm', { id: '2' }), module: 'module.x["k"].module.y[0]' },
        {
          type: 'terraform_data',
          name: 'each',
          instances: [
            { index: 0, attributes: { id: '3' } },
            { index: 'q"uo\\te', attributes: { id: '4' } },
            { index: `d$${'{x}'} %{y} $z`, attributes: { id: '5' } },
            { index: 'tab\tn\nl é\u00a0z \u200b', attributes: { id: '6' } },
          ],
        },
        { ...one('terraform_data', 'read', { id: '7' }), mode: 'data' },
      ),
    );
    expect(only('resource.declared', declared).map((each) => each.body.address)).toEqual([
      'terraform_data.a',
      'module.x["k"].module.y[0].terraform_data.m',
      'terraform_data.each[0]',
      'terraform_data.each["q\\"uo\\\\te"]',
      `terraform_data.each["d$$${'{x}'} %%{y} $z"]`,
      'terraform_data.each["tab\\tn\\nl é\\u00a0z \\u200b"]',
    ]);
  });

  it('characters beyond the basic plane that cannot be printed have eight digits', () => {
    expect(quoted('a\u{e0001}b')).toBe('"a\\U000e0001b"');
    expect(quoted('a😀b')).toBe('"a😀b"');
  });

  it('deposed and tainted instances as what they are', () => {
    const declared = declare(
      state({
        type: 'aws_instance',
        name: 'web',
        provider: AWS,
        instances: [
          { attributes: { id: 'i-2' }, more: { status: 'tainted' } },
          { attributes: { id: 'i-1' }, more: { deposed: '1a2b3c4d' } },
        ],
      }),
    );
    expect(only('resource.declared', declared).map(({ body }) => body)).toMatchObject([
      { address: 'aws_instance.web', deposed: null, tainted: true, resourceId: 'i-2' },
      {
        address: 'aws_instance.web (deposed 1a2b3c4d)',
        deposed: '1a2b3c4d',
        tainted: false,
        resourceId: 'i-1',
      },
    ]);
  });

  it('dependencies, schema version, provider address, owner, serial and lineage', () => {
    const declared = declare(
      stateBytes({
        serial: 7,
        lineage: 'line',
        resources: [
          one(
            'aws_vpc',
            'v',
            { id: 'vpc-1' },
            {
              provider: `module.x.${AWS}.eu`,
              schema_version: 3,
              dependencies: ['module.x.aws_eip.e'],
            },
          ),
        ],
      }),
    );
    expect(only('resource.declared', declared)[0]!.body).toMatchObject({
      serial: 7,
      lineage: 'line',
      schemaVersion: 3,
      owner: 'team-net',
      workspace: 'prod',
      provider: 'aws',
      providerAddress: `module.x.${AWS}.eu`,
      dependencies: ['module.x.aws_eip.e'],
      primary: true,
      previousAddress: null,
    });
  });

  it('attributes of open type without their wrapping, but not attributes that merely look so', () => {
    const declared = declare(
      state(
        one('terraform_data', 'a', {
          id: '1',
          input: { value: 'x', type: 'string' },
          output: { value: { k: 'v', n: [1] }, type: ['object', { k: 'string', n: ['tuple', ['number']] }] },
          triggers_replace: null,
          record: { type: 'A', value: '10.0.0.1' },
          nested: { inner: { value: 'x', type: 'string' } },
          list: [{ value: ['x'], type: ['list', 'string'] }],
        }),
      ),
    );
    expect(attributesAt(declared, 'terraform_data.a')).toEqual({
      id: '1',
      input: 'x',
      output: { k: 'v', n: [1] },
      triggers_replace: null,
      record: { type: 'A', value: '10.0.0.1' },
      nested: { inner: { value: 'x', type: 'string' } },
      list: [['x']],
    });
  });

  it('numbers as exactly as they were written', () => {
    const text = stateBytes({ resources: [one('terraform_data', 'a', { id: '1', n: 0 })] })
      .toString()
      .replace('"n": 0', '"n": 12345678901234567890123, "f": 0.12345678901234567890, "e": 1e400, "k": 1.50');
    const { attributes } = only('resource.declared', declare(Buffer.from(text)))[0]!.body;
    expect(attributes).toBe(
      '{"e":1e400,"f":0.12345678901234567890,"id":"1","k":1.5,"n":12345678901234567890123}',
    );
  });

  it('attributes of Terraform 0.11 as unknown, and says why', () => {
    const declared = declare(
      state({
        type: 'aws_vpc',
        name: 'old',
        provider: 'provider.aws.eu',
        instances: [{ attributes: null, more: { attributes_flat: { id: 'vpc-9', 'tags.%': '0' } } }],
      }),
    );
    expect(only('resource.declared', declared)[0]!.body).toMatchObject({
      resourceId: 'vpc-9',
      provider: 'aws',
      attributes: '{"id":"vpc-9"}',
      scopeProblem: expect.stringContaining('Terraform 0.11'),
    });
  });

  it('instances of unknown providers by their id, those without any by their place', () => {
    const provider = 'provider["example.com/acme/thing"]';
    const declared = declare(
      state(
        one('thing_box', 'a', { id: 'b-1' }, { provider }),
        one('thing_box', 'b', { size: 3 }, { provider }),
      ),
    );
    expect(declared.changes.map((change) => change.objectKey)).toEqual([
      'default/thing/-/-/thing_box/b-1',
      'default/thing/-/-/thing_box/prod:thing_box.b',
    ]);
  });

  it('an instance that concerns several objects under each of them, primary under the first only', () => {
    const provider = 'provider["registry.terraform.io/digitalocean/digitalocean"]';
    const declared = declare(
      state(
        one('digitalocean_kubernetes_cluster', 'k', { id: 'k-1', node_pool: [{ id: 'p-1' }] }, { provider }),
      ),
    );
    expect(only('resource.declared', declared).map((each) => [each.objectKey, each.body.primary])).toEqual([
      ['default/digitalocean/-/-/kubernetes-cluster/k-1', true],
      ['default/digitalocean/-/-/kubernetes-node-pool/p-1', false],
    ]);
  });

  it('nothing at all of a state that declares one address twice', () => {
    const twice = state(one('terraform_data', 'a', { id: '1' }), one('terraform_data', 'a', { id: '2' }));
    expect(() => declare(twice)).toThrow('declares terraform_data.a twice');
  });
});

describe('what changed since the version before', () => {
  const a = one('terraform_data', 'a', { id: 'id-a', input: 'x' });
  const b = one('terraform_data', 'b', { id: 'id-b', input: 'y' });
  const key = (id: string): string => `default/terraform/-/-/terraform_data/${id}`;

  it('given the same instances in a new serial, then nothing is published', () => {
    const before = declare(state(a, b));
    const after = declare(stateBytes({ serial: 2, resources: [b, a] }), before.table);
    expect(after.changes).toEqual([]);
  });

  it('given another attribute, then that instance is declared and no other', () => {
    const before = declare(state(a, b));
    const after = declare(state(a, one('terraform_data', 'b', { id: 'id-b', input: 'z' })), before.table);
    expect(summary(after)).toEqual([`resource.declared ${key('id-b')} terraform_data.b`]);
  });

  it('given that an instance is gone, then it is withdrawn', () => {
    const after = declare(state(a), declare(state(a, b)).table);
    expect(after.changes).toMatchObject([
      {
        type: 'resource.withdrawn',
        objectKey: key('id-b'),
        body: { address: 'terraform_data.b', resourceId: 'id-b', reason: 'removed' },
      },
    ]);
  });

  it('given the same thing at another address, then it is moved, not deleted and created', () => {
    const moved = { ...a, module: 'module.new' };
    const after = declare(state(moved, b), declare(state(a, b)).table);
    expect(after.changes).toMatchObject([
      {
        type: 'resource.declared',
        objectKey: key('id-a'),
        body: { address: 'module.new.terraform_data.a', previousAddress: 'terraform_data.a' },
      },
      {
        type: 'resource.withdrawn',
        objectKey: key('id-a'),
        body: { address: 'terraform_data.a', reason: 'moved' },
      },
    ]);
    const again = declare(state(moved, b), after.table);
    expect(again.changes).toEqual([]);
  });

  it('given that two instances swap addresses, then both are moved', () => {
    const swapped = state({ ...a, name: 'b' }, { ...b, name: 'a' });
    const after = declare(swapped, declare(state(a, b)).table);
    expect(only('resource.declared', after).map(({ body }) => [body.address, body.previousAddress])).toEqual([
      ['terraform_data.b', 'terraform_data.a'],
      ['terraform_data.a', 'terraform_data.b'],
    ]);
    expect(only('resource.withdrawn', after).map(({ objectKey, body }) => [objectKey, body.address])).toEqual(
      [
        [key('id-a'), 'terraform_data.a'],
        [key('id-b'), 'terraform_data.b'],
      ],
    );
  });

  it('given a replacement created before its predecessor is destroyed, then the old one moves aside', () => {
    const instance = (id: string, more = {}) => ({ attributes: { id }, more });
    const web = (...instances: ResourceSpec['instances']): Buffer =>
      state({ type: 'aws_vpc', name: 'v', provider: AWS, instances });
    const before = declare(web(instance('vpc-1')));
    const during = declare(web(instance('vpc-2'), instance('vpc-1', { deposed: 'abcd1234' })), before.table);
    expect(
      only('resource.declared', during).map(({ body }) => [body.resourceId, body.previousAddress]),
    ).toEqual([
      ['vpc-2', null],
      ['vpc-1', 'aws_vpc.v'],
    ]);
    expect(only('resource.withdrawn', during).map(({ body }) => [body.resourceId, body.reason])).toEqual([
      ['vpc-1', 'moved'],
    ]);
    const after = declare(web(instance('vpc-2')), during.table);
    expect(only('resource.withdrawn', after).map(({ body }) => [body.address, body.reason])).toEqual([
      ['aws_vpc.v (deposed abcd1234)', 'removed'],
    ]);
  });

  it('given that a binding tells the scope, then the object is rekeyed and declared under its new key', () => {
    const lambda = state(one('aws_lambda_function', 'f', { id: 'f', function_name: 'f' }, { provider: AWS }));
    const before = declare(lambda);
    expect(only('resource.declared', before)[0]!.body.scopeProblem).toContain('no scope');
    const bindings = [{ workspace: 'pr*', provider: 'aws', account: '123456789012', region: 'us-east-1' }];
    const after = declare(lambda, before.table, { bindings });
    const [from] = only('resource.declared', before);
    const [to] = only('resource.declared', after);
    expect(after.changes).toMatchObject([
      {
        type: 'resource.rekeyed',
        objectKey: from!.objectKey,
        body: { address: 'aws_lambda_function.f', toObjectKey: to!.objectKey },
      },
      {
        type: 'resource.declared',
        body: { account: '123456789012', region: 'us-east-1', scopeProblem: null },
      },
    ]);
    expect(to!.objectKey).toBe('default/aws/123456789012/us-east-1/lambda-function/f');
  });

  it('given that a sibling of the same provider tells the account, then the others live there too', () => {
    const lambda = one('aws_lambda_function', 'f', { id: 'f', function_name: 'f' }, { provider: AWS });
    const queue = one(
      'aws_sns_topic',
      't',
      { id: 'arn:aws:sns:eu-west-1:210987654321:t', arn: 'arn:aws:sns:eu-west-1:210987654321:t' },
      { provider: AWS },
    );
    const elsewhere = one(
      'aws_lambda_function',
      'g',
      { id: 'g', function_name: 'g' },
      { provider: `${AWS}.us` },
    );
    const declared = only('resource.declared', declare(state(lambda, queue, elsewhere)));
    expect(declared.map(({ body }) => [body.address, body.account, body.region])).toEqual([
      ['aws_lambda_function.f', '210987654321', 'eu-west-1'],
      ['aws_sns_topic.t', '210987654321', 'eu-west-1'],
      ['aws_lambda_function.g', null, null],
    ]);
  });

  it('ids of events are the same however often a version is read, and others in another version', () => {
    const ids = (version: number): string[] =>
      declare(state(a, b), undefined, { version }).changes.map((c) => c.eventId);
    expect(ids(1)).toEqual(ids(1));
    expect(new Set([...ids(1), ...ids(2)]).size).toBe(4);
  });

  it('the table survives being stored', () => {
    const { table } = declare(state(a, { ...b, name: 'ü' }));
    expect(decodeTable(encodeTable(table))).toEqual(table);
    expect(decodeTable(Buffer.from('other'))).toBeNull();
    expect(decodeTable(encodeTable(table).subarray(0, 60))).toBeNull();
  });
});

describe('what is not a state that can be read', () => {
  const small = stateBytes({
    outputs: { o: { value: 'x', type: 'string' } },
    resources: [one('terraform_data', 'a', { id: '1', input: { value: 'é"\\', type: 'string' } })],
  });

  it('a state cut short at any byte is refused, in words', () => {
    for (let length = 0; length < small.length; length++) {
      const cut = small.subarray(0, length);
      if (small.subarray(length).toString().trim() === '') continue;
      expect(() => openState(cut), `${length} bytes`).toThrow(/the state/);
    }
    expect(openState(small).head.instances).toBe(1);
  });

  it('a state with any one byte damaged is refused or read, but never something else', () => {
    for (let i = 0; i < small.length; i++) {
      const damaged = Buffer.from(small);
      damaged[i] = damaged[i]! ^ 0x01;
      try {
        const opened = openState(damaged);
        if (opened.declare !== null) declare(damaged);
      } catch (error) {
        expect(error).toMatchObject({ name: 'StateProblem' });
      }
    }
  });

  it.each([
    [
      'deep nesting',
      stateBytes({ resources: [one('terraform_data', 'a', { id: '1' })] })
        .toString()
        .replace('"id": "1"', `"id": ${'['.repeat(5000)}${']'.repeat(5000)}`),
      'nested deeper than 200',
    ],
    ['brackets that do not match', '{"version":4,"x":[}', 'brackets'],
    ['a list', '[]', 'does not start with an object'],
    ['no version', '{"serial":1,"lineage":"l","resources":[]}', 'no version'],
    ['a serial that is not a number', '{"version":4,"serial":"1","lineage":"l","resources":[]}', 'serial'],
    ['no lineage', '{"version":4,"serial":1,"resources":[]}', 'lineage'],
    ['resources that are not a list', '{"version":4,"serial":1,"lineage":"l","resources":{}}', 'not a list'],
    [
      'instances that are not objects',
      '{"version":4,"serial":1,"lineage":"l","resources":[{"mode":"managed","type":"t","name":"n","instances":[1]}]}',
      'not an object',
    ],
    ['a key twice', '{"version":4,"version":4}', 'twice'],
    ['something after the end', '{"version":4,"serial":1,"lineage":"l","resources":[]} x', 'follows its end'],
  ])('%s is refused', (_what, text, reason) => {
    expect(() => openState(Buffer.from(text))).toThrow(reason);
  });

  it.each([
    [
      'an encrypted state of OpenTofu',
      '{"serial":3,"lineage":"l","meta":{},"encrypted_data":"eA==","encryption_version":"v0"}',
      'encrypted by OpenTofu',
    ],
    ['a state of Terraform 0.11', '{"version":3,"serial":3,"lineage":"l","modules":[]}', 'format 3'],
    ['a state newer than all we know', '{"version":5,"serial":3,"lineage":"l"}', 'format 5'],
  ])('%s is kept as unknown, with serial and lineage where they are told', (_what, text, problem) => {
    const { head, declare: nothing } = openState(Buffer.from(text));
    expect(head).toMatchObject({ serial: 3, lineage: 'l', problem: expect.stringContaining(problem) });
    expect(nothing).toBeNull();
  });
});
