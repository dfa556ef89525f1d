// An estate beyond aws with the whole system: azurerm, google and digitalocean types worn by the pretend provider under real
// Terraform, told of by reports. Clean in an apply of several serials, under a provider of another version and under churn on
// ignored attributes; each edit is one drift, of the one who made it, within two seconds.
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS, namesOf, REGION } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../producers/terraform/pretend/launchers.ts';
import { AWS_6, AZURERM_3, DIGITALOCEAN, GOOGLE } from '../producers/terraform/pretend/types/index.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../schemas/index.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const FIXTURE = readFileSync(
  new URL('../producers/terraform/pretend/fixtures/estate.tf', import.meta.url),
  'utf8',
);
/** Numbers that something else moves all day, as the configuration says. */
const CHURNING = `
resource "aws_sqs_queue" "scaled" {
  name          = "scaled"
  delay_seconds = 1
  lifecycle {
    ignore_changes = [delay_seconds]
  }
}
`;
const GRACE_MS = 300;
const WITHIN_MS = 2_000;
const say = (text: string): void => void process.stdout.write(`estate beyond aws: ${text}\n`);

type Edit = [address: string, attributes: JsonObject | ((a: JsonObject) => JsonObject), path: string];
/** The first block of an attribute, with another value in it. */
const within =
  (name: string, more: JsonObject) =>
  (a: JsonObject): JsonObject => ({ [name]: [{ ...(a[name] as JsonObject[])[0], ...more }] });
/** By a person, in the cloud's own interface: what is set, and where it shows. Several of a type where it has several sorts. */
const EDITS: readonly Edit[] = [
  ['azurerm_resource_group.shop', { tags: { team: 'mine' } }, 'tags'],
  ['azurerm_network_security_group.shop', { security_rule: [] }, 'security_rule'],
  ['azurerm_network_security_rule.apart', { access: 'Allow' }, 'access'],
  ['azurerm_network_security_rule.apart', { priority: 300 }, 'priority'],
  ['azurerm_storage_account.shop', { account_replication_type: 'GRS' }, 'account_replication_type'],
  ['azurerm_storage_account.shop', { tags: { team: 'mine' } }, 'tags'],
  ['azurerm_virtual_network.shop', { address_space: ['10.1.0.0/16', '10.9.0.0/16'] }, 'address_space'],
  ['azurerm_subnet.shop', { address_prefixes: ['10.1.2.0/24'] }, 'address_prefixes'],
  ['azurerm_key_vault.shop', { network_acls: [] }, 'network_acls'],
  ['azurerm_key_vault.shop', { sku_name: 'premium' }, 'sku_name'],
  ['google_storage_bucket.exports', { versioning: [{ enabled: false }] }, 'versioning'],
  ['google_compute_firewall.web', { disabled: true }, 'disabled'],
  ['google_compute_firewall.web', { source_ranges: ['10.0.0.0/8'] }, 'source_ranges'],
  ['google_pubsub_topic.orders', { labels: { team: 'mine' } }, 'labels'],
  ['google_service_account.shop', { display_name: 'Mine' }, 'display_name'],
  ['google_sql_database_instance.shop', within('settings', { tier: 'db-f1-micro' }), 'settings'],
  ['digitalocean_droplet.edge', { size: 's-2vcpu-2gb' }, 'size'],
  ['digitalocean_droplet.edge', { tags: ['edge'] }, 'tags'],
  ['digitalocean_firewall.edge', { inbound_rule: [] }, 'inbound_rule'],
  ['digitalocean_loadbalancer.edge', within('healthcheck', { port: 9443 }), 'healthcheck'],
  ['digitalocean_record.www', { value: '203.0.113.5' }, 'value'],
  ['digitalocean_vpc.edge', { description: 'mine' }, 'description'],
];
/** Filled in by the provider where the configuration says nothing: nobody asked for the value that the state holds. */
const LEFT_TO_THE_PROVIDER: readonly Edit[] = [
  ['azurerm_storage_account.shop', { min_tls_version: 'TLS1_0' }, 'min_tls_version'],
  ['google_sql_database_instance.shop', { deletion_protection: false }, 'deletion_protection'],
  ['digitalocean_loadbalancer.edge', { redirect_http_to_https: true }, 'redirect_http_to_https'],
  ['digitalocean_record.www', { ttl: 60 }, 'ttl'],
];

describe.runIf(binary !== null)(`an estate beyond aws, under ${binary}`, { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let system: Started;
  let terraform: Terraform;
  const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

  const drifts = async (): Promise<DriftJson[]> =>
    (
      await system.client.drifts.list({
        status: ['open', 'acknowledged', 'accepted', 'resolved'],
        ignored: true,
        limit: 500,
      })
    ).items;
  const open = async (): Promise<DriftJson[]> =>
    (await system.client.drifts.list({ status: ['open'], ignored: true, limit: 500 })).items;
  const told = ({ kind, confidence, status, address, differences, actors, ignoredBy }: DriftJson): string =>
    `${kind} ${confidence} ${status} ${address} | ${differences.map(({ path }) => path).join()} | ${actors.map(({ name }) => name).join()}${ignoredBy ? ` | ignored by ${ignoredBy}` : ''}`;

  async function settled(): Promise<void> {
    await cloud.flush();
    await systemClock.sleep(500);
    await system.settled();
    await systemClock.sleep(3 * GRACE_MS);
    await system.settled();
  }

  async function sweep(when: string): Promise<void> {
    const since = new Date().toISOString();
    const request = await system.client.snapshots.request({ provider: 'terraform', scope: 'prod' });
    expect(request.status).not.toBe('refused');
    const done = await until(
      'the sweep to complete',
      async () =>
        (await system.client.snapshots.list({ provider: 'terraform' })).items.find(
          ({ scope, status, startedAt }) =>
            scope === 'terraform/prod' && status !== 'running' && startedAt !== null && startedAt >= since,
        ),
      60_000,
    );
    await settled();
    const standing = (await open()).filter(({ confidence }) => confidence === 'confirmed');
    say(`${when}: a sweep (${done.status}) read ${done.listed}, ${standing.length} false alarms`);
    expect((await open()).map(told)).toEqual([]);
    expect(done.status).toBe('completed');
  }

  /** Readers find providers where `cliConfig` says, in the versions that the lock file in `directory` names, if there is one. */
  const settings = (cliConfig: string, directory: string) => (): Record<string, unknown> => {
    const { subscription, project } = namesOf(ACCOUNT);
    const prod = join(folder.path, 'prod');
    const reader = {
      environment: {
        PRETEND_CLOUD_KEY: KEYS.reader,
        PRETEND_CLOUD_URL: cloud.url,
        TF_CLI_CONFIG_FILE: cliConfig,
      },
      directory,
    };
    return {
      'aws.cloudtrail': [join(folder.path, 'trail')],
      'aws.pollMs': 100,
      'aws.applyIdentities': ['arn:aws:iam::*:role/terraform-apply'],
      'reported.directories': [join(folder.path, 'reports')],
      'reported.pollMs': 100,
      'reported.applyIdentities': ['ci-4711@example.com'],
      'detector.graceMs': GRACE_MS,
      'terraform.readsPerSecond': 500,
      'terraform.sweep.everyMs': 0,
      'terraform.sweep.percent': 50,
      'terraform.configurations': [{ workspace: 'prod', directory: prod, within: prod }],
      'terraform.configurationEveryMs': 500,
      'terraform.readers': [
        {
          ...reader,
          provider: 'aws',
          account: ACCOUNT,
          region: REGION,
          configuration: { region: REGION },
        },
        { ...reader, provider: 'azurerm', account: subscription, configuration: { features: [{}] } },
        { ...reader, provider: 'google', account: project },
        { ...reader, provider: 'digitalocean', account: ACCOUNT },
      ],
    };
  };

  beforeAll(async () => {
    folder = temporaryFolder();
    const [trail, reports, kept] = ['trail', 'reports', 'system'].map((name) => join(folder.path, name));
    for (const made of [trail, reports, kept]) await mkdir(made!);
    cloud = await startCloud({ directory: folder.path, trail, reports });
    const cliConfig = writeMirror(join(folder.path, 'mirror'));
    const prod = join(folder.path, 'prod');
    system = await startWhole(settings(cliConfig, prod), join(folder.path, 'system'));
    terraform = terraformIn(prod, {
      binary: binary!,
      address: `${system.url}/tfstate/prod`,
      key: system.key,
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
    });
    terraform.configure(FIXTURE + CHURNING);
    await terraform.run('init', '-input=false');
  }, 240_000);
  afterAll(async () => {
    terraform?.kill();
    await system?.stop();
    await cloud?.close();
    folder?.remove();
  });

  it('a long apply, which writes several serials while its own calls are told of, is no drift', async () => {
    // Terraform writes a serial every twenty seconds while it works.
    await as('bob').set({ delayMs: 500 });
    const began = performance.now();
    await terraform.run('apply', '-auto-approve', '-input=false', '-parallelism=1');
    await as('bob').set({ delayMs: 0 });
    await settled();
    const { serial } = JSON.parse(await terraform.run('state', 'pull')) as { serial: number };
    const types = new Set([...FIXTURE.matchAll(/^resource "((?!aws_)\w+)"/gm)].map(([, type]) => type));
    say(
      `applied in ${Math.round((performance.now() - began) / 1000)} s with ${serial} serials, ${types.size} types beyond aws; ${(await drifts()).length} drifts`,
    );
    expect(types.size).toBeGreaterThanOrEqual(12);
    expect(serial).toBeGreaterThan(1);
    expect((await drifts()).map(told)).toEqual([]);
    await sweep('after an apply');
  });

  /** Finds the object of an address, and what it is to be set to and was. */
  async function placed() {
    const state = JSON.parse(await terraform.run('state', 'pull')) as {
      resources: { mode: string; type: string; name: string; instances: { attributes: JsonObject }[] }[];
    };
    const there = await as('bob').list();
    return (address: string, attributes: Edit[1]) => {
      const [type, name] = address.split('.') as [string, string];
      const [instance] = state.resources.find(
        (one) => one.mode === 'managed' && one.type === type && one.name === name,
      )!.instances;
      const shown = there.find((one) => one.type === type && one.id === instance!.attributes.id);
      if (!shown) throw new Error(`the cloud has no ${address}`);
      const to = typeof attributes === 'function' ? attributes(shown.attributes) : attributes;
      const before = Object.fromEntries(Object.keys(to).map((one) => [one, shown.attributes[one] ?? null]));
      return { type, shown, to, before };
    };
  }

  it('each edit is one confirmed drift within two seconds, on that attribute, of the one who made it', async () => {
    const at = await placed();
    const delays: number[] = [];
    const problems: string[] = [];
    for (const [address, attributes, path] of EDITS) {
      const { type, shown, to, before } = at(address, attributes);
      await as('alice').update(type, shown.id, to);
      await cloud.flush();
      const fed = performance.now();
      const isIt = (drift: DriftJson): boolean =>
        drift.address === address && drift.confidence === 'confirmed' && drift.kind === 'modified';
      try {
        await until(`a confirmed drift of ${address}`, async () => (await open()).some(isIt));
        delays.push(performance.now() - fed);
        const alone = await until('nothing else to be suspected', async () => {
          const all = await open();
          return all.length === 1 ? all[0] : null;
        });
        if (
          !alone.differences.every((one) => one.path.startsWith(path)) ||
          alone.actors.every(({ name }) => name !== 'alice')
        )
          problems.push(told(alone));
      } catch (error) {
        problems.push(
          `${address} ${path}: ${(error as Error).message}; ${(await open()).map(told).join('; ')}`,
        );
      }
      await as('alice').update(type, shown.id, before);
      await cloud.flush();
      await until(`${address} to be resolved`, async () => (await open()).length === 0).catch(
        async (error: Error) => problems.push(`${error.message}; ${(await open()).map(told).join('; ')}`),
      );
    }
    const [first, ...warm] = delays;
    const late = warm.filter((delay) => delay > WITHIN_MS).length;
    say(
      `${EDITS.length} edits of ${new Set(EDITS.map(([address]) => address.split('.')[0])).size} types: ${problems.length} wrong; first confirmed after ${Math.round(first!)} ms, then at most ${Math.round(Math.max(...warm))} ms, ${late} later than ${WITHIN_MS} ms`,
    );
    expect(problems).toEqual([]);
    const confirmed = (await drifts()).filter(({ differences }) => differences.length > 0);
    expect(confirmed.filter(({ resolution }) => resolution !== 'reverted').map(told)).toEqual([]);
    expect(late).toBeLessThanOrEqual(3);
  });

  it('an edit of what the configuration leaves to the provider is looked at, and no drift', async () => {
    const at = await placed();
    for (const [address, attributes] of LEFT_TO_THE_PROVIDER) {
      const { type, shown, to } = at(address, attributes);
      await as('alice').update(type, shown.id, to);
    }
    await settled();
    const seen = (await drifts()).filter(({ resolution }) => resolution === 'dismissed');
    say(
      `${LEFT_TO_THE_PROVIDER.length} edits of what the configuration does not set: ${(await open()).length} drifts`,
    );
    expect((await open()).map(told)).toEqual([]);
    for (const [address] of LEFT_TO_THE_PROVIDER)
      expect(seen.map((drift) => drift.address)).toContain(address);
    for (const [address, attributes] of LEFT_TO_THE_PROVIDER) {
      const { type, shown, before } = at(address, attributes);
      await as('alice').update(type, shown.id, before);
    }
    await settled();
  });

  it('churn on what the configuration tells to ignore is recorded as ignored, and never counts', async () => {
    const { id } = (await as('bob').list()).find(
      ({ type, attributes }) => type === 'aws_sqs_queue' && attributes.name === 'scaled',
    )!;
    for (let value = 2; value < 12; value++) {
      await as('script').update('aws_sqs_queue', id, { delay_seconds: value });
      await cloud.flush();
      await systemClock.sleep(100);
    }
    await settled();
    const standing = await open();
    const counting = (await system.client.drifts.list({ status: ['open'], limit: 500 })).items;
    say(`10 changes of an ignored attribute: ${counting.length} that count`);
    expect(counting.map(told)).toEqual([]);
    expect(standing.map(told)).toEqual([
      'modified confirmed open aws_sqs_queue.scaled | delay_seconds | cron-host-3 | ignored by ignore_changes',
    ]);
    await as('script').update('aws_sqs_queue', id, { delay_seconds: 1 });
    await cloud.flush();
    await until('the ignored drift to end', async () => (await open()).length === 0);
  });

  it('read through providers of other versions than the state was written with, nothing is drift', async () => {
    const other = writeMirror(
      join(folder.path, 'other'),
      [AWS_6, AZURERM_3, GOOGLE, DIGITALOCEAN].map((provider) => ({ provider })),
    );
    await system.stop();
    // No lock file there: the only version that the mirror has is taken.
    const nowhere = join(folder.path, 'nowhere');
    await mkdir(nowhere);
    system = await startWhole(settings(other, nowhere), join(folder.path, 'system'));
    await sweep(`through aws ${AWS_6.version} and azurerm ${AZURERM_3.version}`);
  });
});
