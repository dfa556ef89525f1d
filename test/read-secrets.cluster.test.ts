// Promise 4 where providers are asked: the credentials of a reader, what the state hides and what a read brings anew are looked
// for in every file, log line, event, table and answer. Real terraform, real provider processes; only the cloud is pretend.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DriftJson } from '../api/types.ts';
import type { CloudClient } from '../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import type { RunningCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { everywhere, type Piece } from './testing/everywhere.ts';
import { formsIn, formsOf } from './testing/leaks.ts';
import { awsReader, cloudTrailIn, type PretendSystem, startPretendSystem } from './testing/pretend-system.ts';
import { type Started, until } from './testing/running.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const binary = findTerraform();

/** In the configuration of the reader, as it stands there; the key it really reads with comes by `$READER_KEY`. */
const SECRET_KEY = 'wJalrXUtnFEMIK7MDENGbPxRfiCYplanted1';
const DATABASE_PASSWORD = 'vaulted-pa55word-60231';
const IN_STATE = 'tok_planted_9f31c07be2a44d18';
/** Set behind Terraform's back: no state ever held it. */
const IN_CLOUD = 'tok_rotated_c7d0aa15e9b34f62';
const IN_A_PLAIN_ATTRIBUTE = 'hvs.CAESplanted0123456789abcdefgh';

const ESTATE = `
  terraform {
    required_providers {
      aws = { source = "hashicorp/aws" }
    }
  }
  variable "password" {
    type      = string
    sensitive = true
    default   = "${DATABASE_PASSWORD}"
  }
  resource "aws_db_instance" "orders" {
    identifier          = "orders"
    engine              = "postgres"
    instance_class      = "db.t4g.micro"
    allocated_storage   = 20
    username            = "orders"
    password            = var.password
    deletion_protection = true
  }
  resource "aws_lambda_function" "checkout" {
    function_name = "checkout"
    role          = "arn:aws:iam::${ACCOUNT}:role/checkout"
    runtime       = "nodejs22.x"
    handler       = "index.handler"
    filename      = "checkout.zip"
    memory_size   = 256
    environment {
      variables = { TOKEN = "${IN_STATE}" }
    }
  }
  resource "aws_sqs_queue" "jobs" {
    name                       = "jobs"
    visibility_timeout_seconds = 45
    tags                       = { dsn = "postgres://orders:\${nonsensitive(var.password)}@orders/" }
  }
`;

describe.runIf(binary !== null)(
  `secrets where providers are asked, under ${binary}`,
  { timeout: 300_000 },
  () => {
    let world: PretendSystem;
    let cloud: RunningCloud;
    let system: Started;
    let terraform: Terraform;
    const as = (who: keyof typeof KEYS): CloudClient => world.as(who);
    const idOf = async (type: string): Promise<string> => (await as('bob').list(type))[0]!.id;
    const drift = (address: string, wanted: (drift: DriftJson) => boolean) =>
      until(
        `the drift of ${address}`,
        async () =>
          (await system.client.drifts.list({ limit: 500 })).items.find(
            (one) => one.address === address && wanted(one),
          ),
        60_000,
      );

    beforeAll(async () => {
      world = await startPretendSystem(
        binary!,
        ESTATE,
        (places) => ({
          ...cloudTrailIn(places),
          'detector.graceMs': 300,
          'terraform.readers': [
            awsReader(places, {
              environment: { PRETEND_CLOUD_KEY: '$READER_KEY', TF_CLI_CONFIG_FILE: places.cliConfig },
              configuration: { endpoint: places.cloud.url, region: 'eu-central-1', secret_key: SECRET_KEY },
            }),
          ],
        }),
        { READER_KEY: KEYS.reader },
      );
      ({ cloud, system, terraform } = world);
      await terraform.run('apply', '-auto-approve', '-input=false');
    }, 240_000);
    afterAll(() => world?.stop());

    it('a secret that someone rotated is a confirmed drift, of which only that it differs can be seen', async () => {
      await as('alice').update('aws_lambda_function', await idOf('aws_lambda_function'), {
        environment: [{ variables: { TOKEN: IN_CLOUD } }],
        description: `now with ${IN_A_PLAIN_ATTRIBUTE}`,
      });
      await as('alice').update('aws_sqs_queue', await idOf('aws_sqs_queue'), {
        tags: { dsn: `postgres://orders:${DATABASE_PASSWORD}@elsewhere/` },
      });
      await cloud.flush();
      const rotated = await drift(
        'aws_lambda_function.checkout',
        ({ confidence }) => confidence === 'confirmed',
      );
      const difference = rotated.differences.find(({ path }) => path.startsWith('environment'));
      expect(JSON.stringify(difference)).toMatch(/\$secret.*\$secret/);
      await drift('aws_sqs_queue.jobs', ({ confidence }) => confidence === 'confirmed');
    });

    it('what a provider says when it refuses is told without what it repeats', async () => {
      await as('bob').set({
        refusals: [
          {
            times: 100,
            status: 403,
            code: 'AccessDenied',
            message: `${KEYS.reader} with ${SECRET_KEY} may not read the password ${DATABASE_PASSWORD}`,
            operation: 'read',
            type: 'aws_db_instance',
          },
        ],
      });
      await as('alice').update('aws_db_instance', await idOf('aws_db_instance'), {
        deletion_protection: false,
      });
      await cloud.flush();
      const unread = await drift('aws_db_instance.orders', ({ confidence }) => confidence === 'unverified');
      expect(JSON.stringify(unread)).toMatch(/AccessDenied.*\[redacted\]/);
    });

    it('none of them is found anywhere', async () => {
      await system.settled();
      const narrow = await system.client.keys.create({ name: 'narrow', scopes: ['admin'] });
      const secrets: [string, string[]][] = Object.entries({
        'the key it reads with': KEYS.reader,
        'the secret key in its configuration': SECRET_KEY,
        'the password': DATABASE_PASSWORD,
        'the token in the state': IN_STATE,
        'the token that only the cloud has': IN_CLOUD,
        'what looks like a token': IN_A_PLAIN_ATTRIBUTE,
      }).map(([name, secret]) => [name, formsOf(secret)]);
      const found = (bytes: Piece['bytes']): string[] =>
        secrets.flatMap(([name, forms]) => (formsIn(bytes, forms).length > 0 ? [name] : []));
      expect(found(Buffer.from(`x${IN_CLOUD}y`).toString('base64'))).toEqual([
        'the token that only the cloud has',
      ]);
      const counts: Partial<Record<Piece['kind'], number>> = {};
      const leaks = new Set<string>();
      for await (const { kind, where, bytes } of everywhere(system, narrow.key)) {
        counts[kind] = (counts[kind] ?? 0) + 1;
        for (const leak of found(bytes)) leaks.add(`${leak} in ${kind} ${where}`);
      }
      expect([...leaks]).toEqual([]);
      process.stdout.write(`looked for ${secrets.length} secrets in ${JSON.stringify(counts)}\n`);
      for (const [kind, least] of [
        ['file', 20],
        ['log line', 1],
        ['event', 50],
        ['table', 10],
        ['answer', 20],
      ] as const)
        expect(counts[kind], kind).toBeGreaterThanOrEqual(least);
      expect(system.logged.length).toBeGreaterThan(20);
    });
  },
);
