// The reader over the real aws provider, against moto's server: whose account and which region it reads is asked of the
// provider itself, and only where that is right does a missing resource count as gone.
import { mkdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryCache } from '../../../runtime/cache/memory-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/telemetry.ts';
import { temporaryFolder } from '../../../runtime/testing/temporary-folder.ts';
import type { JsonObject } from '../../../schemas/index.ts';
import { TARGET } from '../plugin/find/find.ts';
import {
  ACCOUNT,
  awsConfiguration,
  awsProvider,
  type Moto,
  SECRET_KEY,
  startMoto,
} from '../plugin/testing/aws.ts';
import type { StatedInstance } from '../stated/index.ts';
import { createReader, type Reader, type ReadOutcome } from './reader.ts';

const choice = await awsProvider();
const moto: Moto | null = choice && (await startMoto());

describe.skipIf(!choice || !moto)('the reader over the real aws provider', { timeout: 300_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let reader: Reader;
  const logged: string[] = [];
  const { signal } = new AbortController();

  beforeAll(() => {
    folder = temporaryFolder();
    // A working directory that terraform init has left: the provider of the mirror, linked.
    const at = join(
      folder.path,
      '.terraform/providers/registry.terraform.io/hashicorp/aws',
      choice!.version!,
      TARGET,
    );
    mkdirSync(dirname(at), { recursive: true });
    mkdirSync(at);
    symlinkSync(choice!.program, join(at, basename(choice!.program)));
    const row = (alias: string, account: string, region: string) => ({
      workspace: '*',
      provider: 'hashicorp/aws',
      alias,
      account,
      environment: {},
      configuration: {
        ...awsConfiguration(moto!.url, region),
        secret_key: '$MOTO_SECRET',
      } as unknown as JsonObject,
      directory: folder.path,
      allow: [],
    });
    reader = createReader({
      readers: [
        row('right', ACCOUNT, 'us-east-1'),
        row('other', '999999999999', 'us-east-1'),
        row('west', ACCOUNT, 'us-west-2'),
      ],
      readsPerSecond: 1_000,
      environment: { MOTO_SECRET: SECRET_KEY },
      directory: null,
      cache: createMemoryCache({ clock: systemClock }),
      clock: systemClock,
      logger: createLogger({ level: 'trace', destination: { write: (line) => void logged.push(line) } }),
      times: { startMs: 120_000, schemaMs: 120_000, configureMs: 120_000 },
    });
  });
  afterAll(async () => {
    await reader?.close();
    await moto?.stop();
    folder?.remove();
  });

  const read = (
    alias: string,
    type: string,
    attributes: JsonObject,
    region: string | null,
  ): Promise<ReadOutcome> => {
    const instance: StatedInstance = {
      address: `${type}.one`,
      type,
      resourceId: String(attributes.id),
      providerAddress: `provider["registry.terraform.io/hashicorp/aws"].${alias}`,
      schemaVersion: type === 'aws_security_group' ? 1 : 0,
      attributes: Buffer.from(JSON.stringify(attributes)),
      private: null,
    };
    const target = {
      workspace: 'prod',
      address: instance.address,
      provider: 'aws',
      account: null,
      region,
      type,
      resourceId: instance.resourceId,
      state: null,
    };
    return reader.read(target, instance, 'change', signal);
  };

  it('what is there is observed, what is not is gone, for the account and region that are meant alone', async () => {
    const xml = await moto!.query('ec2', 'CreateSecurityGroup', {
      GroupName: 'web',
      GroupDescription: 'web',
    });
    const id = /<groupId>([^<]+)</.exec(xml)![1]!;
    const group = { id, name: 'web' };
    const there = await read('right', 'aws_security_group', group, 'us-east-1');
    expect(there).toMatchObject({ kind: 'observed', attributes: { id, name: 'web', description: 'web' } });
    expect(there).toMatchObject({
      described: { provider: 'registry.terraform.io/hashicorp/aws', version: choice!.version },
    });
    const facts = JSON.parse((there as { described: { facts: string } }).described.facts);
    expect(facts.sets).toEqual(expect.arrayContaining(['ingress', 'egress']));
    expect(facts.computed).toContain('arn');

    const missing = { id: 'sg-0123456789abcdef0', name: 'gone' };
    expect(await read('right', 'aws_security_group', missing, 'us-east-1')).toMatchObject({ kind: 'gone' });
    expect(await read('other', 'aws_security_group', missing, 'us-east-1')).toMatchObject({
      kind: 'failed',
      code: 'wrong-account',
    });
    expect(await read('west', 'aws_security_group', missing, 'us-east-1')).toMatchObject({
      kind: 'failed',
      code: 'wrong-region',
    });
    expect(await read('west', 'aws_iam_role', { id: 'nobody', name: 'nobody' }, null)).toMatchObject({
      kind: 'gone',
    });
  });

  it('three resources are read again, warm, in a moment', async () => {
    const groups: JsonObject[] = [];
    for (let n = 0; n < 3; n++) {
      const xml = await moto!.query('ec2', 'CreateSecurityGroup', {
        GroupName: `g${n}`,
        GroupDescription: 'g',
      });
      groups.push({ id: /<groupId>([^<]+)</.exec(xml)![1]!, name: `g${n}` });
    }
    const all = () =>
      Promise.all(groups.map((group) => read('right', 'aws_security_group', group, 'us-east-1')));
    await all();
    const began = performance.now();
    expect((await all()).map(({ kind }) => kind)).toEqual(['observed', 'observed', 'observed']);
    process.stdout.write(
      `real aws provider: 3 security groups re-read in ${Math.round(performance.now() - began)} ms\n`,
    );
  });

  it('the secret key is in no line of the log', () => {
    expect(logged.length).toBeGreaterThan(0);
    for (const line of logged) expect(line).not.toContain(SECRET_KEY);
  });
});
