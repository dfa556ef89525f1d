// The provider of DigitalOcean built from source (test/go-providers) behind the whole system: real terraform, the real http
// backend, the stand-in for a cloud, in which objects are edited behind Terraform's back. What Terraform itself says of each
// edit is asked beside us: we say the same, of the same instance, and which attribute it is.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../../api/types.ts';
import { ACCOUNT, type StandIn, startStandIn, TOKEN } from '../../producers/digitalocean/stand-in.ts';
import { systemClock } from '../../runtime/clock.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../../schemas/index.ts';
import { builtProvider, mirrorOfBuilt } from '../go-providers/build.ts';
import { type Started, startWhole, until } from '../testing/running.ts';
import { findTerraform, type Terraform, terraformIn } from '../testing/terraform.ts';

const binary = findTerraform();
const provider = binary === null ? null : await builtProvider('digitalocean');
const GRACE_MS = 300;

const ESTATE = `
  resource "digitalocean_vpc" "main" {
    name        = "prod"
    region      = "nyc3"
    ip_range    = "10.20.0.0/16"
    description = "of production"
  }
  resource "digitalocean_tag" "web" {
    name = "web"
  }
  resource "digitalocean_domain" "main" {
    name = "example.org"
  }
  resource "digitalocean_record" "www" {
    domain = digitalocean_domain.main.name
    type   = "A"
    name   = "www"
    value  = "203.0.113.4"
    ttl    = 300
  }
  resource "digitalocean_record" "mail" {
    domain   = digitalocean_domain.main.name
    type     = "MX"
    name     = "@"
    value    = "mail.example.org."
    priority = 10
  }
  resource "digitalocean_ssh_key" "ops" {
    name       = "ops"
    public_key = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAQQDDHr ops@laptop"
  }
  resource "digitalocean_volume" "data" {
    name        = "data"
    region      = "nyc3"
    size        = 100
    description = "of the shop"
    tags        = [digitalocean_tag.web.name]
  }
  resource "digitalocean_firewall" "web" {
    name = "web"
    tags = [digitalocean_tag.web.name]
    inbound_rule {
      protocol         = "tcp"
      port_range       = "443"
      source_addresses = ["0.0.0.0/0", "::/0"]
    }
    inbound_rule {
      protocol         = "tcp"
      port_range       = "22"
      source_addresses = ["198.51.100.0/24"]
    }
    outbound_rule {
      protocol              = "tcp"
      port_range            = "1-65535"
      destination_addresses = ["0.0.0.0/0"]
    }
  }
`;
const INSTANCES = 8;

const RECORDS = '/v2/domains/example.org/records';
const OPEN_TO_ALL = { protocol: 'tcp', ports: '22', sources: { addresses: ['0.0.0.0/0'] } };
/** Whose, the attribute that is then different, in which list, what it is found by there, and what becomes of it. */
const EDITS: readonly (readonly [string, string, string, JsonObject, JsonObject])[] = [
  ['digitalocean_vpc.main', 'description', '/v2/vpcs', { name: 'prod' }, { description: 'mine' }],
  ['digitalocean_vpc.main', 'name', '/v2/vpcs', { name: 'prod' }, { name: 'mine' }],
  ['digitalocean_record.www', 'value', RECORDS, { type: 'A' }, { data: '203.0.113.9' }],
  ['digitalocean_record.www', 'ttl', RECORDS, { type: 'A' }, { ttl: 60 }],
  ['digitalocean_record.mail', 'priority', RECORDS, { type: 'MX' }, { priority: 30 }],
  ['digitalocean_ssh_key.ops', 'name', '/v2/account/keys', { name: 'ops' }, { name: 'mine' }],
  ['digitalocean_volume.data', 'size', '/v2/volumes', { name: 'data' }, { size_gigabytes: 200 }],
  ['digitalocean_volume.data', 'description', '/v2/volumes', { name: 'data' }, { description: 'mine' }],
  ['digitalocean_volume.data', 'tags', '/v2/volumes', { name: 'data' }, { tags: ['web', 'mine'] }],
  [
    'digitalocean_firewall.web',
    'inbound_rule',
    '/v2/firewalls',
    { name: 'web' },
    { inbound_rules: [OPEN_TO_ALL] },
  ],
  ['digitalocean_firewall.web', 'outbound_rule', '/v2/firewalls', { name: 'web' }, { outbound_rules: [] }],
  ['digitalocean_firewall.web', 'tags', '/v2/firewalls', { name: 'web' }, { tags: [] }],
];

describe.skipIf(!provider)(
  `the provider digitalocean built from source, under ${binary}`,
  { timeout: 400_000 },
  () => {
    let folder: ReturnType<typeof temporaryFolder>;
    let cloud: StandIn;
    let system: Started;
    let terraform: Terraform;

    const drifts = async (): Promise<DriftJson[]> =>
      (await system.client.drifts.list({ status: ['open', 'resolved'], ignored: true, limit: 500 })).items;
    const told = ({ kind, confidence, address, differences }: DriftJson): string =>
      `${kind} ${confidence} ${address} ${differences.map(({ path }) => path.split(/[.[]/)[0]).join(' ')}`;
    const open = async (): Promise<string[]> =>
      (await drifts()).filter(({ status }) => status === 'open').map(told);

    async function sweep(): Promise<{ listed: number | null; published: number | null }> {
      const since = new Date().toISOString();
      const request = await system.client.snapshots.request({ provider: 'terraform', scope: 'prod' });
      expect(request.status).not.toBe('refused');
      const done = await until(
        'the sweep to complete',
        async () =>
          (await system.client.snapshots.list({ provider: 'terraform' })).items.find(
            ({ scope, status, startedAt }) =>
              scope === 'terraform/prod' &&
              status === 'completed' &&
              startedAt !== null &&
              startedAt >= since,
          ),
        60_000,
      );
      await system.settled();
      await systemClock.sleep(3 * GRACE_MS);
      await system.settled();
      return done;
    }

    /** What Terraform's own refresh finds other than it left it. */
    async function changedByTerraform(): Promise<string[]> {
      const output = await terraform.run('plan', '-refresh-only', '-input=false', '-lock=false');
      return [...output.matchAll(/# (\S+) has (?:changed|been deleted)/g)].map(([, address]) => address!);
    }

    beforeAll(async () => {
      folder = temporaryFolder();
      cloud = await startStandIn({});
      cloud.limit = 1_000_000;
      const cliConfig = mirrorOfBuilt(join(folder.path, 'mirror'), [provider!]);
      const prod = join(folder.path, 'prod');
      const environment = { TF_CLI_CONFIG_FILE: cliConfig, DIGITALOCEAN_TOKEN: TOKEN };
      system = await startWhole(() => ({
        'detector.graceMs': GRACE_MS,
        'terraform.readsPerSecond': 500,
        'terraform.sweep.everyMs': 0,
        'terraform.sweep.percent': 50,
        'terraform.readers': [
          {
            provider: 'digitalocean',
            account: ACCOUNT.uuid,
            environment,
            configuration: { api_endpoint: cloud.url },
            directory: prod,
          },
        ],
      }));
      terraform = terraformIn(prod, {
        binary: binary!,
        address: `${system.url}/tfstate/prod`,
        key: system.key,
        variables: {},
        cliConfig,
      });
      terraform.configure(`
  terraform {
    required_providers {
      digitalocean = { source = "digitalocean/digitalocean" }
    }
  }
  provider "digitalocean" {
    api_endpoint = "${cloud.url}"
    token        = "${TOKEN}"
  }
${ESTATE}`);
      await terraform.run('init', '-input=false');
      await terraform.run('apply', '-auto-approve', '-input=false');
    }, 300_000);
    afterAll(async () => {
      terraform?.kill();
      await system?.stop();
      await cloud?.close();
      folder?.remove();
    });

    it('after a clean apply everything is read, and nothing has drifted', async () => {
      expect(await sweep()).toMatchObject({ listed: INSTANCES });
      expect(await drifts()).toEqual([]);
      // Of droplets this provider says an empty list where it had said null: a change to Terraform, none to us.
      expect(await changedByTerraform()).toEqual(['digitalocean_firewall.web']);
      expect(await sweep()).toMatchObject({ listed: INSTANCES, published: 0 });
    });

    it.each(EDITS)(
      '%s edited in its %s: one drift, on that attribute, as Terraform says, which ends when it is taken back',
      async (address, attribute, list, by, patch) => {
        const found = cloud.estate[list]!.find((one) =>
          Object.entries(by).every(([name, value]) => one[name] === value),
        )!;
        const before = structuredClone(found);
        Object.assign(found, patch);
        await sweep();
        expect(await open()).toEqual([`modified confirmed ${address} ${attribute}`]);
        expect(await changedByTerraform()).toContain(address);
        Object.assign(found, before);
        await sweep();
        expect(await open()).toEqual([]);
      },
    );

    it('what is deleted is missing, as Terraform says, until an apply makes it anew', async () => {
      cloud.estate[RECORDS] = cloud.estate[RECORDS]!.filter(({ type }) => type !== 'MX');
      await sweep();
      expect(await open()).toEqual(['missing confirmed digitalocean_record.mail ']);
      expect(await changedByTerraform()).toContain('digitalocean_record.mail');
      await terraform.run('apply', '-auto-approve', '-input=false');
      await sweep();
      expect(await open()).toEqual([]);
    });

    it('an API that fails, or refuses the token, makes nothing missing', async () => {
      for (const status of [500, 401]) {
        cloud.fault = () => ({ status, body: '{"id":"no","message":"no"}' });
        await sweep();
        expect(await open()).toEqual([]);
      }
      cloud.fault = null;
    });
  },
);
