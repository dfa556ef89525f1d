// Real terraform, the real http backend, the real plugin protocol and the CloudTrail source; only the cloud is pretend: what
// is edited behind Terraform's back is suspected of the one who did it, and what Terraform does itself opens nothing.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import type { CloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import type { Shown } from '../producers/terraform/pretend/cloud/cloud.ts';
import type { KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import type { RunningCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { systemClock } from '../runtime/clock.ts';
import type { JsonObject } from '../schemas/index.ts';
import { cloudTrailIn, ESTATE, type PretendSystem, startPretendSystem } from './testing/pretend-system.ts';
import { type Started, until } from './testing/running.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const binary = findTerraform();
const INSTANCES = 46;
const GRACE_MS = 300;
/** One of each feed. */
const MARKS = ['aws_sns_topic', 'google_pubsub_topic', 'digitalocean_domain', 'azurerm_resource_group'];

/** One edit of a type by a person, told by CloudTrail or in reports: type, the address that is edited, and what is set. */
const EDITS: [type: string, address: string, attributes: JsonObject][] = [
  ['aws_vpc', 'aws_vpc.main', { enable_dns_hostnames: false }],
  ['aws_subnet', 'aws_subnet.main[1]', { tags: { team: 'mine' } }],
  ['aws_security_group', 'aws_security_group.web', { ingress: [] }],
  ['aws_s3_bucket', 'aws_s3_bucket.this["acme-logs"]', { tags: { team: 'mine' } }],
  ['aws_dynamodb_table', 'aws_dynamodb_table.ledger', { ttl: [] }],
  ['aws_db_instance', 'aws_db_instance.orders', { deletion_protection: false }],
  ['aws_sqs_queue', 'aws_sqs_queue.jobs', { visibility_timeout_seconds: 1 }],
  ['aws_sns_topic', 'aws_sns_topic.news', { display_name: 'Old news' }],
  ['aws_iam_role', 'aws_iam_role.checkout', { assume_role_policy: '{}' }],
  ['aws_cloudwatch_log_group', 'aws_cloudwatch_log_group.checkout', { retention_in_days: 1 }],
  ['aws_lambda_function', 'aws_lambda_function.checkout', { memory_size: 4096 }],
  ['azurerm_storage_account', 'azurerm_storage_account.shop', { account_replication_type: 'GRS' }],
  ['azurerm_key_vault', 'azurerm_key_vault.shop', { network_acls: [] }],
  ['google_compute_firewall', 'google_compute_firewall.web', { disabled: true }],
  ['google_sql_database_instance', 'google_sql_database_instance.shop', { database_version: 'POSTGRES_16' }],
  ['digitalocean_loadbalancer', 'digitalocean_loadbalancer.edge', { name: 'other' }],
  ['digitalocean_record', 'digitalocean_record.www', { value: '203.0.113.9' }],
];

describe.runIf(binary !== null)(`a pretend cloud under ${binary} and DriftMgr`, { timeout: 240_000 }, () => {
  let world: PretendSystem;
  let cloud: RunningCloud;
  let system: Started;
  let terraform: Terraform;
  const as = (who: keyof typeof KEYS): CloudClient => world.as(who);

  const drifts = async (): Promise<DriftJson[]> =>
    (await world.drifts()).filter(({ objectKey }) => !objectKey.includes('/mark-'));
  const told = (drift: DriftJson): string =>
    [
      `${drift.kind} ${drift.confidence} ${drift.status} ${drift.address}`,
      drift.actors.map(({ name, via }) => `${name} via ${via}`).join(),
    ].join(' | ');

  /**
   * Everything the feed had to say of what was done so far was read, and has had its time: a topic that nobody declares was
   * made after it (an unmanaged one, which is left out above), and is known.
   */
  async function settled(): Promise<void> {
    const { next } = await as('bob').calls();
    for (const type of MARKS)
      await as('bob').create(type, {
        name: `mark-${next}`,
        ...(type === 'azurerm_resource_group' ? { location: 'westeurope' } : {}),
      });
    await cloud.flush();
    await until(
      'the feeds to be read',
      async () =>
        (await system.client.changes.list({ limit: 500 })).items.filter((change) =>
          JSON.stringify(change).includes(`mark-${next}`),
        ).length >= MARKS.length,
      30_000,
    );
    await system.settled();
    await systemClock.sleep(2 * GRACE_MS);
    await system.settled();
  }

  beforeAll(async () => {
    world = await startPretendSystem(binary!, ESTATE, (places) => ({
      ...cloudTrailIn(places),
      'reported.directories': [places.reports],
      'reported.pollMs': 100,
      'reported.applyIdentities': ['ci-4711@example.com'],
      'detector.graceMs': GRACE_MS,
    }));
    ({ cloud, system, terraform } = world);
  }, 240_000);
  afterAll(() => world?.stop());

  it('a clean apply of 39 types from four providers opens no drift of any confidence', async () => {
    await terraform.run('apply', '-auto-approve', '-input=false');
    await settled();
    const [prod] = (await system.client.workspaces.list()).items;
    expect(prod).toMatchObject({ name: 'prod', instances: INSTANCES });
    const calls = (await as('bob').calls()).entries.filter(({ principal }) => principal === 'ci-4711');
    expect(calls.filter(({ operation }) => operation === 'create')).toHaveLength(INSTANCES);
    expect(await drifts()).toEqual([]);
  });

  it('each edit behind its back is one suspected drift, of the one who made it', async () => {
    const there = await as('bob').list();
    const began = performance.now();
    const delays: number[] = [];
    for (const [type, address, attributes] of EDITS) {
      const { id } = there.find((each) => each.type === type && isAt(each, address))!;
      const at = performance.now();
      await as('alice').update(type, id, attributes);
      await until(
        `a drift of ${address}`,
        async () => (await drifts()).some((drift) => drift.address === address),
        30_000,
      );
      delays.push(performance.now() - at);
    }
    await settled();
    expect((await drifts()).map(told).sort()).toEqual(
      EDITS.map(([, address]) => `modified suspected open ${address} | alice via console`).sort(),
    );
    delays.sort((a, b) => a - b);
    process.stdout.write(
      `pretend cloud: ${EDITS.length} edits, ${EDITS.length} suspected drifts in ${Math.round(performance.now() - began)} ms; an edit is seen after ${Math.round(delays[delays.length >> 1]!)} ms (half), ${Math.round(delays.at(-1)!)} ms (all)\n`,
    );
  });

  it('a deletion behind its back is suspected to be missing, of the one who made it', async () => {
    await as('script').delete('aws_sns_topic', 'arn:aws:sns:eu-central-1:123456789012:news');
    await settled();
    const missing = (await drifts()).filter(({ kind }) => kind === 'missing');
    expect(missing.map(told)).toEqual(['missing suspected open aws_sns_topic.news | cron-host-3 via sdk']);
  });

  it('when Terraform takes it all back and then destroys, its own writes open nothing', async () => {
    const before = (await drifts()).map(({ id }) => id).sort();
    const output = await terraform.run('apply', '-auto-approve', '-input=false');
    expect(output).toContain(`1 added, ${EDITS.length - 1} changed, 0 destroyed`);
    await settled();
    expect((await drifts()).map(({ id }) => id).sort()).toEqual(before);
    await terraform.run('destroy', '-auto-approve', '-input=false');
    await settled();
    expect((await drifts()).map(({ id }) => id).sort()).toEqual(before);
    const [prod] = (await system.client.workspaces.list()).items;
    expect(prod).toMatchObject({ instances: 0 });
    expect((await drifts()).filter(({ status }) => status !== 'resolved').map(told)).toEqual([]);
  });
});

/** Of those with several instances, the one that is meant. */
const isAt = ({ type, attributes }: Shown, address: string): boolean => {
  if (type === 'aws_security_group' || type === 'aws_iam_role')
    return address === `${type}.${String(attributes.name)}`;
  if (!/\[/.test(address)) return true;
  return address.endsWith('[1]')
    ? String(attributes.cidr_block).startsWith('10.0.1.')
    : address.includes(String(attributes.bucket));
};
