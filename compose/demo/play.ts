// Plays the story on a running system: real wire formats, through the same doors real clouds and Terraform use.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { StandIn } from '../../producers/digitalocean/stand-in.ts';
import { sampleState } from '../../producers/digitalocean/stand-in.ts';
import type { Clock } from '../../runtime/clock.ts';
import { stableId } from '../../schemas/index.ts';
import { recordOf } from './cloudtrail.ts';
import { edge } from './edge.ts';
import { AWS_ACCOUNT, AWS_REGION, awsAndGoogle, stateOf } from './estate.ts';
import type { Step, World } from './story.ts';
import { createTerraformClient } from './terraform-client.ts';

export interface PlayOptions {
  url: string;
  key: string;
  /** The pretend DigitalOcean; its estate is filled and edited. */
  cloud: StandIn;
  /** Where CloudTrail files are delivered to. */
  trail: string;
  clock: Clock;
  /** Seconds of the story to a second; 1 is the pace it was written for. */
  pace: number;
  signal: AbortSignal;
  /** Told before each step. */
  onStep(step: Step, index: number): void;
}

/** The world of the story: what is declared, and what the clouds hold. */
export function createWorld(options: Pick<PlayOptions, 'url' | 'key' | 'cloud' | 'trail' | 'clock'>): World {
  const { cloud, trail, clock } = options;
  const terraform = createTerraformClient({ url: options.url, key: options.key, who: 'ci@runner-12' });
  const atEdge = edge(cloud.estate, sampleState());
  const serials = new Map<string, number>();
  let delivered = 0;
  return {
    edge: atEdge,
    workspaces: [...awsAndGoogle(), atEdge.workspace],
    async apply(workspace) {
      const serial = (serials.get(workspace.name) ?? 0) + 1;
      serials.set(workspace.name, serial);
      await terraform.apply(workspace.name, stateOf(workspace, serial));
    },
    async deliver(calls) {
      delivered++;
      const now = clock.now();
      const records = calls.map((call, index) =>
        recordOf({ ...call, at: now, eventId: stableId('demo', delivered, index) }),
      );
      const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '/');
      const name = `${AWS_ACCOUNT}_CloudTrail_${AWS_REGION}_${now}Z_${delivered}.json.gz`;
      const path = join(trail, 'AWSLogs', AWS_ACCOUNT, 'CloudTrail', AWS_REGION, day, name);
      await mkdir(dirname(path), { recursive: true });
      // S3 never shows half an object.
      await writeFile(`${path}.part`, gzipSync(JSON.stringify({ Records: records })));
      await rename(`${path}.part`, path);
    },
  };
}

export async function play(story: readonly Step[], options: PlayOptions): Promise<World> {
  const { clock, signal, pace } = options;
  const world = createWorld(options);
  const began = clock.now();
  for (const [index, step] of story.entries()) {
    await clock.sleep(began + (step.at * 1_000) / pace - clock.now(), signal);
    if (signal.aborted) break;
    options.onStep(step, index);
    await step.act(world);
  }
  return world;
}
