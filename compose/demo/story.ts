// The story: what happens when, and what it should look like. Each step is a plain action on the pretend world.
import type { JsonObject } from '../../schemas/index.ts';
import type { Caller } from './cloudtrail.ts';
import { CALLERS } from './cloudtrail.ts';
import type { Edge } from './edge.ts';
import { declare } from './edge.ts';
import type { EstateWorkspace } from './estate.ts';
import { CAST } from './estate.ts';

/** What the story may do to the world. */
export interface World {
  edge: Edge;
  workspaces: EstateWorkspace[];
  /** Terraform writes the workspace's state under its lock. */
  apply(workspace: EstateWorkspace): Promise<void>;
  /** CloudTrail delivers a file with these calls. */
  deliver(
    calls: { eventSource: string; eventName: string; requestParameters: JsonObject; by: Caller }[],
  ): Promise<void>;
}

export interface Step {
  /** Seconds after the start. */
  at: number;
  title: string;
  /** What a reader should see, or should not. */
  look: string;
  act(world: World): Promise<void>;
}

const firewall = (world: World): JsonObject => world.edge.cloud['/v2/firewalls']![0]!;
const balancer = (world: World): JsonObject => world.edge.cloud['/v2/load_balancers']![0]!;

export const STORY: readonly Step[] = [
  {
    at: 0,
    title: 'Clean apply of five workspaces (500 resources), by Terraform',
    look: 'No drift at all. Gaps lists what no feed and no snapshot watches: the Google workspace.',
    async act(world) {
      for (const workspace of world.workspaces) await world.apply(workspace);
      await world.deliver([
        {
          eventSource: 'ec2.amazonaws.com',
          eventName: 'AuthorizeSecurityGroupEgress',
          requestParameters: { groupId: CAST.openedGroup },
          by: CALLERS.terraform,
        },
      ]);
    },
  },
  {
    at: 10,
    title: 'alice opens port 22 to the world, in the AWS console',
    look: 'Suspected, on module address aws_security_group.web, with her name, address and event id.',
    act: (world) =>
      world.deliver([
        {
          eventSource: 'ec2.amazonaws.com',
          eventName: 'AuthorizeSecurityGroupIngress',
          requestParameters: {
            groupId: CAST.openedGroup,
            ipPermissions: {
              items: [
                {
                  ipProtocol: 'tcp',
                  fromPort: 22,
                  toPort: 22,
                  ipRanges: { items: [{ cidrIp: '0.0.0.0/0' }] },
                },
              ],
            },
          },
          by: CALLERS.alice,
        },
      ]),
  },
  {
    at: 18,
    title: 'a clean-up script deletes the policy of the invoices bucket',
    look: 'Suspected: aws_s3_bucket_policy.this["acme-invoices"] is missing, its bucket changed, by the script’s role session.',
    act: (world) =>
      world.deliver([
        {
          eventSource: 's3.amazonaws.com',
          eventName: 'DeleteBucketPolicy',
          requestParameters: {
            bucketName: CAST.deletedPolicyBucket,
            Host: `${CAST.deletedPolicyBucket}.s3.amazonaws.com`,
          },
          by: CALLERS.script,
        },
      ]),
  },
  {
    at: 24,
    title: 'autoscaling changes its group, a pipeline deploys a function',
    look: 'No alarm: labelled as a service and as a pipeline, never confirmed.',
    act: (world) =>
      world.deliver([
        {
          eventSource: 'autoscaling.amazonaws.com',
          eventName: 'UpdateAutoScalingGroup',
          requestParameters: { autoScalingGroupName: CAST.scalingGroup, desiredCapacity: 6 },
          by: CALLERS.autoscaling,
        },
        {
          eventSource: 'lambda.amazonaws.com',
          eventName: 'UpdateFunctionCode20150331v2',
          requestParameters: { functionName: CAST.deployedFunction },
          by: CALLERS.pipeline,
        },
      ]),
  },
  {
    at: 30,
    title: 'someone opens the database port in DigitalOcean’s control panel',
    look: 'Confirmed and critical: inbound_rule of the firewall, read from the API. The actor is unknown, and says so.',
    async act(world) {
      const rules = firewall(world).inbound_rules as JsonObject[];
      rules.push({ protocol: 'tcp', ports: '5432', sources: { addresses: ['0.0.0.0/0', '::/0'] } });
    },
  },
  {
    at: 38,
    title: 'someone turns off the redirect to HTTPS on the load balancer',
    look: 'Confirmed: redirect_http_to_https, declared true, observed false.',
    async act(world) {
      balancer(world).redirect_http_to_https = false;
    },
  },
  {
    at: 46,
    title: 'terraform apply -refresh-only in the edge workspace',
    look: 'The state now says false too, and the drift stays open, marked absorbed: the code never said so.',
    async act(world) {
      declare(world.edge.workspace, 'digitalocean_loadbalancer', 'redirect_http_to_https', false);
      await world.apply(world.edge.workspace);
    },
  },
  {
    at: 54,
    title: 'the database port is closed again',
    look: 'The firewall’s drift resolves by itself: reverted.',
    async act(world) {
      const rules = firewall(world).inbound_rules as JsonObject[];
      rules.pop();
    },
  },
];
