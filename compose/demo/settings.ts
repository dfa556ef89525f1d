// The settings of a system that watches the pretend estate: what the demo and the tests that tell its story begin with.
import { type StandIn, TOKEN } from '../../producers/digitalocean/stand-in.ts';

/** By path. `trail`: the folder in which CloudTrail files appear. */
export const estateSettings = (trail: string, cloud: StandIn): Record<string, unknown> => ({
  'terraform.workspaces': [
    { name: 'network-*', owner: 'team-net' },
    { name: 'data-*', owner: 'team-data' },
    { name: 'analytics', owner: 'team-data' },
    { name: 'shop-*', owner: 'team-shop' },
    { name: 'edge', owner: 'team-edge' },
  ],
  'aws.cloudtrail': [trail],
  'aws.pollMs': 100,
  'aws.pipelines': ['arn:aws:sts::*:assumed-role/deploy-pipeline/*'],
  'digitalocean.token': TOKEN,
  'digitalocean.url': cloud.url,
  // It is asked for listings when there is something to see.
  'digitalocean.everyMs': 3_600_000,
});
