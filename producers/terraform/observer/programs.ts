// The provider program of a binding, and how a process of it is started: found where Terraform looks, looked for again now
// and then, for providers get installed while we run.
import { statSync } from 'node:fs';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/telemetry.ts';
import type { Choice } from '../plugin/find/choose.ts';
import { findProvider } from '../plugin/find/find.ts';
import { shortName, sourceText } from '../plugin/find/source.ts';
import { PluginProblem } from '../plugin/host/problem.ts';
import type { Member } from '../plugin/pool/pool.ts';
import { type CallTimes, openProvider } from '../plugin/provider.ts';
import { whyNotConfigurable } from '../plugin/readable.ts';
import type { SchemaCache } from '../plugin/schema-cache.ts';
import type { Binding } from './bindings.ts';
import { type Environment, fromEnvironment } from './from-environment.ts';

export interface Program {
  member: Member;
  /** registry.terraform.io/hashicorp/aws */
  source: string;
  /** Null for a development build. */
  version: string | null;
  /** That its binding says, anywhere. */
  region: string | null;
  /** Where it runs, if that is where Terraform runs. */
  directory: Folder | null;
}

/** A folder, not merely its name. */
export interface Folder {
  path: string;
  inode: bigint;
}

/** Null when there is none of that name. */
export function folderAt(path: string | undefined): Folder | null {
  const found = path === undefined ? undefined : statSync(path, { bigint: true, throwIfNoEntry: false });
  return found?.isDirectory() ? { path: path!, inode: found.ino } : null;
}

export interface ProgramsOptions {
  environment: Environment;
  /** DriftMgr's own folder of providers; null: none. */
  own: string | null;
  schemas: SchemaCache;
  clock: Clock;
  logger: Logger;
  times: Partial<CallTimes> | undefined;
}

/** Found ones are looked for again after so long; those that were not there sooner. */
const KEEP_MS = 60_000;
const KEEP_MISSING_MS = 5_000;
const REGION_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION'] as const;

export function createPrograms(options: ProgramsOptions) {
  const { environment, own, schemas, clock, logger, times } = options;
  const known = new Map<string, { found: Promise<Program>; until: number }>();

  async function find(binding: Binding): Promise<Program> {
    const { row, number, source } = binding;
    const given = [...Object.keys(row.configuration), ...Object.keys(row.environment)];
    const why = whyNotConfigurable(source, given, []);
    if (why) throw new PluginProblem('not-configurable', why);
    const { environment: variables, configuration } = fromEnvironment(row, environment);
    const choice = await findProvider(source, {
      environment: { ...environment, ...variables },
      directory: row.directory ?? null,
      own,
    });
    tell(choice);
    const directory = folderAt(row.directory);
    const name = `${shortName(source)} ${choice.version ?? 'development'}`;
    return {
      // The number, for two readers of one account may hold different credentials; the program, for a new build is another;
      // the folder it runs in, for one that was made anew under the same name is another.
      member: {
        key: `${name} ${row.account ?? '-'}/${row.region ?? '-'} #${number} ${choice.place} ${directory?.inode ?? '-'}`,
        open: () =>
          openProvider({
            name,
            program: choice.program,
            directory: directory?.path ?? null,
            environment: variables,
            configuration,
            cache: schemas,
            ...(times ? { times } : {}),
          }),
      },
      source: sourceText(source),
      version: choice.version,
      directory,
      region:
        typeof configuration.region === 'string'
          ? configuration.region
          : (REGION_VARIABLES.map((one) => variables[one]).find((one) => one) ?? null),
    };
  }

  const told = new Set<string>();
  function tell({ source, program, version, risk, because }: Choice): void {
    const text = `${program} ${risk}`;
    if (told.has(text)) return;
    told.add(text);
    const what = { provider: sourceText(source), version, program };
    if (risk) logger.warn({ ...what, risk }, `a provider is read with at a risk: ${because}`);
    else logger.info(what, 'a provider is read with');
  }

  return {
    /** Rejects with a PluginProblem. */
    of(binding: Binding): Promise<Program> {
      const key = `${binding.number} ${sourceText(binding.source)}`;
      const before = known.get(key);
      if (before && clock.now() < before.until) return before.found;
      const entry = { found: find(binding), until: clock.now() + KEEP_MS };
      known.set(key, entry);
      entry.found.catch(() => {
        entry.until = Math.min(entry.until, clock.now() + KEEP_MISSING_MS);
      });
      return entry.found;
    },
  };
}
