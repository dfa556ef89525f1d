// The AWS provider: what its Terraform resources are called in the cloud (rules: rows in resources.ts), and its source.
// `aws` is pure; the source is re-exported from cloudtrail-files.ts.
import type { Json, JsonObject } from '../../schemas/index.ts';
import type { Identity, Provider, Scope } from '../provider.ts';
import { parseArn } from './arn.ts';
import type { CloudObject } from './objects.ts';
import { keyOf, kindOfEc2Id, objectOf, objectOfArn } from './objects.ts';
import { fill } from './path.ts';
import type { ResourceRow } from './resources.ts';
import { resourceRowOf } from './resources.ts';

export type { CloudtrailLimits } from './cloudtrail-file.ts';
export type { CloudtrailFilesOptions } from './cloudtrail-files.ts';
export { CLOUDTRAIL_FILES, cloudtrailFiles } from './cloudtrail-files.ts';

const ZONE = /^([a-z]{2}(?:-[a-z]+)+-\d+)/;
const ACCOUNT = /^\d{12}$/;

const OWNERS = ['owner_id', 'registry_id'];
const OWNERS_OF_S3 = [...OWNERS, 'account_id'];

const text = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** What the instance says of itself: ARNs (its own, its id, the object's it belongs to), region, owner, zone. */
function scopeOf(type: string, attributes: JsonObject): Scope {
  let account: string | null = null;
  let region: string | null = null;
  const row = resourceRowOf(type);
  const hear = (name: string | null): void => {
    if (name === null || (account && region)) return;
    const place =
      parseArn(name) ??
      (row?.kind === 'sqs-queue' ? objectOf('sqs-queue', name, { account: null, region: null }) : null);
    account ??= place?.account ?? null;
    region ??= place?.region ?? null;
  };
  hear(text(attributes.arn));
  hear(text(attributes.id));
  // Its own ARN mostly tells both: the table is asked only where it does not.
  if (row && !(account && region)) for (const name of fill(row.object, attributes)) hear(name);
  region ??= text(attributes.region);
  region ??= ZONE.exec(text(attributes.availability_zone) ?? '')?.[1] ?? null;
  // `account_id` names the owner in the types of S3 alone; elsewhere it is whom something is shared with.
  for (const member of type.startsWith('aws_s3') ? OWNERS_OF_S3 : OWNERS) {
    if (account) break;
    const value = text(attributes[member]);
    if (value && ACCOUNT.test(value)) account = value;
  }
  return { account, region };
}

function objectOfRow(row: ResourceRow, attributes: JsonObject, place: Scope): CloudObject | null {
  for (const value of fill(row.object, attributes)) {
    const object = objectOf(row.kind, value, place);
    if (object) return object;
  }
  return null;
}

/** A type without a row: by its ARN, by the prefix of its EC2 id, else by type and id, and where it is if that is known. */
function objectOfUnknown(type: string, attributes: JsonObject, place: Scope): CloudObject {
  const id = text(attributes.id) ?? '';
  const ec2 = kindOfEc2Id(id);
  const object =
    objectOfArn(text(attributes.arn) ?? '', place) ??
    objectOfArn(id, place) ??
    (ec2 && objectOf(ec2, id, place));
  if (object) return object;
  return { kind: type.replace(/^aws_/, ''), id, placed: 'region', ...place, arn: null, incomplete: false };
}

function identify(instance: { org: string; type: string; attributes: JsonObject; scope: Scope }): Identity {
  const { org, type, attributes } = instance;
  const own = scopeOf(type, attributes);
  const place: Scope = {
    account: own.account ?? instance.scope.account,
    region: own.region ?? instance.scope.region,
  };
  const row = resourceRowOf(type);
  const object = (row && objectOfRow(row, attributes, place)) ?? objectOfUnknown(type, attributes, place);
  const keys = [keyOf(org, object)];
  for (const [kind, template] of row?.also ?? [])
    for (const value of fill(template, attributes)) {
      const further = objectOf(kind, value, place);
      const key = further && !further.incomplete ? keyOf(org, further) : null;
      if (key && !keys.includes(key)) keys.push(key);
    }
  const named = row?.id === null ? object.id : row && fill(row.id, attributes)[0];
  return {
    objectKeys: keys,
    resourceId: named ?? text(attributes.id) ?? object.id,
    account: object.account,
    region: object.region,
    scopeProblem: object.incomplete ? 'no scope' : null,
  };
}

export const aws: Provider = { name: 'aws', terraformName: 'aws', scopeOf, identify };
