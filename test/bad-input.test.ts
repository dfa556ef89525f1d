// Bad input of every kind, on the running system: a clear error or a dead letter, nothing else lost, and it lives on.
import { randomBytes } from 'node:crypto';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../api/types.ts';
import { createTerraformClient } from '../compose/demo/terraform-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { openEmbeddedLog } from '../runtime/log/embedded-log.ts';
import { silent } from '../runtime/testing/loop.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { partitionOf } from '../schemas/index.ts';
import { writeNewerBody } from './testing/newer-body.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { type Declared, stateFile, stateOf } from './testing/states.ts';
import { CALLERS, deliveredAs, recordOf, writeTrail } from './testing/trail.ts';

const MAX_STATE_BYTES = 1 << 20;
const folder = temporaryFolder();
const trail = join(folder.path, 'trail');
const states = join(folder.path, 'states');
let system: Started;

const start = (): Promise<Started> =>
  startWhole(
    () => ({
      'terraform.states': [states],
      'terraform.pollMs': 200,
      'terraform.maxStateBytes': MAX_STATE_BYTES,
      'aws.cloudtrail': [trail],
      'aws.pollMs': 200,
    }),
    folder.path,
  );

beforeAll(async () => {
  for (const path of [trail, states]) mkdirSync(path);
  system = await start();
});
afterAll(async () => {
  await system?.stop();
  folder.remove();
});
afterEach(async () => {
  expect((await fetch(`${system.url}/healthz`)).status, 'it lives').toBe(200);
});

const topic = (name: string): Declared => ({
  type: 'aws_sns_topic',
  attributes: {
    id: `arn:aws:sns:eu-central-1:123456789012:${name}`,
    arn: `arn:aws:sns:eu-central-1:123456789012:${name}`,
    name,
  },
});
const keyOf = (name: string): string => `default/aws/123456789012/eu-central-1/sns-topic/${name}`;
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const text = (value: unknown): string => JSON.stringify(value);
const whole = text(stateOf([topic('a')]));

/** Name → what is sent, and what must be said of it. */
const HOSTILE_STATES: Record<string, [body: string | Buffer<ArrayBuffer>, says: RegExp]> = {
  truncated: [whole.slice(0, -40), /not JSON|truncated|ends/i],
  'not JSON': ['<html>502 Bad Gateway</html>', /not JSON/i],
  'random bytes': [randomBytes(4_096), /JSON|UTF-8|text/i],
  'a list': ['[1, 2, 3]', /state|object/i],

  'no version': ['{"serial":1,"lineage":"x"}', /version/],
  'nested 300 deep': [
    text(stateOf([topic('deep')])).replace('"name":"deep"', `"name":"deep","policy":${nested(300)}`),
    /deep|nest/i,
  ],
};

/** What real tools may write, and this version cannot read: taken and kept, for Terraform must not lose it. */
const UNREADABLE_STATES: Record<string, [body: string, says: RegExp]> = {
  'an old version': [text({ ...stateOf([]), version: 3 }), /format 3/],
  'a version to come': [text({ ...stateOf([]), version: 5 }), /format 5, which is newer/],
  encrypted: [
    text({
      serial: 1,
      lineage: '0d7a1cf0-5d3b-4e0b-9c0f-5a5f0f4c8a11',
      meta: { 'key_provider.pbkdf2.main': randomBytes(40).toString('base64') },
      encrypted_data: randomBytes(600).toString('base64'),
      encryption_version: 'v0',
    }),
    /encrypted/i,
  ],
};

describe('hostile states over http', () => {
  const post = (
    workspace: string,
    body: string | Buffer<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) =>
    fetch(`${system.url}/tfstate/${workspace}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.key}`, 'content-type': 'application/json', ...headers },
      body,
    });

  it.each(Object.entries(HOSTILE_STATES))(
    '%s: refused with what is wrong, nothing declared',
    async (name, [body, says]) => {
      const workspace = `hostile-${name.replaceAll(' ', '-')}`;
      const response = await post(workspace, body);
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      const problem = (await response.json()) as Problem;
      expect([400, 422], problem.detail).toContain(response.status);
      expect(problem.detail).toMatch(says);
      expect((await system.client.resources.list({ workspace })).items).toEqual([]);
    },
  );

  it.each(Object.entries(UNREADABLE_STATES))(
    '%s: kept, and said to be unreadable',
    async (name, [body, says]) => {
      const workspace = `unreadable-${name.replaceAll(' ', '-')}`;
      expect((await post(workspace, body)).status).toBe(200);
      const is = await until(
        'it',
        async () => (await system.client.workspaces.list({ q: workspace })).items[0],
      );
      expect(is).toMatchObject({ kind: 'unreadable', problem: expect.stringMatching(says), instances: 0 });
      const kept = await fetch(`${system.url}/tfstate/${workspace}`, {
        headers: { authorization: `Bearer ${system.key}` },
      });
      expect(await kept.text()).toBe(body);
    },
  );

  it('larger than allowed: 413, whether it says so before or not', async () => {
    const large = Buffer.alloc(MAX_STATE_BYTES + 1, ' ');
    const told = await post('large', large);
    expect(told.status).toBe(413);
    expect(((await told.json()) as Problem).detail).toMatch(/1048576|1 MiB|1\.0 MB|bytes/);
    const untold = await fetch(`${system.url}/tfstate/large`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system.key}`, 'content-type': 'application/json' },
      body: new ReadableStream({
        pull(controller) {
          controller.enqueue(large.subarray(0, 1 << 16));
        },
      }),
      duplex: 'half',
    } as RequestInit).then(
      ({ status }) => status,
      // The connection may be closed before the answer is read: more was still being sent.
      () => 413,
    );
    expect(untold).toBe(413);
  });

  it('with a checksum that does not fit: refused', async () => {
    const response = await post('checked', whole, { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' });
    expect(response.status).toBe(400);
    expect(((await response.json()) as Problem).detail).toMatch(/Content-MD5|checksum/i);
  });

  it('after all of them a good state is taken', async () => {
    await createTerraformClient({ url: system.url, key: system.key, who: 'me' }).apply(
      'good',
      stateOf([topic('good'), topic('other')]),
    );
    await until(
      'it',
      async () => (await system.client.resources.list({ workspace: 'good' })).items.length === 2,
    );
  });
});

describe('hostile states in files', () => {
  it('each is a workspace that says what is wrong; a good one beside them is read', async () => {
    const hostile = { ...HOSTILE_STATES, ...UNREADABLE_STATES };
    for (const [name, [body]] of Object.entries(hostile))
      writeFileSync(join(states, `${name}.tfstate`), body);
    writeFileSync(join(states, 'large.tfstate'), Buffer.alloc(MAX_STATE_BYTES + 1, ' '));
    await stateFile(join(states, 'good-file.tfstate'), [topic('file')]);
    await until(
      'the good one',
      async () => (await system.client.resources.list({ workspace: 'good-file' })).items.length === 1,
    );
    const bad = [...Object.keys(hostile), 'large'];
    const workspaces = await until('the bad ones', async () => {
      const { items } = await system.client.workspaces.list({ limit: 100 });
      const found = items.filter(({ name }) => bad.includes(name));
      return found.length === bad.length && found;
    });
    for (const { name, problem, kind, instances } of workspaces) {
      expect(problem, name).toMatch(hostile[name]?.[1] ?? /large|bytes/i);
      expect({ kind, instances }, name).toEqual({ kind: 'unreadable', instances: 0 });
    }
  });

  it('one that was good before leaves what it declared, as unknown', async () => {
    await stateFile(join(states, 'decaying.tfstate'), [topic('decaying')]);
    const resource = async () => (await system.client.resources.list({ workspace: 'decaying' })).items[0];
    await until('it', resource);
    writeFileSync(join(states, 'decaying.tfstate'), whole.slice(0, -40));
    const unknown = await until('it to be unknown', async () => {
      const is = await resource();
      return is?.status === 'unknown' && is.statusReason !== null && /state/.test(is.statusReason) && is;
    });
    expect(unknown.statusReason).toMatch(/state/);
    await stateFile(join(states, 'decaying.tfstate'), [topic('decaying')]);
    await until(
      'it to be whole again',
      async () => (await system.client.workspaces.get('decaying')).problem === null,
    );
  });
});

describe('garbage among CloudTrail files', () => {
  it('each becomes a dead letter that names the file; the good files are read', async () => {
    const good = recordOf({
      id: 'good-call',
      at: 1,
      source: 'sns',
      name: 'SetTopicAttributes',
      req: { topicArn: String(topic('good').attributes.arn), attributeName: 'Policy' },
      by: CALLERS.alice,
    });
    const bomb = gzipSync(Buffer.concat([Buffer.from('{"Records":[{"a":"'), Buffer.alloc(64 << 20, 'a')]), {
      level: 9,
    });
    expect(bomb.length).toBeLessThan(1 << 20);
    const files: Record<string, string | Buffer> = {
      'random.json': randomBytes(10_000),
      'random.json.gz': randomBytes(10_000),
      'page.json': '<html></html>',
      'bomb.json.gz': bomb,
      'cut.json': text({ Records: [good] }).slice(0, 200),
      'cut.json.gz': gzipSync(text({ Records: [good, good, good] })).subarray(0, 300),
      'large-record.json': text({
        Records: [{ ...good, eventID: 'large', requestParameters: { x: 'y'.repeat(2 << 20) } }],
      }),
      'no-record.json': text({
        Records: [{ eventName: 5 }, { ...good, eventTime: 'yesterday', eventID: 'x' }],
      }),
      'deep.json': `{"Records":[{"requestParameters":${nested(20_000)}}]}`,
    };
    for (const [name, body] of Object.entries(files)) {
      writeFileSync(join(trail, name), body);
      // Nobody is still writing it.
      utimesSync(join(trail, name), 1_700_000_000, 1_700_000_000);
    }
    writeFileSync(join(trail, 'empty.json'), '');
    await writeTrail(trail, { [deliveredAs(1)]: [good] });
    await until(
      'the good call',
      async () => (await system.client.changes.list({ operation: 'SetTopicAttributes' })).items.length === 1,
    );
    const letters = await until('the letters', async () => {
      const { items } = await system.client.system.deadLetters({ limit: 100 });
      return (
        Object.keys(files).every((name) => items.some(({ reason }) => reason.includes(`/${name}:`))) && items
      );
    });
    for (const { reader, code, reason } of letters)
      expect([reader, code], reason).toEqual(['aws-cloudtrail-files', 'DM_INPUT_INVALID']);
    expect(letters.find(({ reason }) => reason.includes('bomb'))?.reason).toMatch(
      /decompresses to more than/,
    );
    const [drift] = await until('the drift', async () => {
      const { items } = await system.client.drifts.list();
      return items.length > 0 && items;
    });
    expect(drift).toMatchObject({
      type: 'aws_sns_topic',
      workspace: 'good',
      actors: [{ eventIds: ['good-call'] }],
    });
    expect((await system.client.system.ready()).ready).toBe(true);
  });
});

describe('bad API parameters', () => {
  const CASES: [path: string, ...named: string[]][] = [
    [
      '/api/v1/drifts?status=opened&severity=huge&limit=0&colour=red',
      'query.status',
      'query.severity',
      'query.limit',
      'query.colour',
    ],
    ['/api/v1/drifts?limit=501&cursor=', 'query.limit', 'query.cursor'],
    ['/api/v1/drifts?ignored=perhaps', 'query.ignored'],
    ['/api/v1/resources?status=lost', 'query.status'],
    ['/api/v1/changes?since=yesterday&verb=eat&via=fax', 'query.since', 'query.verb', 'query.via'],
    [`/api/v1/resources/${encodeURIComponent(keyOf('good'))}?at=2026-99-01`, 'query.at'],
    ['/api/v1/workspaces/good/drifts?at=now', 'query.at'],
    ['/api/v1/coverage?status=maybe', 'query.status'],
    ['/api/v1/events?kinds=rumour', 'query.kinds'],
    ['/api/v1/analytics/exposure?since=soon', 'query.since'],
  ];
  const authorization = () => ({ authorization: `Bearer ${system.key}` });

  it.each(CASES)('%s: 400, naming each', async (path, ...named) => {
    const response = await fetch(system.url + path, { headers: authorization() });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    const problem = (await response.json()) as Problem;
    expect(problem.code).toBe('dm_input_invalid');
    // An item of a list is named by its place.
    expect([...new Set(problem.errors?.map((error) => error.path.replace(/\.\d+$/, '')))].sort()).toEqual(
      named.toSorted(),
    );
  });

  it('a cursor that no page gave out: 400, saying so', async () => {
    for (const cursor of ['not-a-cursor', 'WzEsMiwzXQ', '%00']) {
      const response = await fetch(`${system.url}/api/v1/drifts?cursor=${cursor}`, {
        headers: authorization(),
      });
      expect(response.status, cursor).toBe(400);
      expect(((await response.json()) as Problem).detail).toContain('cursor');
    }
  });

  it('bodies: what is missing, what is too much and what is no JSON', async () => {
    const [drift] = (await system.client.drifts.list()).items;
    const send = async (body: string) => {
      const response = await fetch(`${system.url}/api/v1/drifts/${drift!.id}/accept`, {
        method: 'POST',
        headers: { ...authorization(), 'content-type': 'application/json' },
        body,
      });
      return { status: response.status, problem: (await response.json()) as Problem };
    };
    const wrong = await send('{"until":"tomorrow","why":"because"}');
    expect(wrong.status).toBe(400);
    expect(wrong.problem.errors?.map(({ path }) => path).sort()).toEqual([
      'body.reason',
      'body.until',
      'body.why',
    ]);
    for (const body of ['{"reason":', nested(100_000), '']) expect((await send(body)).status).toBe(400);
    expect((await send(text({ reason: 'x'.repeat(2 << 20) }))).status).toBe(413);
    expect((await system.client.drifts.get(drift!.id)).status).toBe('open');
  });

  it('what is not there is 404, and says so', async () => {
    for (const path of [
      '/api/v1/drifts/drf_none',
      '/api/v1/workspaces/none',
      '/api/v1/nothing',
      '/api/v1/requests/none',
    ]) {
      const response = await fetch(system.url + path, { headers: authorization() });
      expect(response.status, path).toBe(404);
      expect(((await response.json()) as Problem).code, path).toBe('dm_not_found');
    }
  });
});

describe('bytes in a topic that are no event', () => {
  it('become a dead letter for each reader, and their object is unknown; the records after them are read', async () => {
    const { log } = system.running.adapters;
    const objectKey = keyOf('good');
    const key = [objectKey, 'aws_sns_topic', String(topic('good').attributes.id), 'someone'].join('\u001f');
    await log.append([
      {
        topic: 'driftmgr.observations',
        partition: partitionOf(objectKey, log.partitions),
        key,
        value: Buffer.from('\u0000no event at all'),
      },
    ]);
    const letters = await until('the letters', async () => {
      const { items } = await system.client.system.deadLetters({ limit: 100 });
      const undecodable = items.filter(({ code }) => code === 'DM_EVENT_UNDECODABLE');
      return undecodable.some(({ reader }) => reader === 'drift') && undecodable;
    });
    for (const letter of letters)
      expect(letter).toMatchObject({
        topic: 'driftmgr.observations',
        objectKey,
        recordKey: key,
        blob: expect.any(String),
      });
    const unknown = await until('the object to be unknown', async () => {
      const [resource] = (await system.client.resources.list({ objectKey })).items;
      return /dead letters/.test(resource?.statusReason ?? '') && resource;
    });
    expect(unknown).toMatchObject({ status: 'unknown', workspace: 'good' });
    const gap = (await system.client.coverage.list({ provider: 'aws', limit: 500 })).items.find(
      ({ type }) => type === 'aws_sns_topic',
    );
    expect(gap?.status).toBe('unknown');
    expect(gap?.reasons.join()).toMatch(/could not be processed/);

    // Given another try, it is as undecodable as before: under the same key, in the same partition.
    const [letter] = letters;
    expect(await system.client.system.replayDeadLetters([letter!.id])).toEqual({ replayed: 1, skipped: [] });
    await until('it to be refused again', async () => {
      const { items } = await system.client.system.deadLetters({ limit: 100 });
      return items.some(
        ({ recordKey, offset, partition }) =>
          recordKey === key && partition === letter!.partition && offset! > letter!.offset!,
      );
    });

    await createTerraformClient({ url: system.url, key: system.key, who: 'me' }).apply(
      'later',
      stateOf([topic('later')]),
    );
    await until(
      'what came later',
      async () => (await system.client.resources.list({ workspace: 'later' })).items[0],
    );
    expect((await system.client.system.ready()).ready).toBe(true);
    expect((await system.client.system.get()).deadLetters).toBeGreaterThan(9);
  });
});

describe('an event of a newer version in the log', () => {
  it('stops its readers with a clear message, and nothing else', async () => {
    await system.stop();
    const log = await openEmbeddedLog({
      directory: join(system.data, 'log'),
      partitions: 2,
      clock: systemClock,
      logger: silent,
    });
    await writeNewerBody(log, join(system.data, 'registry.json'));
    await log.close();

    system = await start();
    const response = await until('it to say so', async () => {
      const answer = await fetch(`${system.url}/readyz`);
      return answer.status === 503 && answer;
    });
    const { ready, reasons } = (await response.json()) as { ready: boolean; reasons: string[] };
    expect(ready).toBe(false);
    const newer = /io\.driftmgr\.ResourceGuessed, which is newer than this process: upgrade this process/;
    expect(reasons.filter((reason) => !newer.test(reason))).toEqual([]);
    expect(reasons.map((reason) => reason.split(':')[0]).sort()).toEqual([
      'coverage',
      'drift',
      'resource-versions',
      'resources',
    ]);
    const { reasons: told, readers } = await system.client.system.get();
    expect(told).toEqual(reasons);

    // What was known is still told, what others read goes on, and nothing was lost or passed over.
    expect((await system.client.drifts.list()).items).toHaveLength(1);
    await createTerraformClient({ url: system.url, key: system.key, who: 'me' }).apply(
      'afterwards',
      stateOf([topic('afterwards')]),
    );
    await until(
      'the workspace',
      async () => (await system.client.workspaces.list({ q: 'afterwards' })).items[0],
    );
    expect(readers.find(({ name }) => name === 'drift')?.lag).toBeGreaterThan(0);
    expect(readers.find(({ name }) => name === 'workspaces')?.lag).toBe(0);
    expect(
      (await system.client.system.deadLetters({ limit: 100 })).items.filter(
        ({ code }) => code === 'DM_EVENT_NEWER',
      ),
    ).toEqual([]);
  });
});
