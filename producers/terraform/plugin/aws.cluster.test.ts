// The real aws provider under our host, against moto's server. Resources are made, changed and deleted through AWS's own API.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PluginProblem } from './host/problem.ts';
import { openProvider, type Provider } from './provider.ts';
import { schemaCache } from './schema-cache.ts';
import {
  ACCOUNT,
  awsConfiguration,
  awsProvider,
  awsResource,
  type Moto,
  SECRET_KEY,
  startMoto,
} from './testing/aws.ts';
import type { ValueObject } from './values/value.ts';

const choice = await awsProvider();
const moto: Moto | null = choice && (await startMoto());

describe.skipIf(!choice || !moto)('the real aws provider', () => {
  const cache = schemaCache(null);
  let aws: Provider;
  const open = (more: Record<string, unknown> = {}): Promise<Provider> =>
    openProvider({
      name: `hashicorp/aws ${choice!.version}`,
      program: choice!.program,
      configuration: { ...awsConfiguration(moto!.url), ...more } as never,
      cache,
      times: { startMs: 120_000, schemaMs: 120_000, configureMs: 120_000 },
    });
  beforeAll(async () => {
    aws = await open();
  }, 300_000);
  afterAll(async () => {
    await aws?.stop();
    await moto?.stop();
  });
  const read = async (type: string, attributes: Record<string, unknown>): Promise<ValueObject | null> => {
    const version = aws.schemas.resource(type)!.version;
    const seen = await aws.read(type, await aws.upgrade(awsResource(type, attributes, version)));
    return seen.gone ? null : seen.attributes;
  };
  const within = (xml: string, element: string): string => new RegExp(`<${element}>([^<]+)<`).exec(xml)![1]!;

  it('speaks TLS with certificates made for this run, and is configured without a warning', () => {
    expect(aws.plugin).toMatchObject({ secured: true, protocol: 5 });
    expect(aws.warnings).toEqual([]);
  });

  it('gives its schema: each type decoded when it is asked for, and remembered', () => {
    expect(aws.schemas.resourceTypes.size).toBeGreaterThan(1_000);
    for (const type of aws.schemas.resourceTypes)
      expect(aws.schemas.resource(type)?.block, type).toBeDefined();
    const password = aws.schemas
      .resource('aws_db_instance')!
      .block.attributes.find(({ name }) => name === 'password');
    expect(password).toMatchObject({ sensitive: true, optional: true, computed: false });
    expect(aws.schemas.resource('aws_nothing')).toBeNull();
  });

  it('says whose account and which region it reads', async () => {
    expect(await aws.readData('aws_caller_identity', {})).toMatchObject({ account_id: ACCOUNT });
    expect(await aws.readData('aws_region', {})).toMatchObject({ name: 'us-east-1' });
  });

  it('a bucket: read, a changed attribute read back, gone when deleted', async () => {
    expect(await moto!.s3('PUT', '/plugin-logs')).toBe(200);
    const bucket = { id: 'plugin-logs', bucket: 'plugin-logs' };
    expect(await read('aws_s3_bucket', bucket)).toMatchObject({ arn: 'arn:aws:s3:::plugin-logs', tags: {} });
    const tagging = '<Tagging><TagSet><Tag><Key>team</Key><Value>net</Value></Tag></TagSet></Tagging>';
    expect(await moto!.s3('PUT', '/plugin-logs?tagging', tagging)).toBeLessThan(300);
    expect(await read('aws_s3_bucket', bucket)).toMatchObject({ tags: { team: 'net' } });
    expect(await moto!.s3('DELETE', '/plugin-logs')).toBe(204);
    expect(await read('aws_s3_bucket', bucket)).toBeNull();
  });

  it('a security group: an opened port is an element of a set of objects; a wrong id is gone', async () => {
    const id = within(
      await moto!.query('ec2', 'CreateSecurityGroup', { GroupName: 'web', GroupDescription: 'web servers' }),
      'groupId',
    );
    expect(await read('aws_security_group', { id })).toMatchObject({ id, name: 'web', ingress: [] });
    await moto!.query('ec2', 'AuthorizeSecurityGroupIngress', {
      GroupId: id,
      'IpPermissions.1.IpProtocol': 'tcp',
      'IpPermissions.1.FromPort': '22',
      'IpPermissions.1.ToPort': '22',
      'IpPermissions.1.IpRanges.1.CidrIp': '0.0.0.0/0',
    });
    expect(await read('aws_security_group', { id })).toMatchObject({
      ingress: [{ from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'], self: false }],
    });
    expect(await read('aws_security_group', { id: 'sg-00000000000000000' })).toBeNull();
  });

  it('a role: its policy document as text, a change of it, and what an import brings', async () => {
    const policy = (service: string): string =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
      });
    await moto!.query('iam', 'CreateRole', {
      RoleName: 'app',
      AssumeRolePolicyDocument: policy('ec2.amazonaws.com'),
    });
    const before = await read('aws_iam_role', { id: 'app', name: 'app' });
    expect(JSON.parse(String(before?.assume_role_policy))).toEqual(JSON.parse(policy('ec2.amazonaws.com')));
    expect(before).toMatchObject({ arn: `arn:aws:iam::${ACCOUNT}:role/app`, max_session_duration: 3600 });
    await moto!.query('iam', 'UpdateAssumeRolePolicy', {
      RoleName: 'app',
      PolicyDocument: policy('lambda.amazonaws.com'),
    });
    const [imported] = await aws.importById('aws_iam_role', 'app');
    const after = await aws.read(imported!.type, imported!.held);
    expect(after.gone || String(after.attributes.assume_role_policy)).toContain('lambda.amazonaws.com');
    await moto!.query('iam', 'DeleteRole', { RoleName: 'app' });
    expect(await read('aws_iam_role', { id: 'app', name: 'app' })).toBeNull();
  });

  it('refused credentials are a problem at the start, without the key', async () => {
    const nowhere = open({
      endpoints: [{ sts: 'http://127.0.0.1:9', iam: 'http://127.0.0.1:9' }],
      max_retries: 1,
    });
    const error = await nowhere.then(
      (provider) => provider.stop().then(() => null),
      (problem: unknown) => problem as Error,
    );
    expect(error).toBeInstanceOf(PluginProblem);
    expect(error!.message).toMatch(/refused its configuration/);
    expect(error!.message).not.toContain(SECRET_KEY);
  }, 120_000);

  it('killed in mid-read, the read fails as crashed: never as gone', async () => {
    const other = await open();
    const version = other.schemas.resource('aws_iam_role')!.version;
    const held = await other.upgrade(awsResource('aws_iam_role', { id: 'app', name: 'app' }, version));
    const reading = other.read('aws_iam_role', held);
    const settled = reading.then(
      () => 'read',
      (error: PluginProblem) => error.kind,
    );
    process.kill(other.pid, 'SIGKILL');
    expect(await settled).toBe('crashed');
  }, 120_000);

  it('ends when it is asked to', async () => {
    const other = await open();
    expect(await other.stop()).toBe('asked');
  }, 120_000);
});
