// What is read of .tf files, as the detector knows it: one spells the paths and addresses that the other looks for.
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it } from 'vitest';
import type { Configured } from '../processors/drift/comparison.ts';
import { configurationOf } from '../processors/drift/known-facts.ts';
import { given } from '../processors/drift/testing/given.ts';
import { readConfiguration } from '../producers/terraform/configuration/index.ts';
import type { Rows } from '../runtime/processor.ts';
import { eventOf } from '../runtime/testing/events.ts';

const FIXTURE = fileURLToPath(
  new URL('../producers/terraform/configuration/fixtures/estate', import.meta.url),
);
let of: (address: string) => Configured | null;
beforeAll(async () => {
  const { configuration } = await readConfiguration({ directory: FIXTURE });
  const detector = given();
  const body = { workspace: 'shop', revision: null, by: 'a folder', ...configuration };
  detector.input(eventOf('configuration.published', body, { objectKey: null }));
  const rows = detector.rows('*');
  of = (address) =>
    configurationOf({ shared: (name: string) => rows[name] } as Partial<Rows> as Rows, 'shop', address);
});

it.each<[address: string, path: string, isSet: boolean]>([
  ['module.queues["refunds"].aws_sqs_queue.this', 'visibility_timeout_seconds', true],
  ['module.queues["refunds"].aws_sqs_queue.this', 'delay_seconds', false],
  ['module.queues["orders"].module.inner.aws_sqs_queue.dead', 'name', true],
  ['aws_security_group.inline', 'tags["cost/unit"]', true],
  ['aws_security_group.inline', 'tags.other', false],
  // Set by expressions: all of it is meant.
  ['aws_security_group.inline', 'ingress[1].from_port', true],
  ['aws_dynamodb_table.ledger', 'attribute[0].type', true],
  ['aws_dynamodb_table.ledger', 'global_secondary_index["by-owner"].projection_type', true],
  ['aws_dynamodb_table.ledger', 'global_secondary_index["by-owner"].read_capacity', false],
  // Of an override file, which replaces the block that has it.
  ['aws_dynamodb_table.ledger', 'ttl[0].enabled', true],
  ['aws_dynamodb_table.ledger', 'ttl[0].attribute_name', false],
  ['aws_iam_role.handler', 'description', false],
  ['module.network.aws_vpc.this', 'instance_tenancy', false],
  ['google_storage_bucket.exports[1]', 'lifecycle_rule[0].condition[0].age', true],
  ['google_storage_bucket.exports[1]', 'lifecycle_rule[0].condition[0].with_state', false],
])('%s sets %s: %s', (address, path, isSet) => {
  expect(of(address)!.sets(path)).toBe(isSet);
});

it.each<[address: string, path: string, isIgnored: boolean]>([
  ['module.queues["orders"].module.inner.aws_sqs_queue.dead', 'message_retention_seconds', true],
  ['module.queues["orders"].module.inner.aws_sqs_queue.dead', 'tags.any', true],
  ['module.queues["orders"].module.inner.aws_sqs_queue.dead', 'name', false],
  ['aws_security_group.inline', 'tags["cost/unit"]', true],
  ['aws_security_group.inline', 'tags.team', false],
  ['aws_dynamodb_table.ledger', 'billing_mode', true],
  ['aws_s3_bucket_versioning.logs', 'versioning_configuration[0].mfa_delete', true],
  ['aws_s3_bucket_versioning.logs', 'versioning_configuration[0].status', false],
  ['aws_s3_bucket.logs', 'tags.kept', true],
])('%s ignores %s: %s', (address, path, isIgnored) => {
  expect(of(address)!.ignores(path)).toBe(isIgnored);
});

it('of a block that is not there nothing is known', () => {
  expect(of('aws_s3_bucket.other')).toBeNull();
});
