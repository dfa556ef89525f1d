// The world of the demo with real Terraform: the pretend cloud, the providers that speak to it, and the settings of a system
// that watches it. Everything but the cloud is the real thing: terraform, the http backend, the plugin protocol, the feeds.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cloudClient } from '../../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS, namesOf, REGION } from '../../producers/terraform/pretend/cloud/principals.ts';
import { startCloud } from '../../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../../producers/terraform/pretend/launchers.ts';
import { REAL_WORKSPACES } from './real-estate.ts';
import type { RealWorld } from './real-story.ts';
import { type TerraformFolder, terraformFolder } from './terraform.ts';

export interface PretendWorld {
  /** By path: for a system that watches it. */
  settings: Record<string, unknown>;
  /** The environment of providers and terraform, as someone. */
  world(system: { url: string; key: string; program: string; signal: AbortSignal; path: string }): RealWorld;
  close(): Promise<void>;
}

export async function pretendWorld(directory: string): Promise<PretendWorld> {
  const trail = join(directory, 'trail');
  const reports = join(directory, 'reports');
  const held = join(directory, 'cloud');
  for (const folder of [trail, reports, held]) await mkdir(folder, { recursive: true });
  const cloud = await startCloud({ directory: held, trail, reports });
  const cliConfig = writeMirror(join(directory, 'mirror'));
  const environmentOf = (key: string): Record<string, string> => ({
    PRETEND_CLOUD_KEY: key,
    PRETEND_CLOUD_URL: cloud.url,
    TF_CLI_CONFIG_FILE: cliConfig,
  });
  const { subscription, project } = namesOf(ACCOUNT);
  // Terraform's folder of a workspace that uses the provider: its lock file says which version.
  const readerIn = (workspace: string) => ({
    environment: environmentOf(KEYS.reader),
    directory: join(directory, workspace),
  });
  const features = { features: [{}] };
  return {
    settings: {
      'terraform.workspaces': REAL_WORKSPACES.map(({ name, owner }) => ({ name, owner })),
      'terraform.readers': [
        {
          ...readerIn('network-prod'),
          provider: 'aws',
          account: ACCOUNT,
          region: REGION,
          configuration: { region: REGION },
        },
        { ...readerIn('shop-prod'), provider: 'azurerm', account: subscription, configuration: features },
        { ...readerIn('edge'), provider: 'google', account: project },
        { ...readerIn('edge'), provider: 'digitalocean', account: ACCOUNT },
      ],
      // The first sweep is asked for by the story, and nothing else uses this cloud.
      'terraform.sweep.percent': 75,
      'aws.cloudtrail': [trail],
      'aws.pollMs': 500,
      'aws.applyIdentities': ['arn:aws:iam::*:role/terraform-apply'],
      'aws.pipelines': ['arn:aws:iam::*:role/deploy-pipeline'],
      'reported.directories': [reports],
      'reported.pollMs': 500,
      'reported.applyIdentities': ['ci-4711@example.com'],
    },
    world({ url, key, program, signal, path }) {
      const folders = new Map<string, TerraformFolder>();
      return {
        async applyAll() {
          for (const { name, resources } of REAL_WORKSPACES) {
            const environment = { PATH: path, ...environmentOf(KEYS.terraform) };
            const options = { program, url, key, workspace: name, resources, environment, signal };
            const folder = await terraformFolder(join(directory, name), options);
            folders.set(name, folder);
            await folder.run('apply', '-auto-approve');
          }
        },
        async terraform(workspace, ...args) {
          await folders.get(workspace)?.run(...args);
        },
        async sweep() {
          const response = await fetch(`${url}/api/v1/snapshots`, {
            method: 'POST',
            headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
            body: JSON.stringify({ provider: 'terraform' }),
            signal,
          });
          if (!response.ok)
            throw new Error(`a sweep was refused: ${response.status} ${await response.text()}`);
        },
        as: (who) => cloudClient({ url: cloud.url, accessKey: KEYS[who] }),
      };
    },
    close: () => cloud.close(),
  };
}
