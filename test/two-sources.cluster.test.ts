// One thing that two sources tell of, the lists of DigitalOcean's API and a sweep through its provider, is one thing: in sync it
// is no drift, edited it is one. The provider is ours and pretends; what it holds is shown by a stand-in for the API, too.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { type StandIn, sampleEstate, startStandIn, TOKEN } from '../producers/digitalocean/stand-in.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const GRACE_MS = 300;

const ESTATE = `
  terraform {
    required_providers {
      digitalocean = { source = "digitalocean/digitalocean" }
    }
  }
  resource "digitalocean_droplet" "web" {
    name   = "web"
    image  = "debian-13-x64"
    size   = "s-1vcpu-1gb"
    region = "fra1"
    tags   = ["web", "edge"]
  }
  resource "digitalocean_vpc" "net" {
    name        = "net"
    description = "ours"
    region      = "fra1"
  }
  resource "digitalocean_domain" "shop" {
    name = "shop.example"
  }
  resource "digitalocean_record" "www" {
    domain = digitalocean_domain.shop.id
    type   = "A"
    name   = "www"
    value  = "198.51.100.7"
    ttl    = 300
  }
`;

/** What is set, where it shows, and what it was. */
const EDITS: [type: string, name: string, attribute: string, edited: JsonObject, before: JsonObject][] = [
  ['digitalocean_droplet', 'web', 'tags', { tags: ['web'] }, { tags: ['web', 'edge'] }],
  ['digitalocean_droplet', 'web', 'size', { size: 's-4vcpu-8gb' }, { size: 's-1vcpu-1gb' }],
  ['digitalocean_vpc', 'net', 'description', { description: 'mine' }, { description: 'ours' }],
  ['digitalocean_record', 'www', 'value', { value: '203.0.113.9' }, { value: '198.51.100.7' }],
  ['digitalocean_record', 'www', 'ttl', { ttl: 60 }, { ttl: 300 }],
];

/** As DigitalOcean's API answers for them. */
const SHOWN: Record<string, (id: string, a: JsonObject) => [path: string, item: JsonObject]> = {
  digitalocean_droplet: (id, a) => [
    '/v2/droplets',
    {
      id: Number(id),
      name: a.name!,
      region: { slug: a.region! },
      size_slug: a.size!,
      image: { slug: a.image! },
      tags: a.tags!,
      features: [],
    },
  ],
  digitalocean_vpc: (id, a) => [
    '/v2/vpcs',
    { id, name: a.name!, description: a.description!, region: a.region!, ip_range: a.ip_range! },
  ],
  digitalocean_domain: (_, a) => ['/v2/domains', { name: a.name!, ttl: a.ttl! }],
  digitalocean_record: (id, a) => [
    `/v2/domains/${a.domain}/records`,
    { id: Number(id), type: a.type!, name: a.name!, data: a.value!, ttl: a.ttl! },
  ],
};

describe.runIf(binary !== null)(`two sources of one thing, under ${binary}`, { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let standIn: StandIn;
  let system: Started;
  let terraform: Terraform;
  const alice = (): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS.alice });

  const drifts = async (): Promise<DriftJson[]> =>
    (
      await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
        ignored: true,
        limit: 500,
      })
    ).items.filter(({ kind }) => kind !== 'unmanaged');
  const told = ({ kind, confidence, status, address, resolution, differences }: DriftJson): string =>
    `${kind} ${confidence} ${status} ${address} ${differences.map(({ path }) => path).join()}${resolution === null ? '' : ` ${resolution}`}`;
  const open = async (): Promise<string[]> =>
    (await drifts()).filter(({ status }) => status !== 'resolved').map(told);

  /** The API's lists, as the provider's cloud stands now. */
  async function show(): Promise<void> {
    const lists: Record<string, JsonObject[]> = Object.fromEntries(
      Object.keys(sampleEstate())
        // Not those below one thing, as a domain's records are.
        .filter((path) => path.split('/').length <= 4)
        .map((path) => [path, []]),
    );
    for (const { type, id, attributes } of await alice().list()) {
      const [path, item] = SHOWN[type]!(id, attributes);
      lists[path] = [...(lists[path] ?? []), item];
    }
    Object.assign(standIn.estate, lists);
  }

  async function ask(provider: 'terraform' | 'digitalocean'): Promise<void> {
    const since = new Date().toISOString();
    const scope = provider === 'terraform' ? { scope: 'prod' } : {};
    expect((await system.client.snapshots.request({ provider, ...scope })).status).not.toBe('refused');
    await until(
      `what ${provider} has`,
      async () => {
        const begun = (await system.client.snapshots.list({ provider, limit: 500 })).items.filter(
          ({ startedAt }) => startedAt !== null && startedAt >= since,
        );
        const wanted = provider === 'terraform' ? ['terraform/prod'] : Object.keys(SHOWN);
        return wanted.every((one) =>
          begun.some(({ scope, status }) => scope.endsWith(one) && status === 'completed'),
        );
      },
      60_000,
    );
    await system.settled();
    await systemClock.sleep(3 * GRACE_MS);
    await system.settled();
  }

  beforeAll(async () => {
    folder = temporaryFolder();
    cloud = await startCloud({ directory: folder.path });
    standIn = await startStandIn({});
    standIn.limit = 1_000_000;
    await show();
    const cliConfig = writeMirror(join(folder.path, 'mirror'));
    system = await startWhole(() => ({
      'digitalocean.url': standIn.url,
      'digitalocean.token': TOKEN,
      'detector.graceMs': GRACE_MS,
      'terraform.readsPerSecond': 500,
      'terraform.sweep.everyMs': 0,
      'terraform.sweep.percent': 50,
      'terraform.readers': [
        {
          provider: 'digitalocean',
          account: ACCOUNT,
          environment: {
            PRETEND_CLOUD_KEY: KEYS.reader,
            PRETEND_CLOUD_URL: cloud.url,
            TF_CLI_CONFIG_FILE: cliConfig,
          },
          directory: join(folder.path, 'prod'),
        },
      ],
    }));
    terraform = terraformIn(join(folder.path, 'prod'), {
      binary: binary!,
      address: `${system.url}/tfstate/prod`,
      key: system.key,
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
    });
    terraform.configure(ESTATE);
    await terraform.run('init', '-input=false');
    await terraform.run('apply', '-auto-approve', '-input=false');
    await show();
  }, 240_000);
  afterAll(async () => {
    terraform?.kill();
    await system?.stop();
    await standIn?.close();
    await cloud?.close();
    folder?.remove();
  });

  it('in sync, whichever tells first, there is no drift of any confidence', async () => {
    await ask('digitalocean');
    await ask('terraform');
    await ask('digitalocean');
    expect((await drifts()).map(told)).toEqual([]);
  });

  it.each([
    ['the lists', 'digitalocean', 'terraform'],
    ['the sweep', 'terraform', 'digitalocean'],
  ] as const)(
    'edited, and told first by %s, each is one drift, and one that ends',
    async (_, first, second) => {
      for (const [type, name, attribute, edited, before] of EDITS) {
        const known = new Set(
          (await drifts()).map(({ id, revision, status }) => `${id} ${status} ${revision}`),
        );
        const { id } = (await alice().list(type))[0]!;
        await alice().update(type, id, edited);
        await show();
        const expected = `modified confirmed open ${type}.${name} ${attribute}`;
        await ask(first);
        expect(await open()).toEqual([expected]);
        await ask(second);
        expect(await open()).toEqual([expected]);
        await alice().update(type, id, before);
        await show();
        await ask(first);
        await ask(second);
        const moved = (await drifts()).filter((one) => !known.has(`${one.id} ${one.status} ${one.revision}`));
        expect(moved.map(told)).toEqual([
          expect.stringMatching(new RegExp(`^modified confirmed resolved ${type}.${name} .* ?reverted$`)),
        ]);
      }
    },
  );
});
