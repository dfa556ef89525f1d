// A long apply with the real aws provider on moto, which writes several serials while everything goes on: Terraform's own
// calls are told of, someone edits and takes back, all of it is read, and sweeps follow one another. Then what scales by
// itself, under ignore_changes. Nothing of that may ever be a confirmed drift that counts.

import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  awsConfiguration,
  awsProvider,
  type Moto,
  startMoto,
} from '../producers/terraform/plugin/testing/aws.ts';
import { systemClock } from '../runtime/clock.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { callsOf } from './estate/bench.ts';
import { autoscaling, type Call, dynamodb, ecs, send, sqs } from './estate/cloud.ts';
import { driftsOf, told } from './estate/drifts.ts';
import { tell, type Who } from './estate/feed.ts';
import { plannedFor } from './estate/mutations/index.ts';
import { type Recorder, recorder } from './estate/recorder.ts';
import { type Stated, statedIn } from './estate/stated.ts';
import { estateIn } from './estate/terraform.ts';
import { watch } from './estate/watch.ts';
import { type Started, startWhole, until } from './testing/running.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const LONG = readFileSync(new URL('estate/long/long.tf', import.meta.url), 'utf8');
const binary = findTerraform();
const choice = binary === null ? null : await awsProvider();
const moto: Moto | null = choice && (await startMoto());
const say = (text: string): void => void process.stdout.write(`long estate: ${text}\n`);
const GRACE_MS = 300;
const ROUNDS = 12;

describe.skipIf(!moto)(
  `an estate that grows and scales on moto, under ${binary}`,
  { timeout: 580_000 },
  () => {
    let folder: ReturnType<typeof temporaryFolder>;
    let system: Started;
    let terraform: Terraform;
    let calls: Recorder;
    let trail: string;

    beforeAll(async () => {
      folder = temporaryFolder();
      trail = join(folder.path, 'trail');
      await mkdir(trail);
      const prod = join(folder.path, 'prod');
      await mkdir(prod);
      system = await startWhole(() => ({
        'aws.cloudtrail': [trail],
        'aws.pollMs': 100,
        'aws.applyIdentities': ['arn:aws:iam::*:role/terraform-apply'],
        'detector.graceMs': GRACE_MS,
        'terraform.readsPerSecond': 500,
        'terraform.sweep.everyMs': 0,
        'terraform.sweep.percent': 50,
        'terraform.configurations': [{ workspace: 'prod', directory: prod, within: prod }],
        'terraform.configurationEveryMs': 500,
        'terraform.readers': [
          {
            provider: 'aws',
            account: ACCOUNT,
            region: 'us-east-1',
            environment: { TF_CLI_CONFIG_FILE: join(prod, 'terraform.rc') },
            configuration: awsConfiguration(moto!.url),
            directory: prod,
          },
        ],
      }));
      calls = await recorder(moto!.url, (call) => tell(trail, 'terraform', call));
      const state = { address: `${system.url}/tfstate/prod`, key: system.key };
      terraform = estateIn(prod, {
        binary: binary!,
        choice: choice!,
        moto: calls.url,
        state,
        resources: LONG,
      });
      await terraform.run('init', '-input=false');
    }, 240_000);
    afterAll(async () => {
      terraform?.kill();
      await system?.stop();
      await calls?.stop();
      await moto?.stop();
      folder?.remove();
    });

    async function settled(): Promise<void> {
      await system.settled();
      await systemClock.sleep(3 * GRACE_MS);
      await system.settled();
    }
    const make = async (who: Who, made: Call | Call[]): Promise<void> => {
      for (const call of callsOf(made)) {
        await send(moto!.url, call);
        await tell(trail, who, call);
      }
    };
    async function stated(): Promise<{ serial: number; instances: Stated[] }> {
      const bytes = Buffer.from(await terraform.run('state', 'pull'));
      if (bytes.toString().trim() === '') return { serial: 0, instances: [] };
      const { serial } = JSON.parse(bytes.toString()) as { serial: number };
      return { serial, instances: statedIn(bytes) };
    }

    /** Asks for one and waits for its end; how many it read. */
    async function sweep(): Promise<number | null> {
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
        200_000,
      );
      expect(done.status).toBe('completed');
      return done.listed;
    }

    it('a long apply in several serials, read and swept and touched meanwhile, is no confirmed drift at any moment', async () => {
      const watching = watch(system.client);
      const serials = new Set<number>();
      let sweeps = 0;
      let edits = 0;
      let isOver = false;
      const began = performance.now();
      const applying = terraform
        .run('apply', '-auto-approve', '-input=false', '-parallelism=20')
        .finally(() => {
          isOver = true;
        });
      const meddling = (async () => {
        while (!isOver) {
          const { serial, instances } = await stated();
          if (serial > 0) serials.add(serial);
          // Tags alone: what else is edited, Terraform may just be about to write.
          for (const { instance, mutation } of plannedFor(instances)) {
            if (mutation.path !== 'tags.Name' || isOver) continue;
            await make('bob', mutation.change(instance.attributes));
            await make('bob', mutation.revert(instance.attributes));
            edits++;
            await systemClock.sleep(1_000);
          }
          await systemClock.sleep(500);
        }
      })();
      const sweeping = (async () => {
        while (!isOver) {
          if (serials.size > 0) {
            await sweep();
            sweeps++;
          }
          await systemClock.sleep(500);
        }
      })();
      await Promise.all([applying, meddling, sweeping]);
      serials.add((await stated()).serial);
      await settled();
      const listed = await sweep();
      await settled();
      await watching.stop();
      const all = await driftsOf(system.client);
      const open = all.filter(({ status }) => status !== 'resolved');
      say(
        `applied in ${Math.round((performance.now() - began) / 1000)} s, ${serials.size} serials stored (${[...serials].join(', ')}), ${calls.told()} of Terraform's calls told, ${edits} edits made and taken back, ${sweeps} sweeps meanwhile; then one of ${listed}: ${watching.confirmed.size} confirmed drifts ever, ${open.length} open, ${all.length} suspected and dismissed`,
      );
      expect([...watching.confirmed.values()].map(told)).toEqual([]);
      expect(open.map(told)).toEqual([]);
      expect(all.filter(({ resolution }) => resolution !== 'dismissed').map(told)).toEqual([]);
      // Or nothing was tried.
      expect(serials.size).toBeGreaterThanOrEqual(3);
      expect(sweeps).toBeGreaterThanOrEqual(1);
      expect(edits).toBeGreaterThanOrEqual(10);
      expect(all.length).toBeGreaterThan(0);
    });

    it('what scales by itself under ignore_changes is recorded as ignored, and never counts', async () => {
      const { instances } = await stated();
      const of = (type: string): Stated['attributes'] =>
        instances.find((one) => one.type === type)!.attributes;
      const table = of('aws_dynamodb_table');
      const queue = of('aws_sqs_queue');
      const { policy } = of('aws_sqs_queue_policy');
      const SCALED: Record<string, (n: number) => Call> = {
        'aws_autoscaling_group.main desired_capacity': (n) =>
          autoscaling('SetDesiredCapacity', { AutoScalingGroupName: 'long', DesiredCapacity: 1 + n }),
        'aws_ecs_service.main desired_count': (n) =>
          ecs('UpdateService', { cluster: 'long', service: 'long', desiredCount: 1 + n }),
        'aws_dynamodb_table.main read_capacity write_capacity': (n) =>
          dynamodb('UpdateTable', {
            TableName: table.name!,
            ProvisionedThroughput: { ReadCapacityUnits: 2 + n, WriteCapacityUnits: 2 + n },
          }),
        // Nothing but the configuration says that this one is left alone.
        'aws_sqs_queue.main visibility_timeout_seconds': (n) =>
          sqs('SetQueueAttributes', {
            QueueUrl: queue.url!,
            // moto forgets the policy when another attribute is set.
            Attributes: { VisibilityTimeout: String(30 + n), Policy: policy! },
          }),
      };
      const watching = watch(system.client);
      let changes = 0;
      for (let round = 1; round <= ROUNDS; round++) {
        for (const call of Object.values(SCALED)) {
          await make('scaling', call(round));
          changes++;
        }
        if (round === ROUNDS / 2) await sweep();
        await systemClock.sleep(200);
      }
      await settled();
      await sweep();
      await settled();
      await watching.stop();
      const counting = (await system.client.drifts.list({ status: ['open'], limit: 500 })).items;
      // What was only suspected was dismissed by its read: here, and in the long apply.
      const all = (await driftsOf(system.client)).filter(({ resolution }) => resolution !== 'dismissed');
      const everCounted = [...watching.confirmed.values()].filter(({ ignoredBy }) => ignoredBy === null);
      say(
        `${changes} changes of ${Object.keys(SCALED).length} ignored attributes by application-autoscaling: ${counting.length} drifts that count, ${everCounted.length} ever, ${all.length} recorded as ignored`,
      );
      expect(counting.map(told)).toEqual([]);
      expect(everCounted.map(told)).toEqual([]);
      expect(
        all
          .map(({ address, differences, status, confidence, ignoredBy }) =>
            [address, ...differences.map(({ path }) => path), status, confidence, ignoredBy].join(' '),
          )
          .sort(),
      ).toEqual(
        Object.keys(SCALED)
          .map((name) => `${name} open confirmed ignore_changes`)
          .sort(),
      );
      // Who edited it in the long apply is remembered, too.
      for (const { address, actors } of all)
        expect([address, actors.map(({ via }) => via)]).toEqual([
          address,
          expect.arrayContaining(['service']),
        ]);

      for (const call of Object.values(SCALED)) await make('scaling', call(0));
      await until('the ignored drifts to end', async () =>
        (await driftsOf(system.client)).every(({ status }) => status === 'resolved'),
      );
    });
  },
);
