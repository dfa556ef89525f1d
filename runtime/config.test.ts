import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from './config.ts';
import { settings } from './config-schema.ts';
import { DriftError } from './errors.ts';

function problemsOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DriftError && error.code === 'DM_CONFIG_INVALID') return error.public ?? '';
    throw error;
  }
  throw new Error('the configuration was accepted');
}

function yaml(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'driftmgr-config-')), 'driftmgr.yaml');
  writeFileSync(file, text);
  return file;
}

describe('configuration', () => {
  it('needs nothing: every setting has a default or may be absent', () => {
    const configuration = loadConfiguration({ environment: {} });
    expect(configuration.port).toBe(8080);
    expect(configuration.data).toBe('./.driftmgr');
    expect(configuration.digitalocean.token).toBeUndefined();
  });

  it('takes every key also from the environment, which wins over the file; the command line wins over both', () => {
    const file = yaml('port: 1\nhost: a\norg: b\n');
    const environment = { DRIFTMGR_PORT: '2', DRIFTMGR_HOST: 'c', DRIFTMGR_AWS_CLOUDTRAIL: 'x, y' };
    const configuration = loadConfiguration({ file, environment, overrides: { port: 3 } });
    expect([configuration.port, configuration.host, configuration.org]).toEqual([3, 'c', 'b']);
    expect(configuration.aws.cloudtrail).toEqual(['x', 'y']);
  });

  it('says all mistakes at once, each with its path and what is meant', () => {
    const file = yaml('port: many\ndetector:\n  graceMs: -1\nnonsense: 1\n');
    const text = problemsOf(() =>
      loadConfiguration({
        file,
        environment: { DRIFTMGR_PARTITIONS: '0', DRIFTMGR_TYPO: '1', DRIFTMGR_DETECTOR_RULES: '{' },
      }),
    );
    for (const part of [
      'port',
      'DRIFTMGR_PORT',
      'detector.graceMs',
      'nonsense',
      'partitions',
      'DRIFTMGR_TYPO',
      'DRIFTMGR_DETECTOR_RULES',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('says mistakes however many there are, counts each once, and names what would be allowed', () => {
    const workspaces = Array.from({ length: 20 }, (_, index) => `{ name: w${index} }`);
    const file = yaml(`log: { level: loud }\nterraform: { workspaces: [${workspaces.join(', ')}] }\n`);
    const text = problemsOf(() => loadConfiguration({ file, environment: {} }));
    expect(text).toContain('has 21 mistakes');
    for (let index = 0; index < 20; index++) expect(text).toContain(`terraform.workspaces.${index}`);
    expect(text).toMatch(/log\.level .*must be one of trace, debug, info, warn, error, silent/);
  });

  it('refuses a file that is named and absent, and one that is not YAML', () => {
    expect(
      problemsOf(() => loadConfiguration({ file: '/nowhere/driftmgr.yaml', environment: {} })),
    ).toContain('no such file');
    expect(problemsOf(() => loadConfiguration({ file: yaml('a: [1'), environment: {} }))).toContain(
      'driftmgr.yaml',
    );
    expect(problemsOf(() => loadConfiguration({ file: yaml('- 1'), environment: {} }))).toContain('mapping');
  });

  it('describes every setting and gives each an environment name of its own', () => {
    const all = settings();
    for (const setting of all) expect(setting.schema.description, setting.path.join('.')).toBeTruthy();
    expect(new Set(all.map((setting) => setting.environment)).size).toBe(all.length);
  });
});
