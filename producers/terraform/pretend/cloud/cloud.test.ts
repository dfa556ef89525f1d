import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../../../runtime/testing/temporary-folder.ts';
import type { Json, JsonObject } from '../../../../schemas/index.ts';
import { attribution } from '../../../aws/attribution.ts';
import { aws } from '../../../aws/index.ts';
import { normalize } from '../../../aws/normalize.ts';
import { providerNamed as providerOf } from '../../../providers.ts';
import { normalize as normalizeReport } from '../../../reported/normalize.ts';
import type { Block, ResourceType } from '../schema.ts';
import { AWS, PROVIDERS } from '../types/index.ts';
import { type CloudClient, cloudClient } from './client.ts';
import type { Shown } from './cloud.ts';
import { KEYS } from './principals.ts';
import { type CloudOptions, type RunningCloud, startCloud } from './server.ts';

let folder: ReturnType<typeof temporaryFolder>;
let cloud: RunningCloud;
const started: RunningCloud[] = [];

async function start(options: Partial<CloudOptions> = {}): Promise<RunningCloud> {
  cloud = await startCloud({ directory: folder.path, trail: join(folder.path, 'trail'), ...options });
  started.push(cloud);
  return cloud;
}
const as = (who: keyof typeof KEYS, more: { region?: string; userAgent?: string } = {}): CloudClient =>
  cloudClient({ url: cloud.url, accessKey: KEYS[who], ...more });

beforeEach(async () => {
  folder = temporaryFolder();
  await start();
});
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
  folder.remove();
});

/** Every record delivered so far. */
function delivered(): JsonObject[] {
  const walk = (directory: string): string[] =>
    existsSync(directory)
      ? readdirSync(directory, { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name))
      : [];
  return walk(join(folder.path, 'trail')).flatMap(
    (path) => (JSON.parse(gunzipSync(readFileSync(path)).toString()) as { Records: JsonObject[] }).Records,
  );
}
const mutating = (): JsonObject[] => delivered().filter((record) => record.readOnly === false);

/** What must be said to have one of a type. */
function needed(block: Block, n = 1): JsonObject {
  const some = (type: unknown): Json => (type === 'number' ? n : type === 'bool' ? true : `thing-${n}`);
  const found: JsonObject = {};
  for (const [name, { type, required }] of Object.entries(block.attributes ?? {}))
    if (required) found[name] = Array.isArray(type) ? [some(type[1])] : some(type);
  for (const [name, nested] of Object.entries(block.block_types ?? {}))
    if ((nested.min_items ?? 0) > 0) found[name] = [needed(nested.block, n)];
  return found;
}

/** Attributes by which a part names its whole, of the whole's own. */
const NAMING: Record<string, (whole: JsonObject) => JsonObject> = {
  aws_security_group: ({ id }) => ({ security_group_id: id!, type: 'ingress' }),
  aws_iam_role: ({ id }) => ({ role: id! }),
  aws_s3_bucket: ({ id }) => ({ bucket: id! }),
  azurerm_network_security_group: ({ name, resource_group_name }) => ({
    network_security_group_name: name!,
    resource_group_name: resource_group_name!,
  }),
  azurerm_virtual_network: ({ name, resource_group_name }) => ({
    virtual_network_name: name!,
    resource_group_name: resource_group_name!,
  }),
};
const TYPES = Object.assign({}, ...PROVIDERS.map(({ resources }) => resources)) as Record<
  string,
  ResourceType
>;

/** Makes one of the type, after the whole it is a part of. */
async function make(
  name: string,
  between: () => Promise<void> = async () => {},
): Promise<{ made: Shown; whole: Shown | null }> {
  const { block, part } = TYPES[name]!;
  const of = part?.of ?? (name === 'aws_s3_bucket_public_access_block' ? 'aws_s3_bucket' : null);
  const whole = of === null ? null : await as('terraform').create(of, needed(TYPES[of]!.block));
  await between();
  const naming = whole ? NAMING[of!]!(whole.attributes) : {};
  const given = Object.entries({ ...needed(block), ...naming }).filter(
    ([member]) => block.attributes?.[member] ?? block.block_types?.[member],
  );
  return { made: await as('terraform').create(name, Object.fromEntries(given)), whole };
}

const QUEUE = { name: 'jobs', visibility_timeout_seconds: 45 };

describe('the pretend cloud', () => {
  test('gives ids, sets what nobody says, and makes what is its own to make', async () => {
    const { id, attributes } = await as('terraform').create('aws_sqs_queue', QUEUE);
    expect(id).toBe('https://sqs.eu-central-1.amazonaws.com/123456789012/jobs');
    expect(attributes).toMatchObject({
      ...QUEUE,
      id,
      url: id,
      arn: 'arn:aws:sqs:eu-central-1:123456789012:jobs',
      delay_seconds: 0,
      tags: null,
    });
    const vpc = await as('terraform').create('aws_vpc', { cidr_block: '10.0.0.0/16' });
    expect(vpc.id).toMatch(/^vpc-[0-9a-f]{17}$/);
    const bucket = await as('terraform').create('google_storage_bucket', { name: 'logs', location: 'EU' });
    expect(bucket.attributes).toMatchObject({ project: 'pretend-123456789012', url: 'gs://logs' });
  });

  test.each(
    PROVIDERS.flatMap(({ resources }) => Object.entries(resources)).map(([name, { block }]) => [name, block]),
  )('%s: made, read, changed, listed, deleted', async (name, block) => {
    const { made, whole } = await make(name);
    const { id, attributes } = made;
    expect(Object.keys(attributes).sort()).toEqual(
      [...Object.keys(block.attributes ?? {}), ...Object.keys(block.block_types ?? {})].sort(),
    );
    expect(attributes.id).toBe(id);
    const read = await as('alice').read(name, id);
    const kept = Object.entries(block.attributes ?? {}).filter(([, { unreadable }]) => !unreadable);
    for (const [member] of kept) expect(read!.attributes[member]).toEqual(attributes[member]);
    const [free] = kept.find(([, one]) => one.type === 'string' && one.optional && !one.force_new) ?? [];
    if (whole) expect(await as('bob').list(name)).toHaveLength(1);
    if (free) expect((await as('bob').update(name, id, { [free]: 'other' })).attributes[free]).toBe('other');
    expect(await as('bob').list(name)).toHaveLength(1);
    await as('bob').delete(name, id);
    expect(await as('terraform').read(name, id)).toBeNull();
    if (whole) await as('bob').delete(whole.type, whole.id);
    expect(await as('bob').list()).toEqual([]);
  });

  test('what it answered for is in its file, and a second start has it', async () => {
    const { id } = await as('terraform').create('aws_sqs_queue', QUEUE);
    await as('alice').update('aws_sqs_queue', id, { delay_seconds: 7 });
    // Not closed: as after a kill.
    await start();
    expect((await as('bob').read('aws_sqs_queue', id))!.attributes.delay_seconds).toBe(7);
  });

  test('many changes at once are all kept', async () => {
    const names = Array.from({ length: 200 }, (_, n) => `queue-${n}`);
    await Promise.all(names.map((name) => as('terraform').create('aws_sqs_queue', { name })));
    await start();
    expect((await as('bob').list('aws_sqs_queue')).map(({ attributes }) => attributes.name).sort()).toEqual(
      names.sort(),
    );
  });

  test('another account and another region see nothing of it', async () => {
    const { id } = await as('terraform').create('aws_vpc', { cidr_block: '10.0.0.0/16' });
    expect(await as('elsewhere').read('aws_vpc', id)).toBeNull();
    expect(await as('reader', { region: 'eu-west-1' }).read('aws_vpc', id)).toBeNull();
    expect(await as('reader').read('aws_vpc', id)).not.toBeNull();
    expect(await as('elsewhere', { region: 'eu-west-1' }).caller()).toMatchObject({
      account: '210987654321',
      region: 'eu-west-1',
    });
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ['an expired key', () => as('expired').caller(), /expired/],
    [
      'an unknown key',
      () => cloudClient({ url: cloud.url, accessKey: 'x' }).caller(),
      /no key of this cloud/,
    ],
    ['an unknown type', () => as('bob').create('aws_nothing', {}), /this cloud has no aws_nothing/],
    ['an unknown attribute', () => as('bob').create('aws_vpc', { size: 1 }), /attributes.size is unknown/],
    [
      'a wrong type',
      () => as('bob').create('aws_sqs_queue', { name: 'x', tags: { a: [1] } }),
      /tags.a is not a string/,
    ],
    [
      'a second of one name',
      async () => {
        await as('bob').create('aws_sqs_queue', QUEUE);
        await as('bob').create('aws_sqs_queue', QUEUE);
      },
      /already/,
    ],
    ['what is not there', () => as('bob').delete('aws_vpc', 'vpc-1'), /no aws_vpc called vpc-1/],
  ])('%s is refused, and said', async (_, attempt, says) => {
    await expect(attempt()).rejects.toThrow(says);
  });

  test('with a lag, reads give what was before, for so long', async () => {
    await as('bob').set({ lagMs: 300 });
    const { id } = await as('terraform').create('aws_sqs_queue', QUEUE);
    expect(await as('bob').read('aws_sqs_queue', id)).toBeNull();
    await vi.waitFor(async () => expect(await as('bob').read('aws_sqs_queue', id)).not.toBeNull());
    await as('alice').update('aws_sqs_queue', id, { delay_seconds: 7 });
    const delay = async (): Promise<unknown> =>
      (await as('bob').read('aws_sqs_queue', id))!.attributes.delay_seconds;
    expect(await delay()).toBe(0);
    await vi.waitFor(async () => expect(await delay()).toBe(7));
  });

  test('refuses as often as it is told to, what it is told to', async () => {
    const { id } = await as('terraform').create('aws_sqs_queue', QUEUE);
    await as('bob').set({ refusals: [{ times: 2, status: 429, operation: 'read' }] });
    for (let n = 0; n < 2; n++)
      await expect(as('reader').read('aws_sqs_queue', id)).rejects.toMatchObject({ code: 'Throttling' });
    expect(await as('reader').read('aws_sqs_queue', id)).not.toBeNull();
    await as('bob').set({ refusals: [{ times: 1, hangs: true, operation: 'read', id }] });
    const patience = AbortSignal.timeout(200);
    const waiting = cloudClient({ url: cloud.url, accessKey: KEYS.reader, signal: patience });
    await expect(waiting.read('aws_sqs_queue', id)).rejects.toThrow(/does not answer/);
    expect(await as('reader').read('aws_sqs_queue', id)).not.toBeNull();
    await expect(as('bob').set({ lagMs: 'long' })).rejects.toThrow(/lagMs should be/);
  });
});

describe('what is a part of something else', () => {
  const RULE = { ip_protocol: 'tcp', from_port: 443, to_port: 443, cidr_ipv4: '10.0.0.0/8' };
  const read = async (type: string, id: string) => (await as('reader').read(type, id))?.attributes ?? null;

  test('made apart, it shows up in the whole beside what stands there inline; taken out of the whole, it is gone', async () => {
    const inline = { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['10.1.0.0/16'] };
    const { id: group } = await as('terraform').create('aws_security_group', {
      name: 'web',
      ingress: [inline],
    });
    const { id } = await as('terraform').create('aws_vpc_security_group_ingress_rule', {
      ...RULE,
      security_group_id: group,
    });
    const held = async () => (await read('aws_security_group', group))!.ingress as JsonObject[];
    expect(await held()).toMatchObject([
      inline,
      { from_port: 443, cidr_blocks: ['10.0.0.0/8'], protocol: 'tcp' },
    ]);
    await as('terraform').update('aws_vpc_security_group_ingress_rule', id, { to_port: 444 });
    expect((await held())[1]).toMatchObject({ from_port: 443, to_port: 444 });
    await expect(
      as('alice').create('aws_vpc_security_group_ingress_rule', {
        ...RULE,
        to_port: 444,
        security_group_id: group,
      }),
    ).rejects.toThrow(/has that already/);
    await as('alice').update('aws_security_group', group, { ingress: [inline] });
    expect(await read('aws_vpc_security_group_ingress_rule', id)).toBeNull();
    expect(await as('bob').list('aws_vpc_security_group_ingress_rule')).toEqual([]);
    await expect(as('bob').delete('aws_vpc_security_group_ingress_rule', id)).rejects.toThrow(/there is no/);
  });

  test('an edit in the whole is one of the part: a policy of a role, a setting of a bucket, a rule of an Azure group', async () => {
    const { id: role } = await as('terraform').create('aws_iam_role', {
      name: 'r',
      assume_role_policy: '{}',
    });
    const policy = await as('terraform').create('aws_iam_role_policy', {
      role,
      name: 'p',
      policy: '{"a":1}',
    });
    await as('alice').update('aws_iam_role', role, { inline_policy: [{ name: 'p', policy: '{"a":2}' }] });
    expect(await read(policy.type, policy.id)).toMatchObject({ role, name: 'p', policy: '{"a":2}' });

    const { id: bucket } = await as('terraform').create('aws_s3_bucket', { bucket: 'logs' });
    const versioning = await as('terraform').create('aws_s3_bucket_versioning', {
      bucket,
      versioning_configuration: [{ status: 'Disabled' }],
    });
    // What it was called where it is off stays.
    expect(await read(versioning.type, versioning.id)).toMatchObject({
      versioning_configuration: [{ status: 'Disabled', mfa_delete: 'Disabled' }],
    });
    await as('alice').update('aws_s3_bucket', bucket, { versioning: [{ enabled: true, mfa_delete: false }] });
    expect(await read(versioning.type, versioning.id)).toMatchObject({
      versioning_configuration: [{ status: 'Enabled' }],
    });
    await as('bob').delete(versioning.type, versioning.id);
    expect(await read('aws_s3_bucket', bucket)).toMatchObject({ versioning: [{ enabled: false }] });
    const written = await as('terraform').create('aws_s3_bucket_policy', { bucket, policy: '{"b":1}' });
    expect(await read('aws_s3_bucket', bucket)).toMatchObject({ policy: '{"b":1}' });
    await as('alice').update('aws_s3_bucket', bucket, { policy: null });
    expect(await read(written.type, written.id)).toBeNull();

    const { made, whole } = await make('azurerm_network_security_rule');
    const [rule] = (await read(whole!.type, whole!.id))!.security_rule as JsonObject[];
    await as('alice').update(whole!.type, whole!.id, { security_rule: [{ ...rule!, priority: 4000 }] });
    expect(await read(made.type, made.id)).toMatchObject({ priority: 4000, description: null });
  });

  test('without its whole it cannot be made, and goes with it', async () => {
    await expect(
      as('terraform').create('aws_iam_role_policy', { role: 'none', name: 'p', policy: '{}' }),
    ).rejects.toThrow(/there is no aws_iam_role called none/);
    const { made, whole } = await make('aws_iam_role_policy_attachment');
    expect(await read(whole!.type, whole!.id)).toMatchObject({ managed_policy_arns: ['thing-1'] });
    await as('bob').delete(whole!.type, whole!.id);
    expect(await read(made.type, made.id)).toBeNull();
  });
});

describe('its feed', () => {
  test('what has no CloudTrail is reported in the form that DriftMgr takes, under the key of the declared instance', async () => {
    await cloud.close();
    const reports = join(folder.path, 'reports');
    await start({ reports });
    const there: [string, string, JsonObject][] = [];
    for (const { name: provider, resources } of PROVIDERS)
      for (const name of provider === 'aws' ? [] : Object.keys(resources)) {
        const { made, whole } = await make(name);
        await as('alice').update(name, made.id, {});
        there.push([provider, name, made.attributes]);
        if (whole) await as('bob').delete(whole.type, whole.id);
        else await as('bob').delete(name, made.id);
      }
    await cloud.flush();
    const changes = readdirSync(reports).flatMap((file) =>
      readFileSync(join(reports, file), 'utf8')
        .trimEnd()
        .split('\n')
        .flatMap((line) => {
          const said = normalizeReport(JSON.parse(line), {
            org: 'default',
            attribution: attribution({ pipelines: [], applyIdentities: [] }),
          });
          if (!('changes' in said)) throw new Error(said.unreadable);
          return said.changes;
        }),
    );
    expect(there.length).toBeGreaterThanOrEqual(12);
    for (const [provider, type, attributes] of there) {
      const scope = { account: null, region: null };
      const { objectKeys } = providerOf(provider).identify({ org: 'default', type, attributes, scope });
      const told = changes.filter(({ objectKey }) => objectKey === objectKeys[0]);
      expect(
        told.map(({ body }) => `${body.verb} by ${body.actor.name} via ${body.actor.via}`),
        `${type} ${objectKeys[0]}`,
      ).toEqual(expect.arrayContaining(['create by ci-4711 via terraform', 'update by alice via console']));
    }
  });

  test('for the CloudTrail source, every call of every type touches the object that its Terraform resource is', async () => {
    const unlike: string[] = [];
    let changes = 0;
    /** What was done to have a whole is not about its part. */
    const forgetFeed = async (): Promise<void> => {
      await cloud.flush();
      rmSync(join(folder.path, 'trail'), { recursive: true, force: true });
    };
    for (const [type, { block }] of Object.entries(AWS.resources)) {
      const { made, whole } = await make(type, forgetFeed);
      const { id, attributes } = made;
      const rest = Object.entries(block.attributes ?? {})
        .filter(([name, one]) => name !== 'id' && one.optional && !one.force_new && one.type === 'string')
        .map(([name]) => [name, 'other']);
      for (const [name, value] of [...rest, ['tags', { team: 'net' }]] as [string, Json][])
        if (block.attributes?.[name]) await as('alice').update(type, id, { [name]: value });
      await as('bob').delete(type, id);
      await cloud.flush();
      const scope = { account: '123456789012', region: 'eu-central-1' };
      const { objectKeys, resourceId } = aws.identify({ org: 'default', type, attributes, scope });
      for (const record of mutating()) {
        const said = normalize(record, {
          org: 'default',
          attribution: attribution({ pipelines: [], applyIdentities: [] }),
        });
        if (!('changes' in said)) throw new Error(JSON.stringify(said));
        // A call may be told as several changes: of the part, and of what it is a part of.
        const telling = said.changes.filter(
          ({ objectKey, body }) =>
            objectKey === objectKeys[0] &&
            body.targets.some((target) => target.type === type && [null, resourceId].includes(target.id)),
        );
        changes += said.changes.length;
        if (telling.length === 0)
          unlike.push(
            `${type} ${String(record.eventName)}: ${said.changes.map((change) => change.objectKey).join()}, not ${objectKeys[0]}`,
          );
      }
      if (whole) await as('bob').delete(whole.type, whole.id);
      await forgetFeed();
    }
    expect(unlike).toEqual([]);
    expect(changes).toBeGreaterThan(3 * Object.keys(AWS.resources).length);
  });

  test('tells who did what with what, and which calls only read or failed', async () => {
    const { id } = await as('terraform', { userAgent: 'APN/1.0 Terraform/1.11.4' }).create(
      'aws_security_group',
      { name: 'web' },
    );
    const open = { from_port: 22, to_port: 22, protocol: 'tcp', cidr_blocks: ['0.0.0.0/0'] };
    await as('alice').update('aws_security_group', id, { ingress: [open] });
    await as('alice').read('aws_security_group', id);
    await as('bob')
      .delete('aws_security_group', 'sg-0')
      .catch(() => undefined);
    await cloud.flush();
    const told = delivered().map((record) => {
      const { userIdentity, eventName, readOnly, errorCode, sourceIPAddress, sessionCredentialFromConsole } =
        record;
      const who = String((userIdentity as JsonObject).arn)
        .split('/')
        .at(-1);
      return [who, eventName, readOnly, errorCode, sourceIPAddress, sessionCredentialFromConsole].join(' ');
    });
    expect(told.sort()).toEqual([
      'alice AuthorizeSecurityGroupIngress false  198.51.100.7 true',
      'alice DescribeSecurityGroups true  198.51.100.7 true',
      'bob DeleteSecurityGroup false NotFound 198.51.100.8 ',
      'ci-4711 CreateSecurityGroup false  203.0.113.9 ',
    ]);
    const authorized = delivered().find((record) => record.eventName === 'AuthorizeSecurityGroupIngress')!;
    expect(authorized.requestParameters).toEqual({ groupId: id, ipPermissions: { items: [open] } });
    expect(new Set(delivered().map((record) => record.eventID)).size).toBe(4);
  });

  test('a change and its record are never apart: what a kill left undelivered is delivered by the next start', async () => {
    await cloud.close();
    await start({ feedDelayMs: 600_000 });
    await as('alice').create('aws_sqs_queue', QUEUE);
    expect(mutating()).toEqual([]);
    // Not closed: as after a kill.
    started.length = 0;
    await start();
    await vi.waitFor(() => expect(mutating()).toMatchObject([{ eventName: 'CreateQueue' }]));
  });

  test('holds no sensitive value', async () => {
    const secret = 'hunter2-hunter2-hunter2';
    const { id } = await as('terraform').create('aws_db_instance', {
      ...needed(AWS.resources.aws_db_instance!.block),
      password: secret,
    });
    await as('alice').update('aws_db_instance', id, { password: `${secret}-2` });
    await as('terraform').create('aws_lambda_function', {
      ...needed(AWS.resources.aws_lambda_function!.block),
      environment: [{ variables: { TOKEN: secret } }],
    });
    await cloud.flush();
    expect(mutating().length).toBe(3);
    expect(JSON.stringify([delivered(), await as('bob').calls()])).not.toContain(secret);
  });

  test('the journal has every call, of every cloud it pretends to be', async () => {
    const { id } = await as('terraform').create('digitalocean_droplet', {
      name: 'web',
      image: 'debian-13-x64',
      size: 's-1vcpu-1gb',
    });
    const { next } = await as('bob').calls();
    await as('bob').update('digitalocean_droplet', id, { size: 's-2vcpu-2gb' });
    expect((await as('bob').calls(next)).entries).toMatchObject([
      { principal: 'bob', operation: 'update', type: 'digitalocean_droplet', id, attributes: ['size'] },
    ]);
  });
});
