// From one instance of a state to a declaration, and from two versions of a workspace to what changed between them. Pure.
import type {
  ResourceDeclared,
  ResourceRekeyed,
  ResourceWithdrawn,
  WithdrawnReason,
} from '../../schemas/index.ts';
import { canonical, fingerprintOfCanonical, stableId } from '../../schemas/index.ts';
import type { Identity, Provider, Scope } from '../provider.ts';
import { instanceAddress } from './address.ts';
import type { Exact, ExactObject } from './exact-json.ts';
import { isObject } from './exact-json.ts';
import { malformed } from './problem.ts';
import type { Marks } from './redact.ts';
import { marksOf } from './redact.ts';

export interface ResourceHead {
  module: string | null;
  mode: string;
  type: string;
  name: string;
  providerAddress: string;
}

export interface Instance extends ResourceHead {
  address: string;
  deposed: string | null;
  tainted: boolean;
  schemaVersion: number;
  dependencies: string[];
  attributes: ExactObject;
  /** True when the attributes are those of Terraform 0.11, which cannot be read without the provider. */
  flat: boolean;
  marks: Marks | null;
}

const textOf = (value: Exact | undefined): string | null => (typeof value === 'string' ? value : null);

/** Throws StateProblem when a resource lacks what every version of Terraform writes. */
export function resourceHead(fields: ReadonlyMap<string, Exact>): ResourceHead {
  const type = textOf(fields.get('type'));
  const name = textOf(fields.get('name'));
  const mode = textOf(fields.get('mode'));
  if (!type || !name || !mode) throw malformed('a resource of the state lacks its mode, type or name');
  const provider = textOf(fields.get('provider')) ?? '';
  return { module: textOf(fields.get('module')) || null, mode, type, name, providerAddress: provider };
}

/** `plain`: where it is known that no attribute is kept with its type. */
export function instanceOf(head: ResourceHead, value: Exact, plain = false): Instance {
  if (!isObject(value)) throw malformed(`an instance of ${head.type}.${head.name} is not an object`);
  const index = value.index_key ?? null;
  if (index !== null && typeof index !== 'string' && typeof index !== 'number')
    throw malformed(`an instance of ${head.type}.${head.name} has an index that is neither text nor number`);
  const deposed = textOf(value.deposed) || null;
  const flat = isObject(value.attributes_flat) && !isObject(value.attributes);
  return {
    ...head,
    address: instanceAddress({ ...head, index, deposed }),
    deposed,
    tainted: value.status === 'tainted',
    schemaVersion: typeof value.schema_version === 'number' ? Math.trunc(value.schema_version) | 0 : 0,
    dependencies: textsOf(value.dependencies ?? value.depends_on),
    attributes: flat ? flatId(value.attributes_flat) : attributesOf(value.attributes, plain),
    flat,
    marks: marksOf(value.sensitive_attributes),
  };
}

const textsOf = (value: Exact | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** Of flat attributes only the id can be told. */
function flatId(flat: Exact | undefined): ExactObject {
  const id = isObject(flat) ? flat.id : null;
  return typeof id === 'string' ? { id } : {};
}

const attributesOf = (attributes: Exact | undefined, plain: boolean): ExactObject =>
  plain && isObject(attributes) ? attributes : plainAttributes(attributes);

/** Attributes whose type the schema leaves open are kept as `{value, type}`; everyone else sees the value alone. */
export function plainAttributes(attributes: Exact | undefined): ExactObject {
  if (!isObject(attributes)) return {};
  let plain: ExactObject | null = null;
  for (const [name, value] of Object.entries(attributes)) {
    const unwrapped = unwrap(value, true);
    if (unwrapped === value) continue;
    plain ??= { ...attributes };
    plain[name] = unwrapped;
  }
  return plain ?? attributes;
}

/**
 * Below the first level a `type` that is a bare word may be an attribute of its own (a DNS record's), so only
 * structured types count there.
 */
function unwrap(value: Exact, top: boolean): Exact {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    let changed: Exact[] | null = null;
    for (let i = 0; i < value.length; i++) {
      const unwrapped = unwrap(value[i]!, false);
      if (unwrapped === value[i]) continue;
      changed ??= [...value];
      changed[i] = unwrapped;
    }
    return changed ?? value;
  }
  if (!isObject(value)) return value;
  const { value: held, type } = value;
  if (held !== undefined && type !== undefined && Object.keys(value).length === 2 && isType(type, held, top))
    return unwrap(held, false);
  let changed: ExactObject | null = null;
  for (const name in value) {
    const unwrapped = unwrap(value[name]!, false);
    if (unwrapped === value[name]) continue;
    changed ??= { ...value };
    changed[name] = unwrapped;
  }
  return changed ?? value;
}

/** True when `type` is the JSON of a cty type that `value` can have. */
function isType(type: Exact, value: Exact, words: boolean): boolean {
  if (typeof type === 'string') {
    if (!words) return false;
    if (value === null) return ['string', 'number', 'bool', 'dynamic'].includes(type);
    if (type === 'number')
      return typeof value === 'number' || (typeof value === 'object' && !isObject(value));
    return (
      (type === 'string' && typeof value === 'string') || (type === 'bool' && typeof value === 'boolean')
    );
  }
  if (!Array.isArray(type) || type.length !== 2) return false;
  const [kind, of] = type;
  if (kind === 'list' || kind === 'set' || kind === 'map')
    return value === null || (kind === 'map' ? isObject(value) : Array.isArray(value));
  if (kind === 'tuple') return Array.isArray(of) && (value === null || Array.isArray(value));
  return kind === 'object' && isObject(of) && (value === null || isObject(value));
}

/** Everything of a declaration but what depends on where it is published. */
export type Declaration = Omit<ResourceDeclared, 'primary' | 'serial' | 'previousAddress' | 'ownKey'>;

export interface Placed {
  declaration: Declaration;
  objectKeys: string[];
}

export interface DeclareOptions {
  org: string;
  workspace: string;
  owner: string | null;
  lineage: string;
}

const LONGEST_ID = 1024;

/**
 * Places one instance. `attributes` are already redacted text; `conceal` gives the name to use for an id that holds a
 * known secret, or null when it holds none.
 */
export function place(
  instance: Instance,
  provider: Provider,
  identity: Identity,
  scope: Scope,
  attributes: string,
  conceal: (id: string) => string | null,
  options: DeclareOptions,
): Placed {
  let { objectKeys, resourceId, scopeProblem } = identity;
  const own = (id: string): string[] => [`${options.org}/${provider.name}/-/-/${instance.type}/${id}`];
  if (resourceId === '') {
    // No id to share with anyone: the object is known by its place in the workspace only.
    resourceId = `${options.workspace}:${instance.address}`;
    objectKeys = own(resourceId);
  }
  if (resourceId.length > LONGEST_ID) {
    resourceId = stableId('long', resourceId);
    objectKeys = own(resourceId);
  }
  const hidden = conceal(resourceId) ?? objectKeys.map((key) => conceal(key)).find((name) => name !== null);
  if (hidden) {
    resourceId = hidden;
    objectKeys = own(hidden);
    scopeProblem = 'the id holds a sensitive value';
  }
  if (instance.flat)
    scopeProblem =
      'the attributes are those of Terraform 0.11: run apply with a newer Terraform to read them';
  return {
    objectKeys,
    declaration: {
      workspace: options.workspace,
      address: instance.address,
      owner: options.owner,
      provider: provider.name,
      providerAddress: instance.providerAddress,
      account: identity.account ?? scope.account,
      region: identity.region ?? scope.region,
      scopeProblem,
      type: instance.type,
      resourceId,
      deposed: instance.deposed,
      tainted: instance.tainted,
      lineage: options.lineage,
      schemaVersion: instance.schemaVersion,
      attributes,
      dependencies: instance.dependencies,
    },
  };
}

/** What was last published of one instance: enough to tell what changed, and to withdraw it. */
export interface Row {
  address: string;
  type: string;
  resourceId: string;
  objectKeys: string[];
  /** Fingerprint of the declaration under its first key, as latin1. */
  print: string;
}

/** An event of a declaration's life, without time and id. */
export type Change =
  | { type: 'resource.declared'; objectKey: string; fingerprint: Buffer; body: ResourceDeclared }
  | {
      type: 'resource.withdrawn';
      objectKey: string;
      body: ResourceWithdrawn;
    }
  | { type: 'resource.rekeyed'; objectKey: string; body: ResourceRekeyed };
export interface Comparing {
  /** Takes the next instance of the new version; returns what can be told at once. */
  next(placed: Placed): Change[];
  /** After the last instance: moves, then withdrawals. */
  finish(): Change[];
  /** The rows of the new version. */
  rows(): Row[];
}

const thing = (row: { type: string; resourceId: string }): string => `${row.type}\u001f${row.resourceId}`;

/** One instance as it is compared: what is the same under every key is written and hashed once. */
interface Printed {
  placed: Placed;
  /** All that is the same under every key but the attributes, canonical. */
  rest: string;
  /** Under its own key. */
  print: Buffer;
}

function printed(placed: Placed): Printed {
  const { declaration, objectKeys } = placed;
  // What is declared under further keys names the own one.
  const rest = restOf(declaration, objectKeys.length > 1 ? objectKeys[0]! : undefined);
  return { placed, rest, print: fingerprintOfCanonical(rest + declaration.attributes) };
}

function declared(
  { placed, rest, print }: Printed,
  key: number,
  serial: number,
  previousAddress: string | null,
): Change {
  const { declaration, objectKeys } = placed;
  const primary = key === 0;
  const own = primary ? print : fingerprintOfCanonical(rest + NO_ATTRIBUTES);
  return {
    type: 'resource.declared',
    objectKey: objectKeys[key]!,
    fingerprint: primary && previousAddress === null ? own : printUnder(own, primary, previousAddress),
    body: {
      ...declaration,
      // Under further keys it only says what they belong to: what is compared stands under its own key, once.
      attributes: primary ? declaration.attributes : NO_ATTRIBUTES,
      primary,
      serial,
      previousAddress,
      ownKey: primary ? null : objectKeys[0]!,
    },
  };
}

const NO_ATTRIBUTES = '{}';

/**
 * The canonical text of a declaration without its attributes, which are canonical already and not escaped once more. The
 * members stand in order here, and none holds an object: so it need not be sorted.
 */
function restOf(declaration: Declaration, ownKey: string | undefined): string {
  const { account, address, dependencies, deposed, lineage, owner, provider, providerAddress } = declaration;
  const { region, resourceId, schemaVersion, scopeProblem, tainted, type, workspace } = declaration;
  return JSON.stringify({
    account,
    address,
    dependencies,
    deposed,
    lineage,
    ownKey,
    owner,
    provider,
    providerAddress,
    region,
    resourceId,
    schemaVersion,
    scopeProblem,
    tainted,
    type,
    workspace,
  } satisfies Omit<Declaration, 'attributes'> & { ownKey: string | undefined });
}

/** With what depends on the key and on where it was before: so that the long rest is written and hashed once. */
const printUnder = (print: Buffer, primary: boolean, previousAddress: string | null): Buffer =>
  fingerprintOfCanonical(canonical([print.toString('hex'), primary, previousAddress]));

/**
 * Compares a version of a workspace, instance by instance, with the rows of the version before it.
 *
 * Unchanged instances give nothing. The same type and id at another address is a move: declared there with its previous
 * address, withdrawn here as moved. Another object key for the same instance is a rekeying. Throws StateProblem when one
 * address comes twice.
 */
export function compare(before: readonly Row[], workspace: string, serial: number): Comparing {
  // A version holds an address once.
  const old = new Map(before.map((row) => [row.address, row]));
  let things: ReadonlySet<string> | null = null;
  const wasThere = (row: Row): boolean => {
    if (before.length === 0) return false;
    things ??= new Set(before.map(thing));
    return things.has(thing(row));
  };
  const addresses = new Map<string, Row>();
  const held: Printed[] = [];

  const withdrawn = (row: Row, objectKey: string, reason: WithdrawnReason): Change => ({
    type: 'resource.withdrawn',
    objectKey,
    body: { workspace, address: row.address, type: row.type, resourceId: row.resourceId, serial, reason },
  });

  const everywhere = (instance: Printed, previousAddress: string | null): Change[] =>
    instance.placed.objectKeys.map((_, key) => declared(instance, key, serial, previousAddress));

  function next(placed: Placed): Change[] {
    const { declaration, objectKeys } = placed;
    const instance = printed(placed);
    const row: Row = {
      address: declaration.address,
      type: declaration.type,
      resourceId: declaration.resourceId,
      objectKeys,
      print: instance.print.toString('latin1'),
    };
    if (addresses.has(row.address)) throw malformed(`the state declares ${row.address.slice(0, 200)} twice`);
    addresses.set(row.address, row);
    const known = old.get(row.address);
    if (known?.type !== row.type || known.resourceId !== row.resourceId) {
      if (!wasThere(row)) return everywhere(instance, null);
      held.push(instance);
      return [];
    }
    old.delete(row.address);
    const sameKeys =
      known.objectKeys.length === objectKeys.length &&
      objectKeys.every((objectKey, i) => objectKey === known.objectKeys[i]);
    if (sameKeys) return known.print === row.print ? [] : everywhere(instance, null);
    const left = known.objectKeys.filter((objectKey) => !objectKeys.includes(objectKey));
    const changes = left.map((objectKey): Change => {
      if (objectKey !== known.objectKeys[0]) return withdrawn(row, objectKey, 'rekeyed');
      const { address, type, resourceId } = row;
      const toObjectKey = objectKeys[0]!;
      return {
        type: 'resource.rekeyed',
        objectKey,
        body: { workspace, address, type, resourceId, toObjectKey, serial },
      };
    });
    return [...changes, ...everywhere(instance, null)];
  }

  function finish(): Change[] {
    // What is left of the old rows is gone from its address; the same thing at a new address is the same thing.
    const gone = new Map<string, Row[]>();
    for (const row of old.values()) {
      const rows = gone.get(thing(row));
      if (rows) rows.push(row);
      else gone.set(thing(row), [row]);
    }
    const moved = new Set<Row>();
    const changes: Change[] = [];
    for (const instance of held) {
      const from = gone.get(thing(instance.placed.declaration))?.shift();
      if (from) moved.add(from);
      changes.push(...everywhere(instance, from?.address ?? null));
    }
    for (const row of old.values()) {
      const successor = addresses.get(row.address);
      for (const objectKey of row.objectKeys) {
        // Under the same key and address the new declaration has already taken its place.
        if (successor?.objectKeys.includes(objectKey)) continue;
        changes.push(withdrawn(row, objectKey, moved.has(row) ? 'moved' : 'removed'));
      }
    }
    return changes;
  }

  return { next, finish, rows: () => [...addresses.values()] };
}

/** What remains to say when a workspace is gone. */
export function withdrawAll(rows: readonly Row[], workspace: string, serial: number): Change[] {
  return rows.flatMap((row) =>
    row.objectKeys.map(
      (objectKey): Change => ({
        type: 'resource.withdrawn',
        objectKey,
        body: {
          workspace,
          address: row.address,
          type: row.type,
          resourceId: row.resourceId,
          serial,
          reason: 'workspace_removed',
        },
      }),
    ),
  );
}
