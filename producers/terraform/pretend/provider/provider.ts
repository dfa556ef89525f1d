// What a pretend provider answers, the same for both versions of the protocol: Terraform's side is values and diagnostics,
// the other side the pretend cloud.
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../../schemas/index.ts';
import { parseExact } from '../../exact-json.ts';
import { decode } from '../../plugin/values/decode.ts';
import { encode } from '../../plugin/values/encode.ts';
import { fill } from '../../plugin/values/fill.ts';
import { typeOfBlock, type Block as WireBlock } from '../../plugin/values/schema.ts';
import { Unknown, type Value, type ValueObject } from '../../plugin/values/value.ts';
import { schemaToWire, type WireSchema } from '../../plugin/values/wire-schema.ts';
import { type CloudClient, cloudClient } from '../cloud/client.ts';
import type { Shown } from '../cloud/cloud.ts';
import { Refused } from '../cloud/refused.ts';
import type { Block, ProviderType, ResourceType } from '../schema.ts';
import { fill as fillTemplate } from '../template.ts';
import { differing, plan } from './plan.ts';
import { blockOf } from './schema.ts';
import { known, knownMembers, trimmed } from './values.ts';

interface Dynamic {
  msgpack?: Uint8Array | null;
  json?: Uint8Array | null;
}
export interface Diagnostic {
  severity: 'ERROR' | 'WARNING';
  summary: string;
  detail: string;
}
/** What is wrong, for the person who runs Terraform. */
export class Trouble extends Error {
  readonly summary: string;
  constructor(summary: string, detail: string) {
    super(detail);
    this.summary = summary;
  }
}

export const diagnosticOf = (error: unknown): Diagnostic => {
  if (error instanceof Trouble) return { severity: 'ERROR', summary: error.summary, detail: error.message };
  if (error instanceof Refused)
    return { severity: 'ERROR', summary: `the pretend cloud refused: ${error.code}`, detail: error.message };
  return {
    severity: 'ERROR',
    summary: 'the pretend provider failed',
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
};

interface Known {
  of: ResourceType;
  wire: WireBlock;
}

const NULL = null as Value;
/** Throttling and trouble of the cloud's own are tried again, as an SDK does. */
const TRIES = 5;
const FIRST_WAIT_MS = 100;

export class PretendProvider {
  readonly #type: ProviderType;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #resources = new Map<string, Known>();
  readonly #data = new Map<string, { block: Block; wire: WireBlock }>();
  readonly #configuration: WireBlock;
  readonly #stopped = new AbortController();
  #cloud: CloudClient | null = null;
  /** The one it is configured for. */
  #region: string | null = null;

  constructor(type: ProviderType, environment: Readonly<Record<string, string | undefined>>) {
    this.#type = type;
    this.#environment = environment;
    this.#configuration = blockOf(type.block);
    for (const [name, of] of Object.entries(type.resources))
      this.#resources.set(name, { of, wire: blockOf(of.block) });
    for (const [name, { block }] of Object.entries(type.data))
      this.#data.set(name, { block, wire: blockOf(block) });
  }

  schemas(): {
    provider: WireSchema;
    resources: Record<string, WireSchema>;
    data: Record<string, WireSchema>;
  } {
    const all = (blocks: Iterable<[string, { wire: WireBlock }]>, versionOf: (name: string) => number) =>
      Object.fromEntries(
        [...blocks].map(([name, { wire }]) => [
          name,
          schemaToWire({ version: versionOf(name), block: wire }),
        ]),
      );
    return {
      provider: schemaToWire({ version: 0, block: this.#configuration }),
      resources: all(this.#resources, (name) => this.#type.resources[name]!.version),
      data: all(this.#data, (name) => this.#type.data[name]!.version),
    };
  }

  /** Asks the cloud who the key belongs to: a key that is no longer valid is known at once. */
  async configure(config: Dynamic, terraformVersion: string): Promise<void> {
    const given = decode(typeOfBlock(this.#configuration), config) as ValueObject;
    const said = (name: string, variable: string): string | undefined => {
      const value = given[name];
      return typeof value === 'string' && value !== '' ? value : this.#environment[variable];
    };
    const url = said('endpoint', 'PRETEND_CLOUD_URL');
    const accessKey = said('access_key', 'PRETEND_CLOUD_KEY');
    if (!url || !accessKey)
      throw new Trouble(
        'the pretend cloud is not known',
        'Say "endpoint" and "access_key" in the provider block, or PRETEND_CLOUD_URL and PRETEND_CLOUD_KEY in the environment.',
      );
    const { name, version } = this.#type;
    const appended = this.#environment.TF_APPEND_USER_AGENT;
    this.#cloud = cloudClient({
      url,
      accessKey,
      region: said('region', 'PRETEND_CLOUD_REGION'),
      userAgent: `APN/1.0 HashiCorp/1.0 Terraform/${terraformVersion || '0.0.0'} (+https://www.terraform.io) terraform-provider-${name}/${version} (pretend)${appended ? ` ${appended}` : ''}`,
      signal: this.#stopped.signal,
    });
    const { region } = await this.#ask((cloud) => cloud.caller());
    this.#region = typeof region === 'string' ? region : null;
  }

  plan(name: string, prior: Dynamic, proposed: Dynamic): { planned: Dynamic; replace: string[] } {
    const { of, wire } = this.#resource(name);
    const type = typeOfBlock(wire);
    const { state, replace } = plan(
      of.block,
      wire,
      decode(type, prior) as ValueObject | null,
      decode(type, proposed) as ValueObject | null,
    );
    return { planned: encode(type, state), replace };
  }

  async apply(name: string, prior: Dynamic, planned: Dynamic): Promise<Dynamic> {
    const { of, wire } = this.#resource(name);
    const type = typeOfBlock(wire);
    const before = decode(type, prior) as ValueObject | null;
    const wanted = decode(type, planned) as ValueObject | null;
    if (wanted === null) {
      await this.#ask((cloud) => cloud.delete(name, idOf(before))).catch((error: unknown) => {
        if (!(error instanceof Refused && error.code === 'NotFound')) throw error;
      });
      return encode(type, null);
    }
    const shown =
      before === null
        ? await this.#ask((cloud) => cloud.create(name, toCloud(of, knownMembers(wanted))))
        : await this.#ask((cloud) =>
            cloud.update(
              name,
              idOf(before),
              toCloud(of, knownMembers(pick(wanted, differing(wire, before, wanted)))),
            ),
          );
    return encode(type, stateOf(of, wire, shown, wanted, this.#region));
  }

  /** Null when it is gone. */
  async read(name: string, current: Dynamic): Promise<Dynamic> {
    const { of, wire } = this.#resource(name);
    const type = typeOfBlock(wire);
    const before = decode(type, current) as ValueObject | null;
    if (before === null) return encode(type, null);
    const shown = await this.#ask((cloud) => cloud.read(name, idOf(before)));
    return encode(type, shown === null ? null : stateOf(of, wire, shown, before, this.#region));
  }

  /** Only the id: Terraform reads it afterwards. */
  import(name: string, id: string): Dynamic {
    const { wire } = this.#resource(name);
    return encode(typeOfBlock(wire), fill(wire, { id }));
  }

  upgrade(name: string, version: number, raw: Uint8Array): Dynamic {
    const { of, wire } = this.#resource(name);
    if (version > of.version)
      throw new Trouble(
        'the state was written by a newer provider',
        `${name}: schema version ${version}, and this provider has ${of.version}.`,
      );
    if (raw.length === 0)
      throw new Trouble('the state has no JSON', `${name}: states of Terraform before 0.12 are not read.`);
    const written = parseExact(Buffer.from(raw).toString()) as JsonObject;
    const json = version < of.version && of.upgrade ? of.upgrade(version, written) : written;
    return encode(typeOfBlock(wire), fill(wire, trimmed(wire, json)));
  }

  async readData(name: string): Promise<Dynamic> {
    const found = this.#data.get(name);
    if (!found) throw new Trouble('no such data source', `${this.#type.name} has no data source ${name}.`);
    const caller = await this.#ask((cloud) => cloud.caller());
    const made = Object.entries(found.block.attributes ?? {}).map(([member, attribute]) => [
      member,
      fillTemplate(attribute.made ?? null, { caller }),
    ]);
    return encode(typeOfBlock(found.wire), fill(found.wire, Object.fromEntries(made) as JsonObject));
  }

  /** What the account and region hold of the type, as reading each would give it. */
  async list(name: string, limit: number): Promise<{ name: string; object: Dynamic }[]> {
    const { of, wire } = this.#resource(name);
    const found = await this.#ask((cloud) => cloud.list(name));
    return found.slice(0, limit > 0 ? limit : undefined).map((shown) => ({
      name: shown.id,
      object: encode(typeOfBlock(wire), stateOf(of, wire, shown, {}, this.#region)),
    }));
  }

  stop(): void {
    this.#stopped.abort();
  }

  #resource(name: string): Known {
    const found = this.#resources.get(name);
    if (found) return found;
    throw new Trouble('no such resource type', `${this.#type.name} has no resource type ${name}.`);
  }

  async #ask<T>(question: (cloud: CloudClient) => Promise<T>): Promise<T> {
    if (!this.#cloud)
      throw new Trouble('not configured', 'The provider was asked something before it was configured.');
    for (let tried = 1; ; tried++)
      try {
        return await question(this.#cloud);
      } catch (error) {
        const again = error instanceof Refused && (error.status === 429 || error.status >= 500);
        if (!again || tried === TRIES) throw error;
        await sleep(FIRST_WAIT_MS * 2 ** (tried - 1), undefined, { signal: this.#stopped.signal });
      }
  }
}

function idOf(state: ValueObject | null): string {
  const id = state?.id;
  if (typeof id === 'string' && id !== '') return id;
  throw new Trouble('the resource has no id', 'Its state holds none, so the cloud cannot be asked for it.');
}

/** What the cloud tells, and what only Terraform or this provider knows because the cloud never gives it back. */
function stateOf(
  of: ResourceType,
  wire: WireBlock,
  told: Shown,
  wanted: ValueObject,
  region: string | null,
): Value {
  const attributes: JsonObject = { ...told.attributes };
  for (const [name, attribute] of Object.entries(of.block.attributes ?? {})) {
    const { unreadable, write_only, cloud_name, own } = attribute;
    if (cloud_name !== undefined) attributes[name] = told.attributes[cloud_name] ?? null;
    if (own !== undefined) attributes[name] = fillTemplate(own, { ...told.attributes, region });
    if (unreadable) attributes[name] = wanted[name] instanceof Unknown ? null : known(wanted[name] ?? NULL);
    if (write_only) attributes[name] = null;
  }
  return fill(wire, trimmed(wire, attributes));
}

/** What is sent: under the cloud's names, without what the cloud does not have. */
function toCloud(of: ResourceType, given: JsonObject): JsonObject {
  const sent: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    const { cloud_name, own } = of.block.attributes?.[name] ?? {};
    if (own === undefined) sent[cloud_name ?? name] = value;
  }
  return sent;
}

const pick = (from: ValueObject, names: readonly string[]): ValueObject =>
  Object.fromEntries(names.map((name) => [name, from[name] ?? NULL]));
