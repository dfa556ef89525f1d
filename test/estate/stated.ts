// The instances that a Terraform state holds, and the same state with what was read in the place of what it holds: so that
// both sides of a comparison take the very same way from a state to a declaration, redaction included.
import { instanceAddress } from '../../producers/terraform/address.ts';
import { declare, hmac, only } from '../../producers/terraform/testing/declared.ts';
import type { Bodies, JsonObject } from '../../schemas/index.ts';

export interface Stated {
  address: string;
  type: string;
  id: string;
  schemaVersion: number;
  attributes: JsonObject;
  private: Uint8Array | null;
}

interface StateFile {
  serial: number;
  resources: {
    mode: string;
    type: string;
    name: string;
    module?: string;
    instances: {
      index_key?: string | number;
      schema_version: number;
      attributes: JsonObject;
      private?: string;
    }[];
  }[];
}

type Instance = StateFile['resources'][number]['instances'][number];

function* instancesIn(state: StateFile): Generator<[address: string, type: string, instance: Instance]> {
  for (const { mode, type, name, module, instances } of state.resources)
    for (const instance of instances)
      if (mode === 'managed') {
        const index = instance.index_key ?? null;
        yield [instanceAddress({ module: module ?? null, type, name, index, deposed: null }), type, instance];
      }
}

export function statedIn(bytes: Buffer): Stated[] {
  const state = JSON.parse(bytes.toString()) as StateFile;
  return [...instancesIn(state)].map(([address, type, instance]) => ({
    address,
    type,
    id: String(instance.attributes.id ?? ''),
    schemaVersion: instance.schema_version,
    attributes: instance.attributes,
    private: instance.private ? Buffer.from(instance.private, 'base64') : null,
  }));
}

export interface Declaration {
  objectKey: string;
  body: Bodies['resource.declared'];
}

/** What a state declares, under every key. */
export const declaredBy = (bytes: Buffer): Declaration[] =>
  only('resource.declared', declare(bytes, undefined, { hmac }));

/** What was read of some of its instances, in the form in which they are declared. */
export function inDeclaredForm(bytes: Buffer, read: ReadonlyMap<string, JsonObject>): Map<string, string> {
  const state = JSON.parse(bytes.toString()) as StateFile;
  for (const [address, , instance] of instancesIn(state))
    instance.attributes = read.get(address) ?? { ...instance.attributes, unread: true };
  for (const resource of state.resources)
    resource.instances = resource.instances.filter(({ attributes }) => !('unread' in attributes));
  const found = only('resource.declared', declare(Buffer.from(JSON.stringify(state)), undefined, { hmac }));
  return new Map(
    found.filter(({ body }) => body.primary).map(({ body }) => [body.address, body.attributes] as const),
  );
}
