// The whole system over a pretend cloud, beside Terraform's folder of the one workspace `prod`: what stories of reading start
// from. Terraform, its http backend and the plugin processes are real.
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DriftJson } from '../../api/types.ts';
import { Closing } from '../../compose/closing.ts';
import { type CloudClient, cloudClient } from '../../producers/terraform/pretend/cloud/client.ts';
import { ACCOUNT, KEYS } from '../../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../../producers/terraform/pretend/cloud/server.ts';
import { writeMirror } from '../../producers/terraform/pretend/launchers.ts';
import { temporaryFolder } from '../../runtime/testing/temporary-folder.ts';
import { type Started, startWhole } from './running.ts';
import { type Terraform, terraformIn } from './terraform.ts';

/** One of every type that the pretend cloud holds. */
export const ESTATE = readFileSync(
  new URL('../../producers/terraform/pretend/fixtures/estate.tf', import.meta.url),
  'utf8',
);

/** Where everything is, for the settings of the system. */
export interface Places {
  cloud: RunningCloud;
  /** Terraform's folder: its lock file says which providers. */
  prod: string;
  /** Names the providers. */
  cliConfig: string;
  /** Directories of the feeds: CloudTrail files, and reports of the other clouds. */
  trail: string;
  reports: string;
}

export interface PretendSystem {
  cloud: RunningCloud;
  system: Started;
  terraform: Terraform;
  /** The cloud, as someone. */
  as(who: keyof typeof KEYS): CloudClient;
  /** All there are, whatever became of them. */
  drifts(): Promise<DriftJson[]>;
  stop(): Promise<void>;
}

/** Ready for the first apply; `environment` is the system's own. */
export async function startPretendSystem(
  binary: string,
  estate: string,
  settings: (places: Places) => Record<string, unknown>,
  environment: Record<string, string> = {},
): Promise<PretendSystem> {
  const closing = new Closing();
  try {
    const folder = temporaryFolder();
    closing.add(async () => folder.remove());
    const [trail, reports, prod] = ['trail', 'reports', 'prod'].map((name) => join(folder.path, name));
    for (const feed of [trail!, reports!]) await mkdir(feed);
    const cloud = await startCloud({ directory: folder.path, trail: trail!, reports: reports! });
    closing.add(() => cloud.close());
    const cliConfig = writeMirror(join(folder.path, 'mirror'));
    const places = { cloud, prod: prod!, cliConfig, trail: trail!, reports: reports! };
    const system = await startWhole(() => settings(places), undefined, environment);
    closing.add(() => system.stop());
    const terraform = terraformIn(prod!, {
      binary,
      address: `${system.url}/tfstate/prod`,
      key: system.key,
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
    });
    closing.add(async () => terraform.kill());
    terraform.configure(estate);
    await terraform.run('init', '-input=false');
    const status = ['open', 'acknowledged', 'accepted', 'resolved'] as const;
    return {
      cloud,
      system,
      terraform,
      as: (who) => cloudClient({ url: cloud.url, accessKey: KEYS[who] }),
      drifts: async () =>
        (await system.client.drifts.list({ status: [...status], ignored: true, limit: 500 })).items,
      stop: () => closing.close(),
    };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** CloudTrail files of the pretend cloud, looked for often, and who applies Terraform there. */
export const cloudTrailIn = ({ trail }: Places): Record<string, unknown> => ({
  'aws.cloudtrail': [trail],
  'aws.pollMs': 100,
  'aws.applyIdentities': ['arn:aws:iam::*:role/terraform-apply'],
});

/** A reader of the pretend cloud's aws; `more` takes the place of what is here. */
export const awsReader = (
  { cloud, cliConfig, prod }: Places,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  provider: 'aws',
  account: ACCOUNT,
  region: 'eu-central-1',
  environment: {
    PRETEND_CLOUD_KEY: KEYS.reader,
    PRETEND_CLOUD_URL: cloud.url,
    TF_CLI_CONFIG_FILE: cliConfig,
  },
  configuration: { region: 'eu-central-1' },
  directory: prod,
  ...more,
});
