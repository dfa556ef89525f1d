// Uploads of configurations, by the API and the command line: what is taken, refused, written to the log and shown.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Value from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testCodec } from '../../runtime/testing/codec.ts';
import { eventOf, TEST_TIME } from '../../runtime/testing/events.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { run } from '../cli/testing.ts';
import { createHarness, type Harness } from '../testing/harness.ts';
import { type ConfigurationBody, type ConfigurationJson, ConfigurationSchema } from '../types.ts';

let harness: Harness;
let ci: string;
let reader: string;
let url: string;
const folder = temporaryFolder();
beforeAll(async () => {
  harness = await createHarness();
  ci = await harness.keyWith(['configuration:write'], ['prod*']);
  reader = await harness.keyWith(['read']);
  url = await harness.app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await harness.close();
  folder.remove();
});

const BODY: ConfigurationBody = {
  revision: '3f2c9d1',
  blocks: [
    {
      address: 'module.net.aws_x.y',
      sets: ['a', 'a.b'],
      ignores: ['*'],
      complete: true,
      provider: 'aws.east',
    },
    { address: 'aws_x.z', sets: [], ignores: [], complete: false, provider: null },
  ],
  providers: [
    {
      module: '',
      name: 'aws',
      alias: 'east',
      source: null,
      region: 'r-1',
      account: null,
      role: null,
      unknown: [],
    },
  ],
  moves: [{ from: 'aws_x.old', to: null }],
  problems: ['module.gone is not known: it is not installed'],
};
const put = (workspace: string, body: object, key = ci) =>
  harness.app.inject({
    method: 'PUT',
    url: `/api/v1/workspaces/${workspace}/configuration`,
    headers: { authorization: `Bearer ${key}` },
    payload: body,
  });
const get = (workspace: string, key = reader) =>
  harness.app.inject({
    url: `/api/v1/workspaces/${workspace}/configuration`,
    headers: { authorization: `Bearer ${key}` },
  });

/** Events of the workspace in the log, by partition. */
async function logged(workspace: string) {
  const all = await Promise.all(
    Array.from({ length: harness.log.partitions }, async (_, partition) => {
      const { records } = await harness.log.read('driftmgr.declarations', partition, 0, {
        records: 1_000,
        bytes: 1 << 24,
      });
      return records.map(({ value }) => testCodec().decode('driftmgr.declarations', value!));
    }),
  );
  return all.map((events) =>
    events.flatMap((event) =>
      event.type === 'configuration.published' && event.body.workspace === workspace ? [event] : [],
    ),
  );
}

describe('an upload', () => {
  it('stands in every partition, who made it too, and is shown at once', async () => {
    const answer = await put('prod', BODY);
    expect(answer.statusCode, answer.body).toBe(200);
    const told = answer.json<ConfigurationJson>();
    expect(Value.Check(ConfigurationSchema, told)).toBe(true);
    expect(told).toMatchObject({
      workspace: 'prod',
      revision: '3f2c9d1',
      by: 'upload by configuration:write',
      blocks: 2,
      incomplete: 1,
      moves: 1,
    });
    expect((await get('prod')).json()).toEqual(told);
    const partitions = await logged('prod');
    expect(partitions).toHaveLength(harness.log.partitions);
    for (const events of partitions) {
      expect(events).toHaveLength(1);
      expect(events[0]!.body).toEqual({ ...BODY, workspace: 'prod', by: 'upload by configuration:write' });
    }
    expect(new Set(partitions.map(([event]) => event!.id)).size).toBe(1);
  });

  it('the newest counts, also when an older one comes later', async () => {
    await put('prod-2', { ...BODY, revision: 'one' });
    await put('prod-2', { ...BODY, revision: 'two', blocks: [] });
    const older = eventOf(
      'configuration.published',
      { ...BODY, revision: 'zero', workspace: 'prod-2', by: 'a checkout' },
      { time: TEST_TIME - 1e9, objectKey: null },
    );
    await harness.feed(older);
    expect((await get('prod-2')).json()).toMatchObject({ revision: 'two', blocks: 0 });
  });

  it('needs its scope, and the workspace', async () => {
    expect((await put('prod', BODY, reader)).statusCode).toBe(403);
    expect((await put('other', BODY)).statusCode).toBe(403);
    expect((await put('prod', BODY, 'nothing')).statusCode).toBe(401);
    expect((await get('prod', ci)).statusCode).toBe(403);
    expect((await get('unheard-of')).statusCode).toBe(404);
    const other = await harness.keyWith(['read'], ['dev-*']);
    expect((await get('prod', other)).statusCode).toBe(403);
    expect((await logged('other')).flat()).toEqual([]);
  });

  it.each<[string, object]>([
    ['a value', { ...BODY, blocks: [{ ...BODY.blocks[0], values: { a: 'hunter2' } }] }],
    ['no blocks', { ...BODY, blocks: undefined }],
    ['a path that is none', { ...BODY, blocks: [{ ...BODY.blocks[0], sets: [1] }] }],
    ['a path that is too long', { ...BODY, blocks: [{ ...BODY.blocks[0], sets: ['x'.repeat(1_001)] }] }],
    [
      'too many paths',
      { ...BODY, blocks: [{ ...BODY.blocks[0], sets: Array.from({ length: 2_001 }, String) }] },
    ],
    ['too many problems', { ...BODY, problems: Array.from({ length: 201 }, String) }],
  ])('with %s is refused', async (_, body) => {
    const answer = await put('prod-refused', body);
    expect(answer.statusCode).toBe(400);
    expect((await logged('prod-refused')).flat()).toEqual([]);
  });

  it('that is too large is refused before it is read', async () => {
    const answer = await put('prod-large', { ...BODY, problems: ['x'.repeat(9 << 20)] });
    expect(answer.statusCode).toBe(413);
  });
});

describe('driftmgr configuration', () => {
  const cli = (...argv: string[]) =>
    run(['configuration', ...argv], { environment: { DRIFTMGR_URL: url, DRIFTMGR_API_KEY: ci } });
  const root = join(folder.path, 'root');
  beforeAll(() => {
    mkdirSync(root);
    writeFileSync(
      join(root, 'main.tf'),
      `provider "aws" { region = "eu-1" }
       resource "aws_db" "x" {
         password = "hunter2-hunter2"
         tags = { "a b" = "hunter2-hunter2" }
         lifecycle { ignore_changes = [password] }
       }
       module "gone" { source = "acme/gone" }`,
    );
  });

  it('publish reads here and sends what is set, never a value', async () => {
    const { out, err, code } = await cli('publish', '--workspace', 'prod-cli', root, '--revision', 'v1');
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^module\.gone is not known: .*run terraform init\n$/),
    ]);
    expect(out).toContain('prod-cli: configuration known as of v1\n');
    expect(out).toContain('1 resource blocks; 1 provider blocks; 0 moves');
    const [event] = (await logged('prod-cli')).flat();
    expect(event!.body.blocks).toEqual([
      {
        address: 'aws_db.x',
        sets: ['password', 'tags', 'tags["a b"]'],
        ignores: ['password'],
        complete: true,
        provider: 'aws',
      },
    ]);
    expect(JSON.stringify([event, harness.logged])).not.toContain('hunter2');
  });

  it('publish sends nothing that the server would refuse, however odd the files are', async () => {
    const odd = join(folder.path, 'odd');
    mkdirSync(odd);
    const name = 'n'.repeat(2_100);
    writeFileSync(
      join(odd, 'main.tf'),
      `resource "aws_x" "${name}" {}
       moved {
         from = aws_x.${name}
         to = aws_x.y
       }
       provider "aws" { region = "${'r'.repeat(600)}" }
       resource "aws_x" "y" {
         tags = { "${'k'.repeat(1_100)}" = 1, "" = 2, "\\n" = 3 }
         many = {
           ${Array.from({ length: 2_100 }, (_, i) => `"a.b ${i}" = 1`).join('\n')}
         }
         lifecycle { ignore_changes = [tags["${'k'.repeat(1_100)}"], tags[""]] }
       }
       module "${'m'.repeat(5_000)}" { source = "./nowhere" }`,
    );
    const { err, code } = await cli('publish', '--workspace', 'prod-odd', odd);
    expect([code, err]).toEqual([0, expect.stringContaining('1 resource blocks are left out')]);
    const [event] = (await logged('prod-odd')).flat();
    expect(event!.body).toMatchObject({ moves: [], providers: [{ region: null, unknown: ['region'] }] });
    expect(event!.body.blocks).toMatchObject([
      { address: 'aws_x.y', ignores: ['tags[""]'], complete: false },
    ]);
    expect(event!.body.blocks[0]!.sets).toHaveLength(2_000);
  });

  it('publish --dry-run prints what would be sent, and asks no server', async () => {
    const offline = { environment: { DRIFTMGR_URL: 'http://127.0.0.1:1' } };
    const { out, code } = await run(
      ['configuration', 'publish', '--workspace', 'w', root, '--dry-run'],
      offline,
    );
    expect(code).toBe(0);
    expect(out).toBe(
      'revision unknown\n\naws_db.x  (provider aws)\n  sets     password tags tags["a b"]\n  ignores  password\n\nprovider aws\n  region eu-1\n',
    );
    const json = await run(
      ['configuration', 'publish', '--workspace', 'w', root, '--dry-run', '-o', 'json'],
      offline,
    );
    expect(JSON.parse(json.out)).toMatchObject({ revision: null, blocks: [{ address: 'aws_db.x' }] });
  });

  it('publish --strict publishes nothing when a part cannot be read; a folder without .tf files is a mistake', async () => {
    const strict = await cli('publish', '--workspace', 'prod-strict', root, '--strict');
    expect([strict.code, strict.err]).toEqual([
      1,
      expect.stringContaining('1 parts cannot be read: nothing was published'),
    ]);
    expect((await logged('prod-strict')).flat()).toEqual([]);
    const nothing = await cli('publish', '--workspace', 'prod-strict', join(folder.path, 'nowhere'));
    expect([nothing.code, nothing.err]).toEqual([
      1,
      expect.stringContaining('nowhere: there is no such folder'),
    ]);
  });

  it('show tells what the server knows', async () => {
    const environment = { DRIFTMGR_URL: url, DRIFTMGR_API_KEY: reader };
    const { out } = await run(['configuration', 'show', 'prod'], { environment });
    expect(out).toContain('prod: configuration known as of 3f2c9d1\n');
    expect(out).toContain('2 resource blocks, 1 of them not fully known; 1 provider blocks; 1 moves\n');
    expect(out).toContain('  unknown: module.gone is not known: it is not installed\n');
  });
});
