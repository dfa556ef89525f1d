// What several systems are told at the same time, so that what they come to know can be compared: Terraform writes states,
// CloudTrail delivers files, and resources of a pretend DigitalOcean are changed by hand and back. All of it until it is
// told to stop; what was begun is finished then, on every system.
//
// What comes of it does not depend on how fast a system is. A resource is changed again only when all systems have seen the
// change before; calls that CloudTrail reports of one object are seconds apart; a state is written when the one before is.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Client } from '../../api/client.ts';
import { CALLERS, recordOf } from '../../compose/demo/cloudtrail.ts';
import { edge } from '../../compose/demo/edge.ts';
import { AWS_ACCOUNT, awsAndGoogle, type EstateWorkspace, stateOf } from '../../compose/demo/estate.ts';
import { type StandIn, sampleState, TOKEN } from '../../producers/digitalocean/stand-in.ts';
import { type JsonObject, stableId } from '../../schemas/index.ts';
import { stopwatch } from './patience.ts';

/** A system that is told. */
export interface Told {
  client: Client;
  key: string;
  /** Sends to whichever process serves it, for as long as that takes. */
  send: typeof fetch;
}

export interface LoadOptions {
  told: readonly Told[];
  /** Where all of them read CloudTrail's files. */
  trail: string;
  /** Of which all of them make listings. */
  cloud: StandIn;
  /** Resources that are changed, and workspaces that are written, side by side. */
  lanes?: number;
  /** Milliseconds between two things of a sort; left out: as fast as systems can follow. */
  everyMs?: number;
  /** What another load did: the same is done again, and no more. Left out: goes on until it is stopped. */
  again?: Steps;
}

/** How often each thing was done; by lane, where there are several. */
export interface Steps {
  changes: number[];
  states: number[];
  files: number;
}

export interface Load {
  /** What was done so far. */
  done(): { changes: number; states: number; files: number };
  steps(): Steps;
  /** When everything was done again; never, where nothing is. */
  whole: Promise<void>;
  /** Finishes what was begun; rejects with what went wrong at any time. */
  stop(): Promise<void>;
}

const RECORDS = '/v2/domains/example.com/records';
const BETWEEN_FILES_MS = 250;
const BETWEEN_STATES_MS = 300;
/** So many objects that calls of one are seconds apart. */
const OBJECTS = 30;
const SEEN_WITHIN_MS = 180_000;

/** Settings of a system that is told, whose CloudTrail files lie in `trail`. */
export const settingsOf = (cloud: StandIn, trail: string, everyMs = 0) => ({
  'aws.cloudtrail': [trail],
  'aws.pollMs': 100,
  'digitalocean.token': TOKEN,
  'digitalocean.url': cloud.url,
  'digitalocean.everyMs': Math.max(1_500, everyMs),
  'detector.graceMs': 300,
});

/** Two workspaces are applied before it resolves: what is changed by hand, and what CloudTrail tells of. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { told, trail, cloud, lanes = 3, everyMs = 0, again } = options;
  const atEdge = edge(cloud.estate, sampleState());
  const buckets = awsAndGoogle().find(({ name }) => name === 'data-prod')!;
  const stop = new AbortController();
  const numbers = Array.from({ length: lanes }, (_, lane) => lane);
  const done: Steps = { changes: numbers.map(() => 0), states: numbers.map(() => 0), files: 0 };
  /** Whether there is another step after so many. */
  const goesOn = (before: number, wanted: number | undefined): boolean =>
    !stop.signal.aborted && (wanted === undefined || before < wanted);
  const serials = new Map<string, number>();

  async function apply(workspace: EstateWorkspace): Promise<void> {
    const serial = (serials.get(workspace.name) ?? 0) + 1;
    serials.set(workspace.name, serial);
    await Promise.all(told.map((system) => write(system, workspace.name, stateOf(workspace, serial))));
  }

  /** One resource, changed by hand and back. */
  async function change(lane: number): Promise<void> {
    const record = cloud.estate[RECORDS]!.find(({ name }) => name === `edge-${lane}`)!;
    const declared = record.ttl as number;
    for (let step = 1; goesOn(step - 1, again?.changes[lane]) || step % 2 === 0; step++) {
      record.ttl = step % 2 === 1 ? declared + 60 : declared;
      const status = step % 2 === 1 ? 'open' : 'resolved';
      await Promise.all(told.map(({ client }) => seen(client, String(record.id), status, everyMs)));
      done.changes[lane]!++;
    }
  }

  async function writeStates(lane: number): Promise<void> {
    for (let serial = 1; goesOn(serial - 1, again?.states[lane]); serial++) {
      await apply(bucketsOf(`states-${lane}`, serial));
      done.states[lane]!++;
      await sleep(Math.max(BETWEEN_STATES_MS, everyMs), undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
    }
  }

  async function deliver(): Promise<void> {
    while (goesOn(done.files, again?.files)) {
      const n = done.files;
      const call = recordOf({
        at: Date.now(),
        eventId: stableId('load', n),
        eventSource: 's3.amazonaws.com',
        eventName: 'DeleteBucketPolicy',
        requestParameters: { bucketName: bucketAt(buckets, n % OBJECTS) },
        by: n % 3 === 0 ? CALLERS.alice : CALLERS.script,
      });
      const path = join(trail, `${AWS_ACCOUNT}_CloudTrail_${String(n).padStart(6, '0')}.json.gz`);
      await writeFile(`${path}.part`, gzipSync(JSON.stringify({ Records: [call] })));
      await rename(`${path}.part`, path);
      done.files++;
      await sleep(Math.max(BETWEEN_FILES_MS, everyMs), undefined, { signal: stop.signal }).catch(
        () => undefined,
      );
    }
  }

  await mkdir(trail, { recursive: true });
  await apply(atEdge.workspace);
  await apply(buckets);
  const running = Promise.all([deliver(), ...numbers.map(change), ...numbers.map(writeStates)]);
  const whole = running.then(() => undefined);
  whole.catch(() => stop.abort());
  return {
    done: () => ({ changes: sum(done.changes), states: APPLIED + sum(done.states), files: done.files }),
    steps: () => ({ changes: [...done.changes], states: [...done.states], files: done.files }),
    whole,
    async stop() {
      stop.abort();
      await running;
    },
  };
}

/** Workspaces that are applied before anything else. */
const APPLIED = 2;
const sum = (counts: readonly number[]): number => counts.reduce((all, each) => all + each, 0);

/** As Terraform does, again and again until it is done: a try whose answer was lost may have been. */
async function write({ send, key }: Told, workspace: string, state: JsonObject): Promise<void> {
  const id = randomUUID();
  const lock = JSON.stringify({
    ID: id,
    Operation: 'OperationTypeApply',
    Info: '',
    Who: 'ci@runner-12',
    Version: '1.11.4',
    Created: new Date().toISOString(),
    Path: '',
  });
  const authorization = `Basic ${Buffer.from(`terraform:${key}`).toString('base64')}`;
  for (const [method, query, body] of [
    ['LOCK', '', lock],
    ['POST', `?ID=${id}`, JSON.stringify(state)],
    ['UNLOCK', '', lock],
  ] as const) {
    const answer = await send(`http://driftmgr/tfstate/${workspace}${query}`, {
      method,
      headers: {
        authorization,
        'content-type': 'application/json',
        'content-md5': createHash('md5').update(body).digest('base64'),
      },
      body,
    });
    if (!answer.ok) throw new Error(`${method} ${workspace}: ${answer.status} ${await answer.text()}`);
  }
}

/** Until the one drift of a resource has the status; whether it had one before shows in its history. */
async function seen(
  client: Client,
  resourceId: string,
  status: 'open' | 'resolved',
  everyMs: number,
): Promise<void> {
  const passed = stopwatch();
  for (;;) {
    const { items } = await client.drifts.list({ q: resourceId, status: ['open', 'resolved'], limit: 10 });
    if (items.length > 1)
      throw new Error(`${items.length} drifts of ${resourceId}: ${JSON.stringify(items)}`);
    if (items[0]?.status === status) return;
    if (passed() > SEEN_WITHIN_MS)
      throw new Error(
        `the drift of ${resourceId} is not ${status} after ${SEEN_WITHIN_MS} ms: ${JSON.stringify(items)}`,
      );
    await sleep(Math.max(100, everyMs / 4));
  }
}

const bucketAt = (workspace: EstateWorkspace, index: number): string =>
  String(workspace.resources.find(({ type }) => type === 'aws_s3_bucket')!.instances[index]!.index);

function bucketsOf(name: string, serial: number): EstateWorkspace {
  return {
    name,
    owner: 'team-data',
    provider: 'registry.terraform.io/hashicorp/aws',
    lineage: `6d1f0a52-9f2e-4c5e-8a61-30f2b1c4e0${name.slice(-1)}9`,
    resources: [
      {
        type: 'aws_s3_bucket',
        name: 'this',
        instances: Array.from({ length: 8 }, (_, index) => `${name}-${index}`).map((bucket) => ({
          index: bucket,
          attributes: { id: bucket, bucket, arn: `arn:aws:s3:::${bucket}`, tags: { Serial: String(serial) } },
        })),
      },
    ],
  };
}
