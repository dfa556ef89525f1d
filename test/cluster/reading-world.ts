// A cluster that reads what a pretend cloud holds, with real Terraform whose states it takes; beside it, where a test asks
// for it, an embedded system that is told the same: the states by the same requests, the changes by the same files.
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Client } from '../../api/client.ts';
import type { DriftJson } from '../../api/types.ts';
import type { Role } from '../../compose/roles.ts';
import { type CloudClient, cloudClient } from '../../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../../producers/terraform/pretend/launchers.ts';
import { systemClock } from '../../runtime/clock.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import type { Event, TopicName } from '../../schemas/index.ts';
import { type Started, startWhole } from '../testing/running.ts';
import { type Terraform, terraformIn } from '../testing/terraform.ts';
import { eventsIn, type LogReading, openReading, recordsIn, untilQuiet } from './log-reading.ts';
import { patiently } from './patience.ts';
import type { Addresses } from './servers.ts';
import { type ClusterSystem, startClusterSystem } from './system.ts';

export const GRACE_MS = 300;
export const WORKSPACE = 'prod';

/** One of the two that are told the same. */
export interface Told {
  name: 'cluster' | 'embedded';
  client: Client;
  events(topic: TopicName): Promise<Event[]>;
  /** Until everything that was said is read, decided on and shown, reads of the cloud included. */
  settled(): Promise<void>;
}

export interface ReadingWorld {
  cluster: ClusterSystem;
  cloud: RunningCloud;
  /** The cluster, and the embedded one where there is one. */
  told: Told[];
  terraform: Terraform | null;
  /** Where states are pushed: to all that are told. */
  tfstate: string;
  as(who: keyof typeof KEYS): CloudClient;
  /** Until the feed is read to its end, and {@link Told.settled}. */
  settled(): Promise<void>;
  /** What a sweep of the workspace that was asked for now came to, of each that is told. */
  sweep(): Promise<{ listed: number | null; published: number | null }[]>;
  stop(): Promise<void>;
}

export interface ReadingOptions {
  addresses: Addresses;
  processes: readonly Role[][];
  embedded?: boolean;
  partitions?: number;
  /** Null: states are pushed by the test. */
  binary: string | null;
  settings?: Record<string, unknown>;
}

export const drifts = async (client: Client): Promise<DriftJson[]> =>
  (
    await client.drifts.list({
      status: ['open', 'acknowledged', 'accepted', 'resolved'],
      ignored: true,
      limit: 500,
    })
  ).items.filter(({ objectKey }) => !objectKey.includes('/mark-'));

export async function startReadingWorld(options: ReadingOptions): Promise<ReadingWorld> {
  const { addresses, processes, partitions = 4, binary } = options;
  const folder = temporaryFolder();
  const trail = join(folder.path, 'trail');
  mkdirSync(trail);
  const closing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
    folder.remove();
  };
  try {
    const cloud = await startCloud({ directory: folder.path, trail });
    closing.push(() => cloud.close());
    const cliConfig = writeMirror(join(folder.path, 'mirror'));
    const settings = {
      'aws.cloudtrail': [trail],
      'aws.pollMs': 100,
      'aws.applyIdentities': ['arn:aws:iam::*:role/terraform-apply'],
      'detector.graceMs': GRACE_MS,
      'terraform.readsPerSecond': 500,
      'terraform.sweep.everyMs': 0,
      'terraform.sweep.percent': 50,
      'terraform.readers': [
        {
          workspace: '*',
          provider: 'aws',
          account: ACCOUNT,
          region: 'eu-central-1',
          environment: {
            PRETEND_CLOUD_KEY: KEYS.reader,
            PRETEND_CLOUD_URL: cloud.url,
            TF_CLI_CONFIG_FILE: cliConfig,
          },
          configuration: { region: 'eu-central-1' },
          allow: [],
        },
      ],
      ...options.settings,
    };
    const cluster = await startClusterSystem({ addresses, processes, partitions, settings: () => settings });
    closing.push(() => cluster.stop());
    const reading = await openReading(cluster);
    closing.push(() => reading.close());
    const told = [toldOf('cluster', cluster.client, reading)];
    let embedded: Started | null = null;
    if (options.embedded) {
      embedded = await startWhole(() => ({ partitions, ...settings }));
      closing.push(embedded.stop);
      const { log, codec } = embedded.running.adapters;
      told.push(
        toldOf('embedded', embedded.client, {
          all: (topic) => eventsIn(log, codec, topic),
          count: (topics) => recordsIn(log, topics),
        }),
      );
    }
    const { server, url: tfstate } = await startTee(cluster, embedded);
    closing.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const terraform =
      binary === null
        ? null
        : terraformIn(join(folder.path, 'prod'), {
            binary,
            address: tfstate,
            key: 'any',
            variables: {},
            cliConfig,
            environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
          });
    closing.push(async () => terraform?.kill());
    const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });
    return {
      cluster,
      cloud,
      told,
      terraform,
      tfstate,
      as,
      stop,
      async settled() {
        const { next } = await as('bob').calls();
        const mark = `mark-${next}`;
        await as('bob').create('aws_sns_topic', { name: mark });
        await cloud.flush();
        for (const { name, client, settled } of told) {
          await patiently(`the feed to be read by ${name}`, 60_000, async () =>
            (await client.changes.list({ limit: 500 })).items.some((change) =>
              JSON.stringify(change).includes(mark),
            ),
          );
          await settled();
        }
      },
      sweep: () => Promise.all(told.map(({ name, client }) => swept(name, client))),
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

function toldOf(name: Told['name'], client: Client, { all, count }: Pick<LogReading, 'all' | 'count'>): Told {
  const events = async (topic: TopicName): Promise<Event[]> => (await all(topic)).map(({ event }) => event);
  const readers = async () => (await client.system.get()).readers;
  return {
    name,
    client,
    events,
    settled: () =>
      patiently(`all reads of ${name}`, 60_000, async () => {
        await untilQuiet({ count: () => count(), readers }, 3 * GRACE_MS);
        return (await unanswered({ events })).length === 0;
      }).then(() => undefined),
  };
}

/** Ids of the wishes to read that have no outcome. */
export async function unanswered({ events }: Pick<Told, 'events'>): Promise<string[]> {
  const requests = await events('driftmgr.requests');
  const settled = new Set(
    requests.flatMap((event) => (event.type === 'request.settled' ? [event.body.requestId] : [])),
  );
  return requests.flatMap(({ type, id }) =>
    type === 'resource.read-requested' && !settled.has(id) ? [id] : [],
  );
}

async function swept(
  name: string,
  client: Client,
): Promise<{ listed: number | null; published: number | null }> {
  const since = new Date(systemClock.now()).toISOString();
  const request = await client.snapshots.request({ provider: 'terraform', scope: WORKSPACE });
  if (request.status === 'refused') throw new Error(`the sweep is refused: ${request.reason}`);
  return patiently(`the sweep of ${name}`, 300_000, async () =>
    (await client.snapshots.list({ provider: 'terraform' })).items.find(
      ({ scope, status, startedAt }) =>
        scope === `terraform/${WORKSPACE}` &&
        status === 'completed' &&
        startedAt !== null &&
        startedAt >= since,
    ),
  );
}

/** Takes Terraform's requests and sends each to both; the answer is the cluster's. */
async function startTee(
  cluster: ClusterSystem,
  embedded: Started | null,
): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    try {
      const body = await bodyOf(request);
      const path = request.url!;
      const asking = (key: string): RequestInit => ({
        method: request.method!,
        headers: {
          authorization: `Basic ${Buffer.from(`test:${key}`).toString('base64')}`,
          ...copied(request, ['content-type', 'content-md5']),
        },
        ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
      });
      const answer = await cluster.send(`http://driftmgr${path}`, asking(cluster.key));
      const text = await answer.text();
      if (embedded) {
        const other = await fetch(embedded.url + path, asking(embedded.key));
        await other.arrayBuffer();
        if (other.status !== answer.status)
          throw new Error(`${request.method} ${path}: ${answer.status}, embedded ${other.status}`);
      }
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/tfstate/${WORKSPACE}`,
  };
}

const copied = (request: IncomingMessage, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
