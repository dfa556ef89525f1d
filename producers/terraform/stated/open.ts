// One stored version of a state, opened: its instances by address, and what is observed of them in the form in which they
// are declared. Pure; what holds a hundred megabytes is the caller's bytes, of which this keeps places.

import { DECODE_LIMITS, type Opened, placing, readState, type StateHead } from '../decode.ts';
import { type Exact, isObject, parseExact } from '../exact-json.ts';
import { type Instance, instanceOf, plainAttributes } from '../normalize.ts';
import { malformed, StateProblem } from '../problem.ts';
import { either, type Hmac, KnownSecrets, redactorOver } from '../redact.ts';
import { type Slice, scanMembers } from '../scan.ts';
import type { Binding } from '../scope.ts';
import { marksFor } from './sensitive.ts';

export interface StatedSettings {
  org: string;
  bindings: readonly Binding[];
  hmac: Hmac;
}

/** An instance whose bytes are places in the state's. */
export interface PlacedInstance {
  address: string;
  type: string;
  resourceId: string;
  providerAddress: string;
  schemaVersion: number;
  attributes: { at: Slice } | { flat: Record<string, string> };
  /** Base64, as the state has it. */
  private: string | null;
  objectKey: string;
  provider: string;
  account: string | null;
  region: string | null;
}

export interface StatedVersion {
  head: StateHead;
  instances(addresses: readonly string[], workspace: string): PlacedInstance[];
  /** Null when there is no such instance. `text`: the attributes as JSON, with exact numbers. */
  observed(address: string, text: string, sensitive: readonly string[]): string | null;
  page(
    workspace: string,
    after: string | null,
    limit: number,
  ): { instances: PlacedInstance[]; next: string | null };
}

/** Attributes of one page, bytes. */
const PAGE_BYTES = 4 << 20;

/** In steps; `secrets`: those of earlier versions. Throws StateProblem for what cannot be read. */
export function* openStated(
  bytes: Buffer,
  secrets: readonly string[],
  { org, bindings, hmac }: StatedSettings,
): Generator<void, StatedVersion> {
  const found: { address: string; resource: number; instance: number }[] = [];
  const { head, opened } = yield* readState(bytes, DECODE_LIMITS, ({ address, deposed }, at) => {
    if (deposed === null) found.push({ address, ...at });
  });
  if (opened === null)
    throw new StateProblem('unsupported', head.problem ?? 'nothing can be told of the state');
  found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  for (let i = 1; i < found.length; i++)
    if (found[i]!.address === found[i - 1]!.address)
      throw malformed(`the state declares ${found[i]!.address.slice(0, 200)} twice`);
  yield;
  const { known, scanned, heads, parse } = opened;
  known.remember(secrets);
  const search = known.search();
  const redactor = redactorOver(search, hmac);
  const placers = new Map<string, ReturnType<typeof placing>>();

  /** The first that is not before the address. */
  function firstFrom(address: string): number {
    let low = 0;
    let high = found.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (found[middle]!.address < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function at(address: string): number | null {
    const index = firstFrom(address);
    return found[index]?.address === address ? index : null;
  }

  function instanceAt(index: number): { instance: Instance; value: Exact; slice: Slice } {
    const { resource, instance: of } = found[index]!;
    const { slice, longNumbers } = scanned.resources[resource]!.instances[of]!;
    const value = parse(slice, longNumbers);
    return { instance: instanceOf(heads[resource]!, value), value, slice };
  }

  function placed(index: number, workspace: string): PlacedInstance {
    let place = placers.get(workspace);
    if (!place) {
      place = placing(opened as Opened, { org, workspace, owner: null, bindings }, redactor);
      placers.set(workspace, place);
    }
    const { instance, value, slice } = instanceAt(index);
    const { declaration, objectKeys } = place(instance, '');
    const { resourceId, provider, account, region } = declaration;
    const kept = isObject(value) ? value.private : null;
    return {
      address: instance.address,
      type: instance.type,
      // Without a workspace there is no name for what has no id.
      resourceId: workspace === '' && resourceId === `:${instance.address}` ? '' : resourceId,
      providerAddress: instance.providerAddress,
      schemaVersion: instance.schemaVersion,
      attributes: attributesOf(instance, value, slice),
      private: typeof kept === 'string' && kept !== '' ? kept : null,
      objectKey: objectKeys[0]!,
      provider,
      account,
      region,
    };
  }

  function attributesOf(
    { flat, address }: Instance,
    value: Exact,
    slice: Slice,
  ): PlacedInstance['attributes'] {
    if (flat) {
      const texts: Record<string, string> = {};
      const all = isObject(value) && isObject(value.attributes_flat) ? value.attributes_flat : {};
      for (const [name, text] of Object.entries(all)) if (typeof text === 'string') texts[name] = text;
      return { flat: texts };
    }
    const attributes = scanMembers(bytes, slice, DECODE_LIMITS).get('attributes');
    if (attributes === undefined) throw malformed(`${address.slice(0, 200)} has no attributes in the state`);
    return { at: attributes };
  }

  return {
    head,
    instances(addresses, workspace) {
      return addresses.flatMap((address) => {
        const index = at(address);
        return index === null ? [] : [placed(index, workspace)];
      });
    },
    observed(address, text, sensitive) {
      const index = at(address);
      if (index === null) return null;
      const { instance } = instanceAt(index);
      const attributes = plainAttributes(parseExact(text));
      const marks = marksFor(instance, attributes, sensitive);
      // What only it holds is secret in its copies too: a rotated password inside a connection string.
      const own = new KnownSecrets();
      own.collect(instance.type, attributes, marks);
      const writer = known.includes(own) ? redactor : redactorOver(either(search, own.search()), hmac);
      return writer.write(instance.type, attributes, marks);
    },
    page(workspace, after, limit) {
      const instances: PlacedInstance[] = [];
      let index = after === null ? 0 : firstFrom(after);
      if (after !== null && found[index]?.address === after) index++;
      for (let size = 0; index < found.length && instances.length < limit && size < PAGE_BYTES; index++) {
        const instance = placed(index, workspace);
        instances.push(instance);
        const { attributes } = instance;
        size +=
          'flat' in attributes ? JSON.stringify(attributes).length : attributes.at[1] - attributes.at[0];
      }
      return { instances, next: index < found.length ? (instances.at(-1)?.address ?? null) : null };
    },
  };
}
