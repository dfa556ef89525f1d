// An estate of real Terraform with the real aws provider on moto, its instances read through our host and judged by the real
// detector, without the pipeline: what is clean is no drift, each edit is one, on that attribute, and ends when it is taken back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openProvider, type Provider } from '../producers/terraform/plugin/provider.ts';
import { schemaCache } from '../producers/terraform/plugin/schema-cache.ts';
import {
  awsConfiguration,
  awsProvider,
  type Moto,
  startMoto,
} from '../producers/terraform/plugin/testing/aws.ts';
import { temporaryFolder } from '../runtime/testing/temporary-folder.ts';
import { type Bench, benchOf } from './estate/bench.ts';
import { plannedFor } from './estate/mutations/index.ts';
import { table, tryAll } from './estate/run.ts';
import { estateIn, TYPES } from './estate/terraform.ts';
import { findTerraform, type Terraform } from './testing/terraform.ts';

const binary = findTerraform();
const choice = binary === null ? null : await awsProvider();
const moto: Moto | null = choice && (await startMoto());
const say = (text: string): void => void process.stdout.write(`estate: ${text}\n`);

describe.skipIf(!moto)(`reading an estate on moto, under ${binary}`, { timeout: 400_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let terraform: Terraform;
  let provider: Provider;
  const bench = (): Bench => benchOf(readFileSync(join(folder.path, 'terraform.tfstate')), provider);

  beforeAll(async () => {
    folder = temporaryFolder();
    terraform = estateIn(folder.path, { binary: binary!, choice: choice!, moto: moto!.url, state: null });
    const began = performance.now();
    await terraform.run('init', '-input=false');
    const opening = openProvider({
      name: `hashicorp/aws ${choice!.version}`,
      program: choice!.program,
      configuration: awsConfiguration(moto!.url) as never,
      cache: schemaCache(null),
      times: { startMs: 120_000, schemaMs: 120_000, configureMs: 120_000 },
    });
    await terraform.run('apply', '-auto-approve', '-input=false', '-parallelism=20');
    provider = await opening;
    say(`${TYPES} types applied in ${Math.round((performance.now() - began) / 1000)} s`);
  }, 400_000);
  afterAll(async () => {
    terraform?.kill();
    await provider?.stop();
    await moto?.stop();
    folder?.remove();
  });

  const clean = async (when: string): Promise<void> => {
    const one = bench();
    const began = performance.now();
    const { standing, failed } = await one.look(one.instances);
    say(
      `${when}: ${one.instances.length} instances read in ${Math.round(performance.now() - began)} ms, ${standing.length} false alarms, ${failed.length} not read`,
    );
    expect(failed).toEqual([]);
    expect(
      standing.map(({ kind, type, address, differences }) => ({
        kind,
        type,
        address,
        paths: differences.map(({ path, declared, observed }) => [path, declared, observed]),
      })),
    ).toEqual([]);
  };

  it('a clean apply of more than 40 types is no drift', async () => {
    expect(TYPES).toBeGreaterThanOrEqual(40);
    await clean('after an apply');
  });

  it('each of 300 edits through AWS’s own interfaces is one drift, on that attribute, and ends with it', async () => {
    const one = bench();
    await one.look(one.instances);
    const planned = plannedFor(one.instances);
    expect(planned.length).toBeGreaterThanOrEqual(300);
    const began = performance.now();
    const outcomes = await tryAll(one, moto!.url, planned, (done) => {
      if (done % 100 === 0) say(`${done} of ${planned.length} edits`);
    });
    const bad = outcomes.filter(({ kind }) => kind !== 'fine');
    say(
      `${outcomes.length} edits of ${new Set(planned.map(({ mutation }) => mutation.type)).size} types in ${Math.round((performance.now() - began) / 1000)} s: ${bad.filter(({ kind }) => kind === 'missed').length} missed, ${bad.filter(({ kind }) => kind !== 'missed').length} wrong\n${table(outcomes)}`,
    );
    expect(bad.map(({ planned: { instance, mutation } }) => `${instance.address} ${mutation.path}`)).toEqual(
      [],
    );
  });

  it('nor is it after a refresh, which writes the children of each parent into the state', async () => {
    await terraform.run('apply', '-refresh-only', '-auto-approve', '-input=false', '-parallelism=20');
    await clean('after a refresh');
  });
});
