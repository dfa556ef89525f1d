// The pretend providers under the real terraform (or tofu) binary: all it does with a provider, on one of every type.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CloudClient, cloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeMirror, writeOverrides } from '../producers/terraform/pretend/launchers.ts';
import { AWS, AWS_6, AZURERM, AZURERM_3, providerNamed } from '../producers/terraform/pretend/types/index.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { findTerraform, type Terraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const ESTATE = readFileSync(
  new URL('../producers/terraform/pretend/fixtures/estate.tf', import.meta.url),
  'utf8',
);
/** Instances of managed resources in it. */
const INSTANCES = 46;

describe.runIf(binary !== null)(`the pretend providers with ${binary}`, { timeout: 180_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  let terraform: Terraform;
  const as = (who: keyof typeof KEYS): CloudClient => cloudClient({ url: cloud.url, accessKey: KEYS[who] });

  beforeEach(async () => {
    folder = temporaryFolder();
    cloud = await startCloud({ directory: folder.path });
    terraform = within('overridden', writeOverrides(join(folder.path, 'bin')));
  });
  afterEach(async () => {
    terraform.kill();
    await cloud.close();
    folder.remove();
  });

  const within = (name: string, cliConfig: string, more: Record<string, string> = {}): Terraform =>
    terraformIn(join(folder.path, name), {
      binary: binary!,
      address: null,
      key: '',
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform, ...more },
    });
  const apply = (...args: string[]): Promise<string> => terraform.run('apply', '-auto-approve', ...args);
  /** 0: nothing to do; 2: something. */
  const plan = (...args: string[]) => terraform.attempt('plan', '-detailed-exitcode', '-no-color', ...args);

  it('all types at once, without an init: applied, then nothing to do, nothing drifted, destroyed', async () => {
    terraform.configure(ESTATE);
    expect(await apply()).toContain(`Apply complete! Resources: ${INSTANCES} added, 0 changed, 0 destroyed.`);
    const again = await plan();
    expect(again.code, again.output).toBe(0);
    // Not the exit code: terraform ends with 2 here while it says this (its issue 36403).
    // What was made apart shows up in its whole only when that is read again.
    expect((await plan('-refresh-only')).output).toMatch(/aws_security_group\.apart has changed/);
    await terraform.run('apply', '-refresh-only', '-auto-approve');
    const refresh = await plan('-refresh-only');
    expect(refresh.output).toContain('No changes. Your infrastructure still matches the configuration.');
    const there = await as('bob').list();
    expect(there).toHaveLength(INSTANCES);
    expect(new Set(there.map(({ type }) => type)).size).toBe(39);
    const state = JSON.parse(readFileSync(join(folder.path, 'overridden', 'terraform.tfstate'), 'utf8')) as {
      resources: { type: string; instances: { attributes: Record<string, unknown> }[] }[];
    };
    const attributesOf = (type: string) =>
      state.resources.find((each) => each.type === type)!.instances[0]!.attributes;
    expect(attributesOf('aws_db_instance')).toMatchObject({
      password: 'correct-horse-battery',
      address: expect.stringMatching(/^orders\.[0-9a-f]{12}\.eu-central-1\.rds\.amazonaws\.com$/),
      tags: null,
    });
    expect(attributesOf('digitalocean_firewall').droplet_ids).toEqual([
      Number(attributesOf('digitalocean_droplet').id),
    ]);
    await terraform.run('destroy', '-auto-approve');
    expect(await as('bob').list()).toEqual([]);
  });

  const QUEUE = `
    resource "aws_sqs_queue" "jobs" {
      name        = "jobs"
      max_message_size = 1024
    }`;
  const GROUP = `
    resource "aws_security_group" "web" {
      name = "web"
    }`;
  const idOf = async (type: string): Promise<string> => (await as('bob').list(type))[0]!.id;

  it('an edit behind its back is drift, exactly that, and the next apply takes it back', async () => {
    terraform.configure(QUEUE + GROUP);
    await apply();
    const id = await idOf('aws_sqs_queue');
    await as('alice').update('aws_sqs_queue', id, { max_message_size: 2048, tags: { by: 'alice' } });
    const { code, output } = await plan('-refresh-only');
    expect(code, output).toBe(2);
    expect(output).toMatch(/max_message_size\s+= 1024 -> 2048/);
    expect(output).toMatch(/\+ "by" = "alice"/);
    expect(output).not.toContain('aws_security_group.web has changed');
    expect(await apply()).toContain('0 added, 1 changed, 0 destroyed');
    expect((await as('bob').read('aws_sqs_queue', id))!.attributes).toMatchObject({
      max_message_size: 1024,
      tags: null,
    });
  });

  it('what was deleted behind its back is made again', async () => {
    terraform.configure(QUEUE + GROUP);
    await apply();
    const id = await idOf('aws_security_group');
    await as('script').delete('aws_security_group', id);
    expect((await plan('-refresh-only')).output).toContain('aws_security_group.web has been deleted');
    expect(await apply()).toContain('1 added, 0 changed, 0 destroyed');
    expect(await idOf('aws_security_group')).not.toBe(id);
  });

  it('a change in place sends what changed, one that needs another resource makes another', async () => {
    terraform.configure(QUEUE);
    await apply();
    const { next } = await as('bob').calls();
    terraform.configure(QUEUE.replace('1024', '4096'));
    expect(await apply()).toContain('0 added, 1 changed, 0 destroyed');
    const sent = (await as('bob').calls(next)).entries.filter(({ readOnly }) => !readOnly);
    expect(sent).toMatchObject([{ operation: 'update', attributes: ['max_message_size'] }]);
    expect(sent[0]!.userAgent).toMatch(/Terraform\/\d+\.\d+\.\d+ .*terraform-provider-aws\//);
    terraform.configure(QUEUE.replace('"jobs"\n', '"tasks"\n'));
    expect(await apply()).toContain('1 added, 0 changed, 1 destroyed');
    expect(await idOf('aws_sqs_queue')).toMatch(/\/tasks$/);
  });

  it('what someone else made is imported, and then there is nothing to do', async () => {
    const { id } = await as('alice').create('aws_sqs_queue', { name: 'jobs', max_message_size: 1024 });
    terraform.configure(QUEUE);
    await terraform.run('import', 'aws_sqs_queue.jobs', id);
    const { code, output } = await plan();
    expect(code, output).toBe(0);
    terraform.configure(GROUP);
    const missing = await terraform.attempt('import', '-no-color', 'aws_security_group.web', 'sg-0');
    expect(missing.output).toContain('Cannot import non-existent remote object');
  });

  it('refusals of the cloud are said, and what was done until then is kept', async () => {
    terraform.configure(QUEUE + GROUP);
    await as('bob').set({
      refusals: [{ times: 99, status: 403, code: 'AccessDenied', type: 'aws_sqs_queue' }],
    });
    const { code, output } = await terraform.attempt('apply', '-auto-approve', '-no-color');
    expect(code).toBe(1);
    expect(output).toContain('AccessDenied');
    expect(await terraform.run('state', 'list')).toBe('aws_security_group.web\n');
    // Throttling passes.
    await as('bob').set({ refusals: [{ times: 2, status: 429 }] });
    await apply();
  });

  it('a key that is no longer valid, and none, are said before anything is read', async () => {
    terraform.configure(QUEUE);
    const expired = within('overridden', join(folder.path, 'bin', 'overrides.tfrc'), {
      PRETEND_CLOUD_KEY: KEYS.expired,
    });
    expect((await expired.attempt('plan', '-no-color')).output).toContain('ExpiredToken');
    const nobody = within('overridden', join(folder.path, 'bin', 'overrides.tfrc'), {
      PRETEND_CLOUD_KEY: '',
    });
    expect((await nobody.attempt('plan', '-no-color')).output).toContain('PRETEND_CLOUD_KEY');
  });

  it('a state of an older schema is read; one of a newer schema is refused', async () => {
    terraform.configure('resource "aws_vpc" "main" {\n  cidr_block = "10.0.0.0/16"\n}');
    await apply();
    const path = join(folder.path, 'overridden', 'terraform.tfstate');
    const text = readFileSync(path, 'utf8');
    const push = async (version: number): Promise<void> => {
      const { serial } = JSON.parse(await terraform.run('state', 'pull')) as { serial: number };
      const state = text
        .replace(/"schema_version": 1/, `"schema_version": ${version}`)
        .replace(/"serial": \d+/, `"serial": ${serial + 1}`)
        .replace('"instance_tenancy"', '"an_attribute_of_old": "x", "instance_tenancy"');
      terraform.write('old.json', state);
      await terraform.run('state', 'push', 'old.json');
    };
    await push(0);
    const { code, output } = await plan();
    expect(code, output).toBe(0);
    await push(2);
    expect((await plan()).output).toMatch(/newer provider version/);
  });

  it('a state that an older version of the provider wrote is read by a newer one, and the other way round told as too new', async () => {
    const ACCOUNT = `
    provider "azurerm" {
      features {}
    }
    resource "azurerm_storage_account" "shop" {
      name                      = "shop"
      location                  = "westeurope"
      resource_group_name       = "shop"
      account_tier              = "Standard"
      account_replication_type  = "LRS"
      enable_https_traffic_only = false
    }`;
    const older = writeOverrides(join(folder.path, 'older'), [{ provider: AZURERM_3 }, { provider: AWS }]);
    const newer = writeOverrides(join(folder.path, 'newer'), [{ provider: AZURERM }, { provider: AWS_6 }]);
    terraform = within('versions', older);
    terraform.configure(QUEUE + ACCOUNT);
    await apply();
    expect((await as('bob').list('azurerm_storage_account'))[0]!.attributes).toMatchObject({
      https_traffic_only_enabled: false,
    });
    expect((await plan()).code).toBe(0);
    terraform = within('versions', newer);
    terraform.configure(QUEUE + ACCOUNT.replace('enable_https_traffic_only', 'https_traffic_only_enabled'));
    const { code, output } = await plan();
    expect(code, output).toBe(0);
    await terraform.run('apply', '-refresh-only', '-auto-approve');
    const shown = await terraform.run('state', 'show', '-no-color', 'aws_sqs_queue.jobs');
    expect(shown).toMatch(/region\s+= "eu-central-1"/);
    terraform = within('versions', older);
    terraform.configure(QUEUE + ACCOUNT);
    expect((await plan()).output).toMatch(/newer provider version/);
  });

  it('wearing printed schemas, with protocol 6, installed from a mirror by an init', async () => {
    terraform.configure(GROUP);
    terraform.write('schemas.json', await terraform.run('providers', 'schema', '-json'));
    const printed = join(folder.path, 'overridden', 'schemas.json');
    await cloud.close();
    cloud = await startCloud({ directory: folder.path, providers: [providerNamed('aws', printed)] });
    const mirror = writeMirror(join(folder.path, 'mirror'), [
      { provider: AWS, schema: printed, protocol: 6 },
    ]);
    terraform = within('installed', mirror);
    terraform.configure(GROUP);
    await terraform.run('init');
    const installed = join(folder.path, 'installed', '.terraform/providers', AWS.address, AWS.version);
    expect(statSync(installed).isDirectory()).toBe(true);
    await apply();
    const { code, output } = await plan();
    expect(code, output).toBe(0);
    await as('alice').update('aws_security_group', await idOf('aws_security_group'), { tags: { a: 'b' } });
    expect((await plan('-refresh-only')).code).toBe(2);
  });
});
