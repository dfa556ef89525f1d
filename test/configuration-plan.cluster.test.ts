// What we read of a configuration against what the real terraform says it is: the configuration section of its plan names
// every resource block, the provider configuration it uses and the arguments it sets. They have to be the same.
import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfiguration } from '../producers/terraform/configuration/read.ts';
import { awsProvider } from '../producers/terraform/plugin/testing/aws.ts';
import { KEYS } from '../producers/terraform/pretend/cloud/principals.ts';
import { type RunningCloud, startCloud } from '../producers/terraform/pretend/cloud/server.ts';
import { writeOverrides } from '../producers/terraform/pretend/launchers.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { findTerraform, terraformIn } from './testing/terraform.ts';

const binary = findTerraform();
const aws = await awsProvider();
const FIXTURE = fileURLToPath(
  new URL('../producers/terraform/configuration/fixtures/estate', import.meta.url),
);
const AWS = fileURLToPath(new URL('../producers/terraform/configuration/fixtures/aws', import.meta.url));
const PRETEND = fileURLToPath(new URL('../producers/terraform/pretend/fixtures', import.meta.url));

interface PlannedModule {
  resources?: { address: string; mode: string; provider_config_key: string; expressions?: Expressions }[];
  module_calls?: Record<string, { module: PlannedModule }>;
}
interface Expressions {
  [name: string]: unknown;
}

/** What the plan leaves out: it looks at blocks as they stand there, and a dynamic block is not yet one. */
const ONLY_DYNAMIC: Record<string, string[]> = {
  'aws_security_group.blocks': [
    'egress',
    'egress.from_port',
    'egress.protocol',
    'egress.self',
    'egress.to_port',
  ],
  'aws_dynamodb_table.ledger': ['attribute', 'attribute.name', 'attribute.type'],
};

/** What stands there as null is not set, which the plan says of its value instead. */
const SET_TO_NULL: Record<string, string> = {
  'aws_iam_role.handler': 'description',
  'module.network.aws_vpc.this': 'instance_tenancy',
};

describe.runIf(binary !== null)(`a configuration planned by ${binary}`, { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let cloud: RunningCloud;
  beforeEach(async () => {
    folder = temporaryFolder();
    cloud = await startCloud({ directory: join(folder.path, 'cloud') });
  });
  afterEach(async () => {
    await cloud.close();
    folder.remove();
  });

  it.each([
    ['a root with modules, aliases, dynamic blocks, heredocs, JSON and an override file', FIXTURE, 13],
    ['one of every type of the pretend cloud', PRETEND, 20],
  ])('%s: the same blocks, arguments and provider configurations', async (_, fixture, atLeast) => {
    await comparePlan(fixture, atLeast, writeOverrides(join(folder.path, 'bin')));
  });

  it.runIf(aws !== null)(
    'types of the real aws provider: the same blocks, arguments and provider',
    async () => {
      const overrides = join(folder.path, 'overrides.tfrc');
      const place = dirname(aws!.program);
      writeFileSync(
        overrides,
        `provider_installation {\n  dev_overrides {\n    "hashicorp/aws" = "${place}"\n  }\n  direct {}\n}\n`,
      );
      await comparePlan(AWS, 5, overrides);
    },
  );

  async function comparePlan(fixture: string, atLeast: number, cliConfig: string): Promise<void> {
    const place = join(folder.path, 'estate');
    cpSync(fixture, place, { recursive: true });
    const terraform = terraformIn(place, {
      binary: binary!,
      address: null,
      key: '',
      variables: {},
      cliConfig,
      environment: { PRETEND_CLOUD_URL: cloud.url, PRETEND_CLOUD_KEY: KEYS.terraform },
    });
    await terraform.run('get');
    await terraform.run('plan', '-out=plan');
    const { configuration, resource_changes } = JSON.parse(await terraform.run('show', '-json', 'plan')) as {
      configuration: { root_module: PlannedModule };
      resource_changes: { address: string; change: { after: Record<string, unknown> } }[];
    };
    const planned = blocksOf(configuration.root_module, '');
    expect(planned.size).toBeGreaterThanOrEqual(atLeast);

    const read = await readConfiguration({ directory: place });
    expect(read.configuration.problems).toEqual([]);
    const ours = new Map(read.configuration.blocks.map((block) => [block.address, block]));
    expect([...ours.keys()]).toEqual([...planned.keys()].sort());
    for (const [address, { provider, sets, leaves }] of planned) {
      const block = ours.get(address)!;
      expect(block.provider, address).toBe(provider);
      // The plan does not look into expressions.
      const outer = block.sets.filter((path) => !leaves.some((leaf) => isInside(path, leaf)));
      const unset = SET_TO_NULL[address];
      if (unset !== undefined) {
        const change = resource_changes.find((each) => each.address === address)!.change;
        expect([sets.includes(unset), change.after[unset]], `${address}.${unset}`).toEqual([true, null]);
      }
      const expected = new Set([...sets, ...(ONLY_DYNAMIC[address] ?? [])].filter((path) => path !== unset));
      expect(outer, address).toEqual([...expected].sort());
    }
  }
});

const isInside = (path: string, leaf: string): boolean =>
  path.startsWith(leaf) && /^[.[]/.test(path.slice(leaf.length));

interface Planned {
  provider: string;
  sets: string[];
  /** Paths that are set by an expression. */
  leaves: string[];
}

function blocksOf(module: PlannedModule, prefix: string): Map<string, Planned> {
  const found = new Map<string, Planned>();
  for (const { address, mode, provider_config_key, expressions } of module.resources ?? []) {
    if (mode !== 'managed') continue;
    const planned: Planned = { provider: provider_config_key, sets: [], leaves: [] };
    collect('', expressions ?? {}, planned);
    found.set(prefix + address, planned);
  }
  for (const [name, { module: inner }] of Object.entries(module.module_calls ?? {}))
    for (const [address, planned] of blocksOf(inner, `${prefix}module.${name}.`)) found.set(address, planned);
  return found;
}

function collect(path: string, expressions: Expressions, into: Planned): void {
  for (const [name, value] of Object.entries(expressions)) {
    const at = path === '' ? name : `${path}.${name}`;
    into.sets.push(at);
    if (isExpression(value)) into.leaves.push(at);
    else for (const block of Array.isArray(value) ? value : [value]) collect(at, block as Expressions, into);
  }
}

const isExpression = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).every((key) => key === 'constant_value' || key === 'references');
