// The story of the demo with real Terraform: what happens when, and what it should look like.
import type { CloudClient } from '../../producers/terraform/pretend/cloud/client.ts';
import type { KEYS } from '../../producers/terraform/pretend/cloud/principals.ts';
import type { JsonObject } from '../../schemas/index.ts';
import type { StepOf } from './play-steps.ts';
import { REAL_CAST } from './real-estate.ts';

export interface RealWorld {
  /** `terraform apply` of every workspace, for the first time. */
  applyAll(): Promise<void>;
  terraform(workspace: string, ...args: string[]): Promise<void>;
  /** Asks for a sweep of every workspace. */
  sweep(): Promise<void>;
  /** The pretend cloud, as someone. */
  as(who: keyof typeof KEYS): CloudClient;
}

const only = async (world: RealWorld, type: string, name?: string) => {
  const found = (await world.as('alice').list(type)).find(
    (one) => name === undefined || one.attributes.name === name,
  );
  if (!found) throw new Error(`the pretend cloud holds no ${type}${name ? ` called ${name}` : ''}`);
  return found;
};

const SSH: JsonObject = {
  cidr_blocks: ['0.0.0.0/0'],
  description: '',
  from_port: 22,
  to_port: 22,
  protocol: 'tcp',
  ipv6_cidr_blocks: [],
  prefix_list_ids: [],
  security_groups: [],
  self: false,
};

export const REAL_STORY: readonly StepOf<RealWorld>[] = [
  {
    at: 0,
    title: 'terraform apply of four workspaces: aws, azurerm, digitalocean and google',
    look: 'No drift at all, of any confidence.',
    act: (world) => world.applyAll(),
  },
  {
    at: 1,
    title: 'a first sweep: all that is declared is read through its provider',
    look: 'Still no drift; what was unknown is in sync (Workspaces, Gaps).',
    act: (world) => world.sweep(),
  },
  {
    at: 4,
    title: 'alice opens port 22 to the world, in the AWS console',
    look: `Confirmed: ingress of ${REAL_CAST.openedGroup}, read through the provider, with her name, address and event id.`,
    async act(world) {
      const { id, attributes } = await only(world, 'aws_security_group', 'web');
      const ingress = [...(attributes.ingress as JsonObject[]), SSH];
      await world.as('alice').update('aws_security_group', id, { ingress });
    },
  },
  {
    at: 12,
    title: 'a clean-up script deletes the policy of the invoices bucket',
    look: `Confirmed: aws_s3_bucket_policy.this["${REAL_CAST.policyBucket}"] is missing, by the script’s role session.`,
    act: (world) => world.as('script').delete('aws_s3_bucket_policy', REAL_CAST.policyBucket),
  },
  {
    at: 20,
    title: 'bob changes a queue, and thinks better of it',
    look: `${REAL_CAST.queue}: suspected of bob, read, and dismissed. No alarm.`,
    async act(world) {
      const { id, attributes } = await only(world, 'aws_sqs_queue');
      await world.as('bob').update('aws_sqs_queue', id, { visibility_timeout_seconds: 5 });
      const { visibility_timeout_seconds } = attributes;
      await world
        .as('bob')
        .update('aws_sqs_queue', id, { visibility_timeout_seconds: visibility_timeout_seconds! });
    },
  },
  {
    at: 28,
    title: 'alice lets the storage account speak TLS 1.0, in the Azure portal',
    look: `Confirmed: min_tls_version of ${REAL_CAST.account}, from a reported change (docs/feeds-reported.md).`,
    async act(world) {
      const { id } = await only(world, 'azurerm_storage_account');
      await world.as('alice').update('azurerm_storage_account', id, { min_tls_version: 'TLS1_0' });
    },
  },
  {
    at: 36,
    title: 'bob turns off the redirect to HTTPS on the load balancer, and a Google firewall rule',
    look: `Confirmed: redirect_http_to_https of ${REAL_CAST.balancer}, disabled of ${REAL_CAST.firewall}.`,
    async act(world) {
      const balancer = await only(world, 'digitalocean_loadbalancer');
      await world.as('bob').update(balancer.type, balancer.id, { redirect_http_to_https: false });
      const firewall = await only(world, 'google_compute_firewall');
      await world.as('bob').update(firewall.type, firewall.id, { disabled: true });
    },
  },
  {
    at: 46,
    title: 'terraform apply -refresh-only in the edge workspace',
    look: 'The state now says so too, and both drifts stay open, marked absorbed: the code never said so.',
    act: (world) => world.terraform('edge', 'apply', '-refresh-only', '-auto-approve'),
  },
  {
    at: 60,
    title: 'terraform apply in network-prod closes the port again',
    look: 'The security group’s drift resolves by itself: reverted.',
    act: (world) => world.terraform('network-prod', 'apply', '-auto-approve'),
  },
];
