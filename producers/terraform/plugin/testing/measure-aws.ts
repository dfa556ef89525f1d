// What the real aws provider costs under our host: `node producers/terraform/plugin/testing/measure-aws.ts [bindings]`.
// Needs a provider mirror (TF_PLUGIN_MIRROR) and moto's server (testing/aws.ts).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryOf } from '../pool/memory.ts';
import { providerPool } from '../pool/pool.ts';
import { openProvider, type Provider } from '../provider.ts';
import { schemaCache } from '../schema-cache.ts';
import { awsConfiguration, awsProvider, awsResource, startMoto } from './aws.ts';

const bindings = Number(process.argv[2] ?? 0);
const choice = await awsProvider();
const moto = choice && (await startMoto());
if (!choice || !moto) process.exit(1);

const print = (what: string, value: string): void =>
  void process.stdout.write(`${what.padEnd(44)}${value}\n`);
const took = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  const result = await work();
  print(what, `${(performance.now() - began).toFixed(0)} ms`);
  return result;
};
const directory = mkdtempSync(join(tmpdir(), 'driftmgr-measure-'));
const cache = schemaCache(directory);
const open = (region?: string): Promise<Provider> =>
  openProvider({
    name: 'hashicorp/aws',
    program: choice.program,
    configuration: awsConfiguration(moto.url, region),
    cache,
  });
const bucket = async (provider: Provider): Promise<unknown> => {
  const attributes = { id: 'measured', bucket: 'measured' };
  return provider.read('aws_s3_bucket', await provider.upgrade(awsResource('aws_s3_bucket', attributes, 0)));
};
const role = async (provider: Provider): Promise<unknown> => {
  const attributes = { id: 'measured', name: 'measured' };
  return provider.read('aws_iam_role', await provider.upgrade(awsResource('aws_iam_role', attributes, 0)));
};

try {
  await moto.s3('PUT', '/measured');
  await moto.query('iam', 'CreateRole', { RoleName: 'measured', AssumeRolePolicyDocument: '{}' });
  const first = await took('start, schema asked for, configured', () => open());
  await first.stop();
  const aws = await took('start, schema from the cache, configured', () => open());
  await took('first read (bucket)', () => bucket(aws));
  for (let round = 0; round < 3; round++) await took('warm read (bucket)', () => bucket(aws));
  await took('warm read (role)', () => role(aws));
  await took('3 resources, warm', () => Promise.all([bucket(aws), role(aws), role(aws)]));
  await took('100 reads at once (roles)', () => Promise.all(Array.from({ length: 100 }, () => role(aws))));
  print('memory of the provider (PSS)', `${((await memoryOf(aws.pid))! / 2 ** 20).toFixed(0)} MiB`);
  print('memory of this process (RSS)', `${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
  await took('stop', () => aws.stop());

  if (bindings > 0) {
    const pool = providerPool({ processes: 4 });
    let most = 0;
    const watch = setInterval(() => {
      const { running } = pool.status();
      most = Math.max(
        most,
        running.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
      );
    }, 100);
    await took(`${bindings} bindings × 5 reads, a pool of 4`, () =>
      Promise.all(
        Array.from({ length: bindings * 5 }, (_, index) => {
          const key = `account-${index % bindings}`;
          return pool.use({ key, open: () => open() }, role);
        }),
      ),
    );
    clearInterval(watch);
    const { started, ended } = pool.status();
    print('processes started, ended for room', `${started}, ${ended.room}`);
    print('most memory of the pool (PSS)', `${(most / 2 ** 20).toFixed(0)} MiB`);
    await pool.close();
  }
} finally {
  await moto.stop();
  rmSync(directory, { recursive: true, force: true });
}
