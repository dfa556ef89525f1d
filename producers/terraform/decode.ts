// The whole way from the bytes of a state to what changed since the last one, one instance at a time. Pure.
//
// Opening reads everything once: it proves that the state can be read to its end, and collects its secrets and scopes.
// Only then does declaring read it again and give events, so that nothing is ever published of a state that turns out
// to be broken further down.
import type { JsonObject } from '../../schemas/index.ts';
import { stableId } from '../../schemas/index.ts';
import type { Provider } from '../provider.ts';
import { providerNamed } from '../providers.ts';
import { parseProvider } from './address.ts';
import type { Exact } from './exact-json.ts';
import { isObject, parseExact, toJsonObject } from './exact-json.ts';
import type { Change, Instance, Placed, ResourceHead, Row } from './normalize.ts';
import { compare, instanceOf, place, resourceHead, withdrawAll } from './normalize.ts';
import { malformed } from './problem.ts';
import { createRedactor, type Hmac, KnownSecrets, type Redactor } from './redact.ts';
import type { ScannedInstance, ScannedResource, ScannedState, Slice } from './scan.ts';
import { scanState } from './scan.ts';
import type { Binding, Scopes } from './scope.ts';
import { bindingsFor, createScopes } from './scope.ts';
import { EMPTY_TABLE, type Table } from './table.ts';

export interface DecodeLimits {
  depth: number;
  instances: number;
  /** Within one instance. */
  values: number;
}

export const DECODE_LIMITS: DecodeLimits = { depth: 200, instances: 2_000_000, values: 2_000_000 };

export interface StateHead {
  /** Null only where there is a problem, and nothing told. */
  serial: number | null;
  lineage: string;
  terraformVersion: string | null;
  /** Managed resource instances, deposed ones included. */
  instances: number;
  /** Why nothing can be declared from it although Terraform or OpenTofu can read it; null when all can be. */
  problem: string | null;
}

export interface DeclareSettings {
  org: string;
  workspace: string;
  owner: string | null;
  bindings: readonly Binding[];
  /** Counts the versions of this workspace; makes the ids of events. */
  version: number;
  hmac: Hmac;
}

/** An event of a declaration, with its id: only the time is still missing. */
export type IdentifiedChange = Change & { eventId: string };

export interface OpenState {
  head: StateHead;
  /** Gives what changed since `before`, in batches; returns the table of this version. Null when it cannot be read. */
  declare: ((settings: DeclareSettings, before: Table) => Generator<IdentifiedChange[], Table>) | null;
}

/** Events per batch, and about how many characters of them. */
const BATCH = 2_000;
const BATCH_CHARACTERS = 4 << 20;

/** Throws StateProblem for what is not a state. */
export function openState(bytes: Buffer, limits: DecodeLimits = DECODE_LIMITS): OpenState {
  const reading = readState(bytes, limits);
  for (;;) {
    const step = reading.next();
    if (!step.done) continue;
    const { head, opened } = step.value;
    return {
      head,
      declare: opened && ((settings, before) => declare(settings, before, opened)),
    };
  }
}

/** Of a version of a state: what it says of itself, and what can be told of its instances; null where nothing can. */
export interface ReadState {
  head: StateHead;
  opened: Opened | null;
}

/** Instances collected between two steps of reading. */
const STEP = 500;

/** The same in steps, for a thread that is asked other things meanwhile. `see`: told of every instance, in order. */
export function* readState(
  bytes: Buffer,
  limits: DecodeLimits = DECODE_LIMITS,
  see: (instance: Instance, at: { resource: number; instance: number }) => void = () => {},
): Generator<void, ReadState> {
  const scanned = scanState(bytes, limits);
  const parse: Parse = ([start, end], longNumbers) => {
    try {
      return parseExact(bytes.toString('utf8', start, end), longNumbers);
    } catch {
      throw malformed(`the state is not JSON between bytes ${start} and ${end}`);
    }
  };
  const fields = new Map([...scanned.fields].map(([name, slice]) => [name, parse(slice)] as const));
  const unreadable = unreadableBecause(fields);
  const head = headOf(fields, unreadable);
  if (unreadable !== null) return { head, opened: null };
  if (scanned.fields.has('resources')) throw malformed('"resources" of the state is not a list');
  const known = new KnownSecrets();
  collectOutputs(fields.get('outputs'), known);
  const heads = scanned.resources.map((resource) => resourceHead(resourceFields(resource, parse)));
  const providers = createProviders();
  const scopes = createScopes();
  let collected = 0;
  for (const { instance, managed, of, plain, at } of everyInstance(scanned, heads, parse)) {
    if (++collected % STEP === 0) yield;
    of.toWrite = known.collect(instance.type, instance.attributes, instance.marks);
    of.plain = plain;
    if (!managed) continue;
    head.instances++;
    const provider = providers(instance);
    scopes.see(instance.providerAddress, provider.scopeOf(instance.type, jsonOf(instance, of.longNumbers)));
    see(instance, at);
  }
  return { head, opened: { scanned, heads, parse, known, head, providers, scopes } };
}

type Parse = (slice: Slice, longNumbers?: boolean) => Exact;
type Providers = (instance: Instance) => Provider;

/** The provider of each instance, by its provider's address; without one (old states) by the first word of its type. */
function createProviders(): Providers {
  const known = new Map<string, Provider>();
  return ({ providerAddress, type }) => {
    const name = parseProvider(providerAddress)?.name ?? type.split('_', 1)[0]!;
    let provider = known.get(name);
    if (!provider) {
      provider = providerNamed(name);
      known.set(name, provider);
    }
    return provider;
  };
}

/** Why a state of a kind that others can read cannot be read here. */
function unreadableBecause(fields: ReadonlyMap<string, Exact>): string | null {
  if (fields.has('encrypted_data'))
    return 'the state is encrypted by OpenTofu: its resources cannot be read without its key';
  const version = fields.get('version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1)
    throw malformed('the state has no version: it is not a Terraform state');
  if (version === 4) return null;
  return version < 4
    ? `the state is in format ${version}, of Terraform 0.11 or older: run apply once with a newer Terraform`
    : `the state is in format ${version}, which is newer than this version of DriftMgr can read`;
}

function headOf(fields: ReadonlyMap<string, Exact>, problem: string | null): StateHead {
  const serial = fields.get('serial') ?? null;
  const lineage = fields.get('lineage') ?? null;
  const version = fields.get('terraform_version');
  const sound = typeof serial === 'number' && Number.isSafeInteger(serial) && serial >= 0;
  if (problem === null) {
    if (!sound) throw malformed('the serial of the state is not a whole number');
    if (typeof lineage !== 'string') throw malformed('the state has no lineage');
  }
  return {
    serial: sound ? serial : null,
    lineage: typeof lineage === 'string' ? lineage.slice(0, 128) : '',
    terraformVersion: typeof version === 'string' ? version.slice(0, 64) : null,
    instances: 0,
    problem,
  };
}

function collectOutputs(outputs: Exact | undefined, known: KnownSecrets): void {
  if (!isObject(outputs)) return;
  for (const output of Object.values(outputs))
    if (isObject(output) && output.sensitive === true) known.collectMarked(output.value ?? null);
}

function resourceFields(resource: ScannedResource, parse: Parse): Map<string, Exact> {
  if (resource.fields.has('instances')) throw malformed('"instances" of a resource is not a list');
  return new Map([...resource.fields].map(([name, slice]) => [name, parse(slice)]));
}

/** All instances in order, data sources too (they hold secrets), each parsed only while it is looked at. */
function* everyInstance(
  scanned: ScannedState,
  heads: readonly ResourceHead[],
  parse: Parse,
): Generator<InPlace> {
  for (const [r, resource] of scanned.resources.entries()) {
    const head = heads[r]!;
    const managed = head.mode === 'managed';
    for (const [i, of] of resource.instances.entries()) {
      const value = parse(of.slice, of.longNumbers);
      const instance = instanceOf(head, value, of.plain);
      const plain = isObject(value) && instance.attributes === value.attributes;
      yield { instance, managed, of, plain, at: { resource: r, instance: i } };
    }
  }
}

interface InPlace {
  instance: Instance;
  managed: boolean;
  of: ScannedInstance;
  /** True when the attributes are those of the state itself. */
  plain: boolean;
  at: { resource: number; instance: number };
}

/** The attributes as plain JSON; `longNumbers`: false where it is known that all their numbers are plain. */
const jsonOf = ({ attributes }: Instance, longNumbers: boolean): JsonObject =>
  longNumbers ? toJsonObject(attributes) : (attributes as JsonObject);

export interface Opened {
  scanned: ScannedState;
  heads: readonly ResourceHead[];
  parse: Parse;
  known: KnownSecrets;
  head: StateHead;
  providers: Providers;
  scopes: Scopes;
}

function* declare(
  settings: DeclareSettings,
  before: Table,
  state: Opened,
): Generator<IdentifiedChange[], Table> {
  const { workspace, version, hmac } = settings;
  state.known.remember(before.secrets);
  const redactor = createRedactor(state.known, hmac);
  const placed = placing(state, settings, redactor);
  const comparing = compare(before.rows, workspace, state.head.serial ?? 0);
  const batches = createBatches(workspace, version);
  for (const { instance, managed, of } of everyInstance(state.scanned, state.heads, state.parse)) {
    if (!managed) continue;
    const text = redactor.write(instance.type, instance.attributes, instance.marks, of.toWrite);
    batches.add(comparing.next(placed(instance, text, of.longNumbers)));
    if (batches.full()) yield batches.take();
  }
  batches.add(comparing.finish());
  while (batches.full()) yield batches.take();
  const rest = batches.take();
  if (rest.length > 0) yield rest;
  return { rows: comparing.rows(), secrets: state.known.all() };
}

/** How instances of a state are declared: under which keys, in which scope; `text` is their redacted attributes. */
export function placing(
  state: Opened,
  { org, workspace, owner, bindings }: Pick<DeclareSettings, 'org' | 'workspace' | 'owner' | 'bindings'>,
  redactor: Redactor,
): (instance: Instance, text: string, longNumbers?: boolean) => Placed {
  const bound = bindingsFor(workspace, bindings);
  const conceal = (id: string): string | null =>
    redactor.holdsSecret(id) ? `secret-${redactor.hmac(id)}` : null;
  const options = { org, workspace, owner, lineage: state.head.lineage };
  return (instance, text, longNumbers = true) => {
    const provider = state.providers(instance);
    const attributes = jsonOf(instance, longNumbers);
    const own = provider.scopeOf(instance.type, attributes);
    const scope = state.scopes.resolve(instance.providerAddress, own, bound);
    const identity = provider.identify({ org, type: instance.type, attributes, scope });
    return place(instance, provider, identity, scope, text, conceal, options);
  };
}

/** Withdrawals of all that stood, with ids, in batches. */
export function* withdrawEverything(
  rows: readonly Row[],
  settings: { workspace: string; version: number; serial: number },
): Generator<IdentifiedChange[], Table> {
  const batches = createBatches(settings.workspace, settings.version);
  batches.add(withdrawAll(rows, settings.workspace, settings.serial));
  for (let batch = batches.take(); batch.length > 0; batch = batches.take()) yield batch;
  return EMPTY_TABLE;
}

function createBatches(
  workspace: string,
  version: number,
): { add(changes: Change[]): void; full(): boolean; take(): IdentifiedChange[] } {
  const waiting: IdentifiedChange[] = [];
  let characters = 0;
  const sizeOf = (change: Change): number =>
    change.type === 'resource.declared' ? change.body.attributes.length + 512 : 512;
  return {
    add(changes) {
      for (const change of changes) {
        const { address } = change.body;
        const eventId = stableId(
          'evt',
          'terraform',
          workspace,
          version,
          change.type,
          change.objectKey,
          address,
        );
        waiting.push({ ...change, eventId });
        characters += sizeOf(change);
      }
    },
    full: () => waiting.length >= BATCH || characters >= BATCH_CHARACTERS,
    take() {
      let count = 0;
      let size = 0;
      while (count < waiting.length && count < BATCH && size < BATCH_CHARACTERS)
        size += sizeOf(waiting[count++]!);
      characters -= size;
      return waiting.splice(0, count);
    },
  };
}
