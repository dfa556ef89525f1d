import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cacheFolder, debianPackages, run, VERSIONS } from './downloads.ts';

describe('what the servers run from', () => {
  it('is kept under the version that is fetched', () => {
    const pom = (name: string): string => readFileSync(new URL(`${name}/pom.xml`, import.meta.url), 'utf8');
    const versions = (text: string, artifact: string): string[] =>
      [...text.matchAll(new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)`, 'g'))].map(
        (match) => match[1]!,
      );
    expect(versions(pom('kafka'), 'kafka(?:_2.13|-tools)')).toEqual([VERSIONS.kafka, VERSIONS.kafka]);
    expect(versions(pom('registry'), 'apicurio-registry-app')).toEqual([VERSIONS.registry]);
  });

  it('is kept in the user’s cache', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/c' })).toBe('/c/driftmgr/native');
    expect(cacheFolder({})).toMatch(/\.cache\/driftmgr\/native$/);
  });

  it('an ordinary user is told what to install, and asked for nothing that is there', async () => {
    const missing = { package: 'not-there', found: () => false };
    const there = { package: 'there', found: () => true };
    await expect(debianPackages([missing, there], () => undefined, 1000)).rejects.toMatchObject({
      public: 'not-there not found. Install what is missing, as root: apt-get install not-there',
    });
    await debianPackages([there], () => undefined, 1000);
  });

  it('a program that fails says what it said, one that is missing what it takes', async () => {
    await expect(run('sh', ['-c', 'echo because >&2; exit 3'], 'a shell')).rejects.toThrow(
      /ended with 3:\nbecause/,
    );
    await expect(run('/nowhere/mvn', [], 'Maven')).rejects.toMatchObject({
      code: 'DM_CONFIG_INVALID',
      public: expect.stringContaining('It takes Maven'),
    });
  });
});
