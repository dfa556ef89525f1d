// Real Terraform against the whole running system: what each step shows in the API, how soon, and which steps close no drift.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson, WorkspaceDetail } from '../api/types.ts';
import type { Event } from '../schemas/index.ts';
import { fingerprint, placement, recordKey, topicOf } from '../schemas/index.ts';
import type { Started } from './testing/running.ts';
import { startWhole } from './testing/running.ts';
import type { Terraform } from './testing/terraform.ts';
import { findTerraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const WITHIN_MS = 1_000;

describe.runIf(binary !== null)('terraform against the running system', () => {
  let system: Started;
  let terraform: Terraform;
  const took: string[] = [];

  beforeAll(async () => {
    system = await startWhole(() => ({ 'detector.graceMs': 0 }));
    terraform = terraformIn(join(system.directory, 'tf'), {
      binary: binary!,
      address: `${system.url}/tfstate/net`,
      key: system.key,
      variables: {},
    });
    terraform.configure(resources('one'));
    await terraform.run('init');
  }, 60_000);
  afterAll(async () => {
    process.stderr.write(`visible after: ${took.join(', ')}\n`);
    await system?.stop();
  });

  const resources = (input: string, more = ''): string => `
    resource "terraform_data" "a" { input = "${input}" }
    ${more}`;
  const workspace = (): Promise<WorkspaceDetail> => system.client.workspaces.get('net');
  const drifts = async (): Promise<DriftJson[]> =>
    (await system.client.drifts.list({ status: ['open', 'acknowledged', 'accepted', 'resolved'] })).items;

  /** Waits until the API shows it, no longer than a second. */
  async function visible<T>(step: string, ask: () => Promise<T>, is: (value: T) => boolean): Promise<T> {
    const began = performance.now();
    for (;;) {
      const value = await ask();
      const passed = performance.now() - began;
      if (is(value)) {
        took.push(`${step} ${Math.round(passed)} ms`);
        return value;
      }
      if (passed > WITHIN_MS)
        throw new Error(`${step}: after a second the API shows ${JSON.stringify(value)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** What a reader of the cloud would report of the first resource. */
  async function observe(input: string): Promise<void> {
    const { items } = await system.client.resources.list({ workspace: 'net', q: 'terraform_data.a' });
    const { objectKey, provider, type, resourceId } = items[0]!;
    const attributes = { id: resourceId, input };
    const event: Event = {
      type: 'resource.observed',
      id: `obs_${input}_${Date.now()}`,
      time: Date.now(),
      recordedAt: Date.now(),
      source: 'test-reader',
      org: 'default',
      objectKey,
      correlationId: null,
      clamped: false,
      body: {
        provider,
        account: null,
        region: null,
        type,
        resourceId,
        via: 'read',
        attributes: JSON.stringify(attributes),
        ownedBy: null,
      },
    };
    const { log, codec } = system.running.adapters;
    await log.append(
      placement(event, log.partitions).map((partition) => ({
        topic: topicOf(event.type),
        partition,
        key: recordKey(event),
        value: codec.encode(event, fingerprint(attributes)),
      })),
    );
  }

  it('an apply is there within a second of its end, and planning opens no run', async () => {
    await terraform.run('apply', '-auto-approve');
    const applied = await visible(
      'apply',
      workspace,
      ({ instances, run }) => instances === 1 && run === null,
    );
    expect(applied).toMatchObject({ backend: 'http', pushed: true, problem: null });
    expect(await drifts()).toEqual([]);

    const finished = applied.lastRunFinishedAt;
    expect(finished).not.toBeNull();
    await terraform.run('plan');
    await system.settled();
    expect(await workspace()).toMatchObject({
      serial: applied.serial,
      lastRunFinishedAt: finished,
      run: null,
    });
  }, 60_000);

  it('refresh-only, failed and unrelated applies close no drift; the value coming back does', async () => {
    await observe('changed by hand');
    const [opened] = await visible('drift', drifts, ([drift]) => drift?.status === 'open');
    expect(opened).toMatchObject({ kind: 'modified', confidence: 'confirmed' });
    expect(opened!.differences.map(({ path }) => path)).toEqual(['input']);

    const before = (await workspace()).lastRunFinishedAt;
    await terraform.run('apply', '-refresh-only', '-auto-approve');
    await visible('refresh-only', workspace, ({ lastRunFinishedAt }) => lastRunFinishedAt !== before);
    expect(await drifts()).toMatchObject([{ id: opened!.id, status: 'open' }]);

    const failing = `resource "terraform_data" "b" {
      input = "b"
      lifecycle {
        precondition {
          condition     = false
          error_message = "no"
        }
      }
    }`;
    terraform.configure(resources('one', failing));
    expect((await terraform.attempt('apply', '-auto-approve')).code).not.toBe(0);
    await system.settled();
    expect(await drifts()).toMatchObject([{ id: opened!.id, status: 'open' }]);

    terraform.configure(resources('one', 'resource "terraform_data" "c" { input = "c" }'));
    await terraform.run('apply', '-auto-approve');
    await visible('unrelated apply', workspace, ({ instances }) => instances === 2);
    expect(await drifts()).toMatchObject([{ id: opened!.id, status: 'open' }]);

    await observe('one');
    await visible('revert', drifts, ([drift]) => drift?.status === 'resolved');
    expect(await drifts()).toMatchObject([{ id: opened!.id, resolution: 'reverted' }]);
  }, 60_000);

  it('moving, removing and destroying are there within a second', async () => {
    const addresses = async (): Promise<string[]> =>
      (await system.client.resources.list({ workspace: 'net' })).items.map(({ address }) => address).sort();
    await terraform.run('state', 'mv', 'terraform_data.c', 'terraform_data.moved');
    await visible(
      'state mv',
      addresses,
      (all) => all.includes('terraform_data.moved') && !all.includes('terraform_data.c'),
    );
    await terraform.run('state', 'rm', 'terraform_data.moved');
    await visible('state rm', addresses, (all) => all.length === 1);
    await terraform.run('import', 'terraform_data.c', 'some-id');
    await visible('import', addresses, (all) => all.includes('terraform_data.c'));
    await terraform.run('destroy', '-auto-approve');
    await visible('destroy', addresses, (all) => all.length === 0);
    expect((await drifts()).filter(({ status }) => status !== 'resolved')).toEqual([]);
  }, 60_000);
});
