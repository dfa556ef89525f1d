// Promise 4: no secret leaves. What Terraform, the feeds and the API were told in confidence is looked for everywhere: in
// every file, in what was logged, in every event, table and answer, in all the forms it may have been written in.
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CreatedKey } from '../api/types.ts';
import { createTerraformClient } from '../compose/demo/terraform-client.ts';
import {
  type StandIn,
  sampleEstate,
  sampleState,
  startStandIn,
  TOKEN,
} from '../producers/digitalocean/stand-in.ts';
import { TOPICS } from '../schemas/index.ts';
import { filesBelow, formsIn, formsOf } from './testing/leaks.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { stateFile, stateOf } from './testing/states.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';
import { CALLERS, type Call, deliveredAs, recordOf, writeTrail } from './testing/trail.ts';

const binary = findTerraform();

/** Spelled so that escaping it for JSON, for HTML in JSON and for base64 each changes it. */
const SECRET = 'Tr0ub4dor"&<3\\correct horse/é battery+staple';
const ROTATED = 'rotated-9f8e7d6c5b4a-by-nobody-known';
const DIGITALOCEAN = 'registry.terraform.io/digitalocean/digitalocean';
/** What the pretend cloud and its states hold. */
const DATABASE_PASSWORDS = ['wv78n3zpz42xezdk', 'k2zpz42xezdkwv78', 'jge5lfxtzhx42iff'];
const IN_STATE_FILE = 'file-state-db-pa55word-77310';
const IN_CLOUDTRAIL = 'cloudtrail-env-s3cret-41288';
const IN_GARBAGE = 'garbage-held-s3cret-90817';
const WRONG_KEY = 'dmk_aaaaaaaaaaaa_wrong-but-nobodys-business-to-know';

let cloud: StandIn;
let system: Started;
/** The key that may read states, and one that may not. */
let reader: CreatedKey;
let narrow: CreatedKey;
/** Everything the live stream ever sent. */
let streamed = '';
const stop = new AbortController();

beforeAll(async () => {
  cloud = await startStandIn(sampleEstate());
  cloud.limit = 5_000_000;
  system = await startWhole((directory) => {
    for (const name of ['trail', 'states']) mkdirSync(join(directory, name));
    return {
      'terraform.states': [join(directory, 'states')],
      'terraform.pollMs': 200,
      'aws.cloudtrail': [join(directory, 'trail')],
      'aws.pollMs': 200,
      'digitalocean.token': TOKEN,
      'digitalocean.url': cloud.url,
      'digitalocean.everyMs': 3_600_000,
      'detector.graceMs': 0,
    };
  });
  void listen();
  reader = await system.client.keys.create({ name: 'reader', scopes: ['tfstate:read', 'tfstate:write'] });
  narrow = await system.client.keys.create({ name: 'narrow', scopes: ['admin'] });
});
afterAll(async () => {
  stop.abort();
  await system?.stop();
  await cloud?.close();
});

async function listen(): Promise<void> {
  const response = await fetch(`${system.url}/api/v1/events`, {
    headers: { authorization: `Bearer ${system.key}` },
    signal: stop.signal,
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body!) streamed += decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}

const basic = (key: string): string => `Basic ${Buffer.from(`anyone:${key}`).toString('base64')}`;
const getState = (key: string): Promise<Response> =>
  fetch(`${system.url}/tfstate/prod`, { headers: { authorization: basic(key) } });

const COPIES = `
  variable "secret" {
    type      = string
    sensitive = true
  }
  resource "terraform_data" "plain" {
    input = nonsensitive(var.secret)
  }
  resource "terraform_data" "inside" {
    input = "postgres://app:\${nonsensitive(var.secret)}@db.internal:5432/orders?sslmode=require"
  }
  resource "terraform_data" "encoded" {
    input = base64encode(nonsensitive(var.secret))
  }
  resource "terraform_data" "encoded_inside" {
    input = "Authorization: Basic \${base64encode("app:\${nonsensitive(var.secret)}")} (for ever)"
  }
  resource "terraform_data" "document" {
    input = jsonencode({ connection = { user = "app", password = nonsensitive(var.secret) }, size = 3 })
  }
  resource "terraform_data" "document_encoded" {
    input = base64encode(jsonencode({ password = nonsensitive(var.secret) }))
  }
  resource "terraform_data" "deep" {
    input = { a = [{ b = { "c" = ["x", nonsensitive(var.secret)] } }] }
  }
  resource "terraform_data" "harmless" {
    input = "nothing to see"
  }
`;
const MARKED = `
  resource "terraform_data" "one" {
    input            = { password = var.secret, size = 1 }
    triggers_replace = [nonsensitive(var.secret)]
  }
  output "connection" {
    value     = "app:\${var.secret}"
    sensitive = true
  }`;

describe.runIf(binary !== null)(`with ${binary}: a sensitive variable and its computed copies`, () => {
  let terraform: Terraform;
  /** After each step that wrote or locked: how long until the API showed it, milliseconds. */
  const shown: number[] = [];

  beforeAll(() => {
    terraform = terraformIn(join(system.directory, 'terraform'), {
      binary: binary!,
      address: `${system.url}/tfstate/prod`,
      key: reader.key,
      variables: { secret: SECRET },
    });
  });

  const workspace = () => system.client.workspaces.get('prod');
  const apply = (...args: string[]) => terraform.run('apply', '-auto-approve', ...args);
  const addresses = async (): Promise<string[]> =>
    (await system.client.resources.list({ workspace: 'prod', limit: 500 })).items
      .map(({ address }) => address)
      .sort();

  /** Until the API shows what the command that just ended has left in the state. */
  async function visible(serial: number, instances: number): Promise<void> {
    const ended = performance.now();
    await until(`serial ${serial} with ${instances} instances`, async () => {
      // Before the first of them is shown there is no such workspace.
      const [is] = (await system.client.workspaces.list({ q: 'prod' })).items;
      return is?.serial === serial && is.run === null && (await addresses()).length === instances;
    });
    shown.push(performance.now() - ended);
  }
  const stateNow = async () => (await (await getState(reader.key)).json()) as { serial: number };

  it('an apply is visible, and its secrets are not', async () => {
    terraform.configure(COPIES + MARKED);
    await terraform.run('init');
    await apply();
    await visible((await stateNow()).serial, 9);
    expect((await addresses()).filter((address) => !address.startsWith('terraform_data.'))).toEqual([]);
    const harmless = (await system.client.resources.list({ address: 'terraform_data.harmless' })).items[0]!;
    const { declarations } = await system.client.resources.get(harmless.objectKey);
    expect(JSON.stringify(declarations[0]!.attributes)).toContain('nothing to see');
  });

  it('planning opens no run, and a refresh without a change writes nothing', async () => {
    const before = await workspace();
    await terraform.run('plan');
    await apply('-refresh-only');
    const after = await until('the run to be over', async () => {
      const is = await workspace();
      return is.run === null && is;
    });
    expect(after.serial).toBe(before.serial);
  });

  it('a failing apply, a move, a removal and an import are visible, too', async () => {
    terraform.configure(
      `${COPIES}${MARKED}
      resource "terraform_data" "fails" {
        input = "wrong: \${nonsensitive(var.secret)}"
        provisioner "local-exec" {
          command = "echo \${base64encode(nonsensitive(var.secret))} >&2; exit 3"
        }
      }`,
    );
    expect((await terraform.attempt('apply', '-auto-approve')).code).toBe(1);
    await visible((await stateNow()).serial, 10);
    await terraform.run('state', 'mv', 'terraform_data.plain', 'terraform_data.moved');
    await visible((await stateNow()).serial, 10);
    await terraform.run('state', 'rm', 'terraform_data.harmless');
    await visible((await stateNow()).serial, 9);
    await terraform.run('import', 'terraform_data.harmless', 'imported-id');
    await visible((await stateNow()).serial, 10);
    expect(await addresses()).toContain('terraform_data.moved');
  });

  it('copies stay hidden when what was marked sensitive leaves the state before them', async () => {
    terraform.configure(COPIES);
    await terraform.run('state', 'rm', 'terraform_data.one');
    await apply();
    await visible((await stateNow()).serial, 8);
  });

  it('a rotated secret is a change, and the old one is not found either', async () => {
    terraform = terraformIn(join(system.directory, 'terraform'), {
      binary: binary!,
      address: `${system.url}/tfstate/prod`,
      key: reader.key,
      variables: { secret: ROTATED },
    });
    const before = (await stateNow()).serial;
    terraform.configure(COPIES + MARKED);
    await apply();
    const { serial } = await stateNow();
    expect(serial).toBeGreaterThan(before);
    await visible(serial, 9);
  });

  it('a second terraform is refused while the workspace is locked', async () => {
    const lock = { ID: 'held-by-a-test', Operation: 'OperationTypeApply', Info: '', Who: 'me@here' };
    const send = (method: string) =>
      fetch(`${system.url}/tfstate/prod`, {
        method,
        headers: { authorization: basic(reader.key), 'content-type': 'application/json' },
        body: JSON.stringify(lock),
      });
    expect((await send('LOCK')).status).toBe(200);
    const refused = await terraform.attempt('apply', '-auto-approve', '-no-color');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('held-by-a-test');
    expect((await send('UNLOCK')).status).toBe(200);
  });

  it('only a key with tfstate:read gets the state, with everything in it', async () => {
    const state = await (await getState(reader.key)).text();
    expect(formsIn(state, formsOf(ROTATED)).length).toBeGreaterThan(2);
    const refused = await getState(narrow.key);
    expect(refused.status).toBe(403);
    expect(await refused.text()).not.toContain(ROTATED);
  });

  it('a destroy leaves nothing declared', async () => {
    await terraform.run('destroy', '-auto-approve');
    await visible((await stateNow()).serial, 0);
  });

  it('every step was visible within a second', () => {
    const sorted = shown.toSorted((a, b) => a - b);
    process.stdout.write(
      `terraform: ${shown.length} steps visible after ${sorted.map((ms) => Math.round(ms)).join(', ')} ms\n`,
    );
    expect(sorted[sorted.length >> 1]).toBeLessThan(1_000);
    expect(sorted.at(-1)).toBeLessThan(3_000);
  });
});

describe('secrets that come by other ways', () => {
  it('in a state file, in the pretend cloud and its state', async () => {
    await stateFile(join(system.directory, 'states', 'files.tfstate'), [
      {
        type: 'aws_db_instance',
        attributes: {
          id: 'orders',
          identifier: 'orders',
          arn: 'arn:aws:rds:eu-central-1:123456789012:db:orders',
          password: IN_STATE_FILE,
          tags: { Connection: `mysql://root:${IN_STATE_FILE}@orders/` },
        },
      },
      {
        type: 'aws_sns_topic',
        attributes: {
          id: 'arn:aws:sns:eu-central-1:123456789012:t',
          policy: JSON.stringify({ Sid: IN_STATE_FILE }),
        },
      },
    ]);
    const declared = Object.entries(sampleState()).flatMap(([type, instances]) =>
      instances.map((attributes) => ({ type, attributes })),
    );
    const client = createTerraformClient({ url: system.url, key: reader.key, who: 'ci@runner' });
    await client.apply('edge', stateOf(declared, DIGITALOCEAN));
    cloud.estate['/v2/databases']![0]!.connection = {
      ...(cloud.estate['/v2/databases']![0]!.connection as object),
      password: ROTATED,
    };
    expect(await system.client.snapshots.request({ provider: 'digitalocean' })).toMatchObject({
      status: 'done',
    });
    // Rotated by someone: the keyed fingerprints differ, and that is all there is to see.
    const drift = await until(
      'the drift',
      async () => (await system.client.drifts.list({ workspace: 'edge' })).items[0],
    );
    expect(drift).toMatchObject({ type: 'digitalocean_database_cluster', confidence: 'confirmed' });
    expect(drift.differences.find(({ path }) => path === 'password')).toMatchObject({
      declared: { $secret: expect.any(String) },
      observed: { $secret: expect.any(String) },
    });
    await until('the file', async () => (await system.client.workspaces.list({ q: 'files' })).items[0]);
  });

  it('in the parameters of calls, and in files that are damaged', async () => {
    const environment = { variables: { TOKEN: IN_CLOUDTRAIL } };
    const base64 = Buffer.from(`#!/bin/sh\nexport PASSWORD=${IN_CLOUDTRAIL}\n`).toString('base64');
    const calls: Omit<Call, 'at' | 'by'>[] = [
      {
        id: 'env',
        source: 'lambda',
        name: 'UpdateFunctionConfiguration20150331v2',
        req: { functionName: 'f', environment },
      },
      {
        id: 'data',
        source: 'ec2',
        name: 'RunInstances',
        req: { userData: base64 },
        resp: { instancesSet: { items: [{ instanceId: 'i-0123456789abcdef0' }] } },
      },
      {
        id: 'odd',
        source: 'newservice',
        name: 'PutThing',
        req: { thingArn: 'arn:aws:newservice:eu-central-1:123456789012:thing/1', password: IN_CLOUDTRAIL },
      },
      {
        id: 'db',
        source: 'rds',
        name: 'ModifyDBInstance',
        req: { dBInstanceIdentifier: 'orders', masterUserPassword: IN_CLOUDTRAIL },
      },
    ];
    await writeTrail(join(system.directory, 'trail'), {
      [deliveredAs(1)]: calls.map((call, at) => recordOf({ ...call, at, by: CALLERS.bob })),
    });
    const damaged = join(system.directory, 'trail', 'damaged.json');
    writeFileSync(damaged, `{"Records":[{"requestParameters":{"password":"${IN_GARBAGE}`);
    // Written long ago: nobody is still writing it.
    utimesSync(damaged, 1_700_000_000, 1_700_000_000);
    writeFileSync(join(system.directory, 'trail', 'none.json'), `password: ${IN_GARBAGE}`);
    writeFileSync(
      join(system.directory, 'trail', 'odd.json'),
      `{"Records":[{"eventID":5,"password":"${IN_GARBAGE}"},{"password":${IN_GARBAGE}}]}`,
    );
    writeFileSync(
      join(system.directory, 'states', 'damaged.tfstate'),
      `{"version":4,"serial":1,"password":"${IN_GARBAGE}",,}`,
    );
    const refused = await fetch(`${system.url}/tfstate/damaged`, {
      method: 'POST',
      headers: { authorization: basic(reader.key), 'content-type': 'application/json' },
      body: `{"version":4,"serial":1,"lineage":"x","password":"${IN_GARBAGE}" ${IN_GARBAGE}`,
    });
    expect(refused.status).toBe(422);
    expect(await refused.text()).not.toContain(IN_GARBAGE);
    await until('the changes', async () => (await system.client.changes.list()).items.length >= 4);
    const letters = await until('the dead letters', async () => {
      const { items } = await system.client.system.deadLetters();
      return items.length >= 4 && items;
    });
    expect(letters.map(({ reader, blob }) => [reader, blob !== null])).toEqual(
      letters.map(() => ['aws-cloudtrail-files', true]),
    );
  });

  it('in keys that are wrong', async () => {
    const bearer = { headers: { authorization: `Bearer ${WRONG_KEY}` } };
    expect((await fetch(`${system.url}/api/v1/drifts`, bearer)).status).toBe(401);
    expect((await getState(WRONG_KEY)).status).toBe(401);
  });
});

describe('none of them is found', () => {
  const secrets = (): [string, string[]][] => [
    ['the variable', formsOf(SECRET)],
    ['the rotated variable', formsOf(ROTATED)],
    ['the password in the state file', formsOf(IN_STATE_FILE)],
    ['what CloudTrail was told', formsOf(IN_CLOUDTRAIL)],
    ['what damaged files hold', formsOf(IN_GARBAGE)],
    ['the token of DigitalOcean', formsOf(TOKEN)],
    ['the wrong key', formsOf(WRONG_KEY)],
    ['the admin key', keyForms(system.key)],
    ['the key that reads states', keyForms(reader.key)],
    ['the narrow key', keyForms(narrow.key)],
    ...DATABASE_PASSWORDS.map((password): [string, string[]] => [
      `the password ${password}`,
      formsOf(password),
    ]),
  ];
  /** The id of a key is no secret. */
  const keyForms = (key: string): string[] => formsOf(key.split('_').slice(2).join('_'));
  const found = (bytes: Buffer | string): string[] =>
    secrets().flatMap(([name, forms]) => formsIn(bytes, forms).map((form) => `${name} as ${form}`));

  beforeAll(async () => {
    await system.settled();
  });

  it('the search itself finds what is there', () => {
    for (const text of [
      SECRET,
      JSON.stringify({ a: JSON.stringify(SECRET) }),
      Buffer.from(`x${SECRET}y`).toString('base64'),
      `Basic ${Buffer.from(`anyone:${reader.key}`).toString('base64')}`,
    ])
      expect(found(text).length, text).toBeGreaterThan(0);
    expect(found('nothing to see')).toEqual([]);
  });

  it('in any file of the data directory, but the admin key in its own', async () => {
    const leaks = filesBelow(system.data).flatMap(({ path, bytes }) =>
      found(bytes).map((leak) => `${relative(system.data, path)}: ${leak}`),
    );
    expect(leaks).toEqual([expect.stringMatching(/^admin\.key: the admin key as /)]);
  });

  it('in the encrypted store, where every state and every refused original lies', () => {
    const blobs = filesBelow(join(system.data, 'blobs'));
    expect(blobs.length).toBeGreaterThan(3);
    for (const { bytes } of blobs) {
      expect(formsIn(bytes, ['terraform_version', 'lineage', 'serial', 'Records'])).toEqual([]);
      // Encrypted bytes do not compress.
      expect(entropy(bytes)).toBeGreaterThan(bytes.length > 4_096 ? 7.9 : 6);
    }
  });

  it('in any line that was logged, at any level', () => {
    expect(system.logged.length).toBeGreaterThan(20);
    expect(found(system.logged.join(''))).toEqual([]);
  });

  it('in any record of any topic, as bytes or decoded', async () => {
    const { log, codec } = system.running.adapters;
    let records = 0;
    for (const { name } of TOPICS)
      for (let partition = 0; partition < log.partitions; partition++)
        for (let from = await log.start(name, partition); ; ) {
          const batch = await log.read(name, partition, from, { records: 1_000, bytes: 1 << 24 });
          if (batch.next === from) break;
          from = batch.next;
          for (const { key, value } of batch.records) {
            records++;
            const event = value === null ? null : JSON.stringify(codec.decode(name, value));
            for (const text of [key, value, event])
              if (text !== null) expect(found(text), `${name} ${key}`).toEqual([]);
          }
        }
    expect(records).toBeGreaterThan(100);
  });

  it('in any row of any table', async () => {
    const { postgres, clickhouse } = system.running.adapters;
    const tables = await postgres.query<{ name: string }>(
      `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
       where table_schema not in ('pg_catalog', 'information_schema')`,
    );
    expect(tables.length).toBeGreaterThan(5);
    for (const { name } of tables) {
      const rows = await postgres.query<{ row: string }>(`select t::text as row from ${name} t`);
      expect(found(rows.map(({ row }) => row).join('\n')), name).toEqual([]);
    }
    const stored = await clickhouse.query<{ name: string }>(
      `select name from system.tables where database = '${clickhouse.database}'`,
    );
    expect(stored.length).toBeGreaterThan(2);
    for (const { name } of stored) {
      const rows = await clickhouse.query(`select * from ${clickhouse.database}.${name}`);
      expect(found(JSON.stringify(rows)), name).toEqual([]);
    }
  });

  it('in any answer of the API to a key that may do everything but read states', async () => {
    const { paths } = (await ask('/openapi.json')) as { paths: Record<string, { get?: object }> };
    const lists = Object.keys(paths).filter(
      (path) => paths[path]!.get && !path.includes('{') && !path.endsWith('/events'),
    );
    expect(lists.length).toBeGreaterThan(10);
    let asked = 0;
    const seen = async (path: string): Promise<unknown> => {
      asked++;
      const answer = await ask(path);
      expect(found(JSON.stringify(answer)), path).toEqual([]);
      return answer;
    };
    for (const path of lists)
      await seen(path.startsWith('/api/v1/') && !/system|analytics/.test(path) ? `${path}?limit=500` : path);
    const { items: resources } = await system.client.resources.list({ limit: 500 });
    for (const key of new Set(resources.map(({ objectKey }) => objectKey)))
      await seen(`/api/v1/resources/${encodeURIComponent(key)}`);
    for (const name of ['prod', 'edge', 'files']) {
      await seen(`/api/v1/workspaces/${name}`);
      await seen(`/api/v1/workspaces/${name}/drifts`);
    }
    for (const drift of (await system.client.drifts.list({ limit: 500 })).items) {
      await seen(`/api/v1/drifts/${drift.id}`);
      await seen(`/api/v1/drifts/${drift.id}/timeline`);
    }
    expect(asked).toBeGreaterThan(40);
  });

  it('in what the live stream told', () => {
    expect(streamed).toContain('event: drift');
    expect(found(streamed)).toEqual([]);
  });

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(`${system.url}${path}`, {
      headers: { authorization: `Bearer ${narrow.key}` },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  }
});

/** Bits a byte. */
function entropy(bytes: Buffer): number {
  const counts = new Array<number>(256).fill(0);
  for (const byte of bytes) counts[byte]!++;
  return -counts
    .filter((count) => count > 0)
    .reduce((sum, count) => sum + (count / bytes.length) * Math.log2(count / bytes.length), 0);
}
