// Reads one declared resource through its provider: the binding, the program, the process, the caller, the call. Whatever
// goes wrong is a failure with a code and a reason; only what a verified caller did not find is gone.
import type { Registry } from 'prom-client';
import type { Cache } from '../../../runtime/cache/cache.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Logger } from '../../../runtime/telemetry.ts';
import type { Bodies } from '../../../schemas/index.ts';
import { type ExactObject, isObject, parseExact, toJsonObject } from '../exact-json.ts';
import { redactor } from '../plugin/host/printed.ts';
import type { Limits } from '../plugin/pool/limits.ts';
import { type Pool, type PoolStatus, providerPool } from '../plugin/pool/pool.ts';
import type { CallTimes, Provider } from '../plugin/provider.ts';
import { whyNotRead } from '../plugin/readable.ts';
import { schemaCache } from '../plugin/schema-cache.ts';
import { secretsIn } from '../plugin/secrets-in.ts';
import type { Schema } from '../plugin/values/schema.ts';
import type { StatedInstance } from '../stated/instance.ts';
import { stateForm } from './answered.ts';
import { type Binding, bindingsOf, type ReaderRow } from './bindings.ts';
import { createBudget, type Priority } from './budget.ts';
import { callerOf, type Expected, standingOf } from './callers.ts';
import { factsOf } from './facts.ts';
import { failureOf } from './failures.ts';
import type { Environment } from './from-environment.ts';
import { type Measures, measuresIn } from './measures.ts';
import { createPrograms, folderAt, type Program } from './programs.ts';

export interface ReadTarget {
  workspace: string;
  address: string;
  provider: string;
  account: string | null;
  region: string | null;
  type: string;
  resourceId: string;
  /** Reference of the state version the instance was taken from. */
  state: string | null;
}

export type ReadOutcome =
  | {
      kind: 'observed';
      /** When the provider was asked, milliseconds. */
      began: number;
      attributes: ExactObject;
      /** Paths without indices that the provider's schema marks. */
      sensitive: readonly string[];
      described: Bodies['type.described'];
    }
  | { kind: 'gone'; began: number }
  | {
      kind: 'failed';
      began: number;
      code: string;
      reason: string;
      /** Worth another try later. */
      again: boolean;
    };

export interface Reader {
  /** Rejects only when it is given up. */
  read(
    target: ReadTarget,
    instance: StatedInstance,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<ReadOutcome>;
  /** Shows in these metrics what it does. */
  measure(registry: Registry): void;
  /** The processes; null before anything was read. */
  pool(): PoolStatus | null;
  close(): Promise<void>;
}

export interface ReaderOptions {
  readers: readonly ReaderRow[];
  /** Reads of one account in a second, where its row says nothing else. */
  readsPerSecond: number;
  /** Our own: of it the providers get what their rows name. */
  environment: Environment;
  /** Where schemas are kept, and providers of DriftMgr's own; null: in memory alone, and none. */
  directory: string | null;
  cache: Cache;
  clock: Clock;
  logger: Logger;
  pool?: Partial<Limits>;
  times?: Partial<CallTimes>;
}

/** So often is a read tried that the cloud said was one too many. */
const THROTTLED_TRIES = 4;

export function createReader(options: ReaderOptions): Reader {
  const { readers, clock, logger, environment, directory } = options;
  const bindings = bindingsOf(readers);
  const budget = createBudget(options);
  const schemas = schemaCache(directory === null ? null : `${directory}/schemas`);
  const programs = createPrograms({
    environment,
    own: directory === null ? null : `${directory}/providers`,
    schemas,
    clock,
    logger,
    times: options.times,
  });
  let pool: Pool | null = null;
  let measures: Measures | null = null;
  let closed = false;
  // A pool ends what a killed process left: not before there is something to read.
  const pooled = (): Pool => {
    pool ??= providerPool(options.pool, clock);
    return pool;
  };

  async function once(
    target: ReadTarget,
    instance: StatedInstance,
    binding: Binding,
    program: Program,
    signal: AbortSignal,
  ): Promise<ReadOutcome> {
    let schema: Schema | null = null;
    const work = async (provider: Provider): Promise<ReadOutcome> => {
      const { type } = instance;
      const { source } = binding;
      // Throws for a type it does not have.
      const held = await provider.upgrade(instance, signal);
      schema = provider.schemas.resource(type)!;
      const caller = await callerOf(provider, source.type);
      const expected = expectedOf(target, binding, program);
      const standing = standingOf(caller, expected, source.type, schema);
      const began = clock.now();
      if (standing.kind === 'wrong')
        return { kind: 'failed', began, code: standing.code, reason: standing.reason, again: false };
      const read = await provider.read(type, held, signal);
      if (!read.gone) {
        const facts = factsOf(schema);
        return {
          kind: 'observed',
          began,
          attributes: stateForm(read.attributes),
          sensitive: facts.sensitive,
          described: {
            provider: program.source,
            version: program.version ?? 'unknown',
            type,
            schemaVersion: schema.version,
            facts: JSON.stringify(facts),
          },
        };
      }
      if (standing.kind === 'verified') return { kind: 'gone', began };
      return {
        kind: 'failed',
        began,
        code: 'unverified-caller',
        reason: `the provider did not find it, which proves nothing: ${standing.reason}`,
        again: false,
      };
    };
    try {
      return await pooled().use(program.member, work, signal);
    } catch (error) {
      if (signal.aborted || closed) throw error;
      // The provider may repeat values of the resource in what it says.
      const hidden = redactor();
      if (schema) hidden.hide(secretsOf(schema, instance));
      return failed(error, hidden.redact);
    }
  }

  function failed(error: unknown, redact: (text: string) => string): ReadOutcome {
    const began = clock.now();
    const known = failureOf(error, redact);
    if (known) return { kind: 'failed', began, ...known };
    // A defect: its message may hold what it tripped over, so only where it happened is logged.
    const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: '' };
    const frames = (stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
    logger.error({ error: name, frames: frames.slice(0, 8) }, 'a read failed for a reason of our own');
    return {
      kind: 'failed',
      began,
      code: 'internal',
      reason: 'DriftMgr itself failed over it, the log says where: please report it',
      again: false,
    };
  }

  async function read(
    target: ReadTarget,
    instance: StatedInstance,
    priority: Priority,
    signal: AbortSignal,
  ): Promise<ReadOutcome> {
    const no = (code: string, reason: string): ReadOutcome => ({
      kind: 'failed',
      began: clock.now(),
      code,
      reason,
      again: false,
    });
    const binding = bindings.find(target, instance.providerAddress);
    if (!binding) return no('no-reader', noReader(target, instance));
    const { row } = binding;
    const secret = whyNotRead(instance.type, new Set(row.allow));
    if (secret) return no('reads-a-secret', `${secret} (allow in terraform.readers)`);
    let program: Program;
    try {
      program = await programs.of(binding);
    } catch (error) {
      return failed(error, (text) => text);
    }
    // Without an account named, the row is taken for one.
    const account = `${binding.source.type}/${row.account ?? target.account ?? `reader ${binding.number}`}`;
    for (let tries = 1; ; tries++) {
      await budget.turn(account, row.readsPerSecond ?? options.readsPerSecond, priority, signal);
      signal.throwIfAborted();
      const outcome = await once(target, instance, binding, program, signal);
      if (outcome.kind !== 'failed' || outcome.code !== 'throttled') {
        if (outcome.kind !== 'failed') budget.answered(account);
        return outcome;
      }
      await budget.throttled(account);
      if (tries >= THROTTLED_TRIES) return outcome;
    }
  }

  return {
    async read(target, instance, priority, signal) {
      const began = performance.now();
      const outcome = await read(target, instance, priority, signal);
      measures?.read(
        outcome.kind === 'failed' ? outcome.code : outcome.kind,
        priority,
        (performance.now() - began) / 1_000,
      );
      return outcome;
    },
    measure(registry) {
      measures = measuresIn(registry, { pool: () => pool?.status() ?? null, budget });
    },
    pool: () => pool?.status() ?? null,
    async close() {
      closed = true;
      await pool?.close();
    },
  };
}

function expectedOf(target: ReadTarget, { row }: Binding, { region, directory }: Program): Expected {
  return {
    account: target.account ?? row.account ?? null,
    region: target.region,
    configuredRegion: row.region ?? region,
    inDirectory: directory !== null && folderAt(directory.path)?.inode === directory.inode,
  };
}

function secretsOf(schema: Schema, { attributes }: StatedInstance): string[] {
  if (!(attributes instanceof Uint8Array)) return Object.values(attributes.flat);
  try {
    const parsed = parseExact(Buffer.from(attributes).toString('utf8'));
    return isObject(parsed) ? secretsIn(schema.block, toJsonObject(parsed)) : [];
  } catch {
    return [];
  }
}

function noReader({ workspace, account, region }: ReadTarget, { providerAddress }: StatedInstance): string {
  const where = [account, region].filter((one) => one !== null).join('/');
  return `no reader is configured for ${providerAddress}${where ? ` in ${where}` : ''} of the workspace ${workspace}: add one to terraform.readers`;
}
