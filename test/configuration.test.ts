// A configuration in a Git checkout, read by the whole system: known by its commit, again when another is checked out, and
// replaced by an upload.
import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfiguration } from '../producers/terraform/configuration/index.ts';
import { type Started, startWhole } from './testing/running.ts';

const FIXTURE = fileURLToPath(
  new URL('../producers/terraform/configuration/fixtures/estate', import.meta.url),
);
let system: Started;
let checkout: string;
const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example', ...args], {
    cwd: checkout,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: checkout, GIT_CONFIG_NOSYSTEM: '1' },
  }).trim();
const commit = (): string => {
  git('add', '.');
  git('commit', '-qm', 'a commit');
  return git('rev-parse', 'HEAD');
};
let first: string;

beforeAll(async () => {
  system = await startWhole((directory) => {
    checkout = join(directory, 'checkout');
    cpSync(FIXTURE, checkout, { recursive: true });
    git('init', '-q');
    first = commit();
    return {
      'terraform.configurations': [{ workspace: 'shop', directory: checkout }],
      'terraform.configurationEveryMs': 200,
    };
  });
});
afterAll(() => system?.stop());

it('is known by its commit, then by the next one, then as an upload says', { timeout: 60_000 }, async () => {
  const known = () => system.client.workspaces.configuration('shop').catch(() => null);
  await expect
    .poll(known)
    .toMatchObject({ revision: first, by: 'a checkout', blocks: 13, incomplete: 0, problems: [] });
  writeFileSync(
    join(checkout, 'modules', 'network', 'more.tf'),
    'resource "aws_vpc" "more" {\n  cidr_block = "10.2.0.0/16"\n}\n',
  );
  const second = commit();
  await expect.poll(known).toMatchObject({ revision: second, blocks: 14 });
  const { configuration } = await readConfiguration({ directory: checkout });
  await system.client.workspaces.publishConfiguration('shop', { ...configuration, revision: 'applied' });
  expect(await known()).toMatchObject({
    revision: 'applied',
    by: expect.stringMatching(/^upload by /),
    blocks: 14,
  });
  expect(system.logged.join('')).not.toContain('tok_live_0123456789abcdef');
});
