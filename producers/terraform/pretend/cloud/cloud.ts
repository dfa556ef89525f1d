// The pretend cloud without its network: create, read, change, delete and list, by someone, told in the feed and the journal.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../../../schemas/index.ts';
import type { Part, ProviderType, ResourceType } from '../schema.ts';
import { fill } from '../template.ts';
import { changed, created, readable, refusal, type Said, saidOf, saidOfUpdate } from './attributes.ts';
import { type Caller, type Feed, recordOf } from './feed.ts';
import { asHeld, isThere, withPart } from './parts.ts';
import { namesOf } from './principals.ts';
import { Refused } from './refused.ts';
import { reportOf } from './reports.ts';
import type { Settings } from './settings.ts';
import { type Change, keyOf, type Resource, type Store } from './store.ts';

/** One call, whatever cloud it pretends to be of. */
export interface JournalEntry {
  eventId: string;
  at: string;
  principal: string;
  userAgent: string;
  sourceIp: string;
  operation: 'create' | 'read' | 'update' | 'delete' | 'list' | 'caller';
  type: string | null;
  id: string | null;
  /** Names of the attributes given. */
  attributes: string[];
  readOnly: boolean;
  error: string | null;
}

export interface Shown {
  type: string;
  id: string;
  account: string;
  region: string;
  attributes: JsonObject;
}

const MAX_JOURNAL = 20_000;

export class Cloud {
  readonly settings: Settings;
  readonly #types = new Map<string, ResourceType>();
  readonly #providers = new Map<string, string>();
  readonly #store: Store;
  readonly #feed: Feed | null;
  readonly #journal: JournalEntry[] = [];
  #forgotten = 0;

  constructor(
    providers: readonly ProviderType[],
    parts: { store: Store; feed: Feed | null; settings: Settings },
  ) {
    for (const { name: provider, resources } of providers)
      for (const [name, type] of Object.entries(resources)) {
        this.#types.set(name, type);
        this.#providers.set(name, provider);
      }
    this.#store = parts.store;
    this.#feed = parts.feed;
    this.settings = parts.settings;
  }

  /** Entries after that many, and how many there are by now. */
  journal(after: number): { entries: JournalEntry[]; next: number } {
    return {
      entries: this.#journal.slice(Math.max(0, after - this.#forgotten)),
      next: this.#forgotten + this.#journal.length,
    };
  }

  create(by: Caller, name: string, given: JsonObject): Promise<Shown> {
    const call = { operation: 'create' as const, type: name, id: null, given };
    return this.#call(by, call, async (type, scope) => {
      this.#check(type, given);
      const wanted = fill(type.id ?? `${name}-{#hex:12}`, this.#seen(type, given, scope));
      const id = String(wanted);
      const resource = this.#placed(by, name, type, id);
      const key = keyOf(resource);
      const there = this.#store.get(key);
      if (there && this.#now(there))
        throw new Refused(409, 'AlreadyExists', `there is a ${name} called ${id} already`);
      resource.attributes = created(type.block, { ...given, id }, { ...scope, id });
      this.#lagging(resource, null);
      const said = type.calls && saidOf(type.calls.create, type.block, { ...scope, ...resource.attributes });
      const whole = this.#whole(resource, null, resource.attributes);
      await this.#change(by, call, type, [[key, resource], ...whole], said ? [said] : [], id);
      return shown(resource);
    });
  }

  read(by: Caller, name: string, id: string): Promise<Shown> {
    const call = { operation: 'read' as const, type: name, id, given: {} };
    return this.#call(by, call, async (type, scope) => {
      const resource = this.#store.get(keyOf(this.#placed(by, name, type, id)));
      const attributes = resource ? this.#read(resource) : null;
      this.#tellRead(by, type, { ...scope, ...attributes, id });
      if (!resource || !attributes) throw notFound(name, id);
      this.#note(by, call, null, id, true);
      return { ...shown(resource), attributes: readable(type.block, attributes) };
    });
  }

  update(by: Caller, name: string, id: string, given: JsonObject): Promise<Shown> {
    const call = { operation: 'update' as const, type: name, id, given };
    return this.#call(by, call, async (type, scope) => {
      this.#check(type, given);
      if (given.id !== undefined && given.id !== id)
        throw new Refused(400, 'ValidationError', 'the id of a resource stays');
      const key = keyOf(this.#placed(by, name, type, id));
      const before = this.#store.get(key);
      const now = before ? this.#now(before) : null;
      if (!before || !now) throw notFound(name, id);
      const after: Resource = { ...before, attributes: changed(type.block, now, given, scope) };
      this.#lagging(after, this.#read(before));
      const said = saidOfUpdate(type, now, after.attributes, scope);
      const whole = this.#whole(after, now, after.attributes);
      await this.#change(by, call, type, [[key, after], ...whole], said, id);
      return shown(after);
    });
  }

  delete(by: Caller, name: string, id: string): Promise<null> {
    const call = { operation: 'delete' as const, type: name, id, given: {} };
    return this.#call(by, call, async (type, scope) => {
      const key = keyOf(this.#placed(by, name, type, id));
      const before = this.#store.get(key);
      const now = before ? this.#now(before) : null;
      if (!before || !now) throw notFound(name, id);
      const said = type.calls && saidOf(type.calls.delete, type.block, { ...scope, ...now });
      const whole = this.#whole(before, now, null);
      await this.#change(by, call, type, [[key, null], ...whole], said ? [said] : [], id);
      return null;
    });
  }

  /** What the caller's account and region hold, of one type or of all. */
  async list(by: Caller, name: string | null): Promise<Shown[]> {
    const call = { operation: 'list' as const, type: name, id: null, given: {} };
    await this.#admit(by, call);
    const found: Shown[] = [];
    for (const [, resource] of this.#store.all()) {
      const { type, account, region } = resource;
      if (account !== by.principal.account || (region !== '-' && region !== by.region)) continue;
      if (name !== null && type !== name) continue;
      const attributes = this.#read(resource);
      const block = this.#types.get(type)?.block;
      if (attributes && block) found.push({ ...shown(resource), attributes: readable(block, attributes) });
    }
    this.#note(by, call, null, null, true);
    return found;
  }

  /** Who calls, and where to: what a provider's data sources tell. */
  async caller(by: Caller): Promise<JsonObject> {
    await this.#admit(by, { operation: 'caller', type: null, id: null, given: {} });
    const { account, name, identity } = by.principal;
    this.#note(by, { operation: 'caller', type: null, id: null, given: {} }, null, null, true);
    return {
      account,
      region: by.region,
      name,
      arn: identity.arn ?? null,
      principalId: identity.principalId ?? null,
      ...namesOf(account),
    };
  }

  async #call<T>(
    by: Caller,
    call: Call,
    perform: (type: ResourceType, scope: JsonObject) => Promise<T>,
  ): Promise<T> {
    await this.#admit(by, call);
    const type = this.#types.get(call.type!);
    try {
      if (!type)
        throw new Refused(400, 'ValidationError', `this cloud has no ${call.type}; GET / tells what it has`);
      const { account } = by.principal;
      return await perform(type, { account, region: by.region, ...namesOf(account) });
    } catch (error) {
      if (error instanceof Refused) this.#refused(by, call, type, error);
      throw error;
    }
  }

  /** Everything that may stand between a caller and an answer. */
  async #admit(by: Caller, call: Call): Promise<void> {
    if (this.settings.delayMs > 0) await sleep(this.settings.delayMs);
    const refusing = this.settings.refusals.find(
      ({ times, operation, type, id }) =>
        times > 0 &&
        (operation ?? call.operation) === call.operation &&
        (type ?? call.type) === call.type &&
        (id ?? call.id) === call.id,
    );
    const refused = by.principal.expired
      ? new Refused(403, 'ExpiredToken', 'the security token included in the request is expired')
      : refusing && new Refused(refusing.status, refusing.code, refusing.message);
    if (refusing && !by.principal.expired) refusing.times--;
    if (refusing?.hangs) await new Promise(() => {});
    if (!refused) return;
    this.#refused(by, call, this.#types.get(call.type ?? ''), refused);
    throw refused;
  }

  #check(type: ResourceType, given: JsonObject): void {
    const wrong = refusal(type, given);
    if (wrong !== null) throw new Refused(400, 'ValidationError', wrong);
  }

  /** What the template of an id may read: also what the cloud sets or makes where nobody gives it. */
  #seen(type: ResourceType, given: JsonObject, scope: JsonObject): JsonObject {
    const seen: JsonObject = { ...scope, ...given };
    for (const [name, attribute] of Object.entries(type.block.attributes ?? {}))
      if ((seen[name] ?? null) === null && attribute.optional) {
        if (attribute.default !== undefined) seen[name] = attribute.default;
        else if (attribute.made !== undefined) seen[name] = given[name] = fill(attribute.made, seen);
      }
    return seen;
  }

  #placed(by: Caller, name: string, type: ResourceType, id: string): Resource {
    const { placed = 'region' } = type;
    return {
      type: name,
      id,
      account: by.principal.account,
      region: placed === 'region' ? by.region : '-',
      attributes: {},
    };
  }

  async #change(
    by: Caller,
    call: Call,
    type: ResourceType,
    changes: readonly Change[],
    said: readonly Said[],
    id: string,
  ): Promise<void> {
    const entry = this.#note(by, call, null, id, false);
    const records = this.#feed ? this.#records(by, call, type, said, entry, id) : [];
    await this.#store.change(changes, records);
    if (records.length > 0) this.#feed?.wake();
  }

  /** What the feeds tell of a call: several records where the cloud's own interface took several calls. */
  #records(
    by: Caller,
    call: Call,
    type: ResourceType,
    said: readonly Said[],
    entry: JournalEntry,
    id: string,
  ): JsonObject[] {
    const at = new Date(entry.at);
    if (type.calls) {
      const { source } = type.calls;
      const what = { at, readOnly: false, source, error: null };
      return said.map((one, nth) =>
        recordOf(by, one, { ...what, eventId: nth === 0 ? entry.eventId : randomUUID() }),
      );
    }
    if (!type.reported) return [];
    const verb = call.operation as 'create' | 'update' | 'delete';
    const what = { provider: this.#providers.get(call.type!)!, type: call.type!, id, verb };
    return [reportOf(by, type.reported, { ...what, eventId: entry.eventId, at })];
  }

  /** Of a part: the whole as it is once the part is another. The cloud makes no part of what is not there. */
  #whole(resource: Resource, before: JsonObject | null, after: JsonObject | null): Change[] {
    const { part } = this.#types.get(resource.type) ?? {};
    if (!part) return [];
    const own = (after ?? before)!;
    const whole = this.#wholeOf(resource, part, own);
    if (!whole) {
      if (after === null) return [];
      throw new Refused(404, 'NoSuchWhole', `there is no ${part.of} called ${part.whole(own)}`);
    }
    if (before === null && after !== null && isThere(part, whole.attributes, after))
      throw new Refused(409, 'AlreadyExists', `the ${part.of} ${whole.id} has that already`);
    const { block } = this.#types.get(part.of)!;
    const next: Resource = {
      ...whole,
      attributes: { ...whole.attributes, ...withPart(part, whole.attributes, before, after, block) },
    };
    this.#lagging(next, this.#read(whole));
    return [[keyOf(next), next]];
  }

  #wholeOf(resource: Resource, part: Part, own: JsonObject): Resource | undefined {
    const { placed = 'region' } = this.#types.get(part.of) ?? {};
    const { account } = resource;
    const region = placed === 'region' ? resource.region : '-';
    return this.#store.get(keyOf({ type: part.of, id: part.whole(own), account, region }));
  }

  /** What a resource is, whatever reads give; null for a part that its whole no longer has. */
  #now(resource: Resource): JsonObject | null {
    const { part } = this.#types.get(resource.type) ?? {};
    const { attributes } = resource;
    if (!part) return attributes;
    const whole = this.#wholeOf(resource, part, attributes);
    return whole ? asHeld(part, attributes, whole.attributes) : null;
  }

  /** What reading it gives: for a while after a change, what was before. */
  #read(resource: Resource): JsonObject | null {
    const { before } = resource;
    return before && before.until > Date.now() ? before.attributes : this.#now(resource);
  }

  #lagging(resource: Resource, before: JsonObject | null): void {
    const { lagMs } = this.settings;
    if (lagMs > 0) resource.before = { until: Date.now() + lagMs, attributes: before };
    else delete resource.before;
  }

  #tellRead(by: Caller, type: ResourceType, scope: JsonObject): void {
    if (!type.calls || !this.#feed || !this.settings.tellReads) return;
    const said = saidOf(type.calls.read, type.block, scope);
    this.#feed.tell(
      recordOf(by, said, {
        eventId: randomUUID(),
        at: new Date(),
        readOnly: true,
        source: type.calls.source,
        error: null,
      }),
    );
  }

  #refused(by: Caller, call: Call, type: ResourceType | undefined, error: Refused): void {
    const { operation } = call;
    const entry = this.#note(by, call, error.code, call.id, operation === 'read' || operation === 'list');
    if (!type?.calls || !this.#feed || operation === 'read' || operation === 'list') return;
    const row = operation === 'update' ? type.calls.update[0] : type.calls[operation as 'create'];
    if (!row) return;
    const scope = { ...call.given, ...(call.id === null ? {} : { id: call.id }) };
    this.#feed.tell(
      recordOf(by, saidOf(row, type.block, scope), {
        eventId: entry.eventId,
        at: new Date(entry.at),
        readOnly: false,
        source: type.calls.source,
        error: { code: error.code, message: error.message },
      }),
    );
  }

  #note(by: Caller, call: Call, error: string | null, id: string | null, readOnly: boolean): JournalEntry {
    const entry: JournalEntry = {
      eventId: randomUUID(),
      at: new Date().toISOString(),
      principal: by.principal.name,
      userAgent: by.userAgent,
      sourceIp: by.sourceIp,
      operation: call.operation,
      type: call.type,
      id,
      attributes: Object.keys(call.given),
      readOnly,
      error,
    };
    this.#journal.push(entry);
    if (this.#journal.length > MAX_JOURNAL) {
      this.#journal.splice(0, MAX_JOURNAL / 2);
      this.#forgotten += MAX_JOURNAL / 2;
    }
    return entry;
  }
}

interface Call {
  operation: JournalEntry['operation'];
  type: string | null;
  id: string | null;
  given: JsonObject;
}

const shown = ({ type, id, account, region, attributes }: Resource): Shown => ({
  type,
  id,
  account,
  region,
  attributes,
});

const notFound = (name: string, id: string): Refused =>
  new Refused(404, 'NotFound', `there is no ${name} called ${id} in this account and region`);
