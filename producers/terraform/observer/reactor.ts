// Answers wishes to read a declared resource: once for all that ask for the same instance within a moment, and never before
// the moment that the read is to show. Safe to repeat: ids are made of the request.
import type { Clock } from '../../../runtime/clock.ts';
import type { Reactor } from '../../../runtime/reactor.ts';
import type { SourceEvent } from '../../../runtime/source.ts';
import type { Bodies, Event, EventOf } from '../../../schemas/index.ts';
import { stableId } from '../../../schemas/index.ts';
import type { StatedStates } from '../stated/instance.ts';
import { createDescriptions } from './descriptions.ts';
import { stateFailureOf } from './failures.ts';
import type { Reader } from './reader.ts';

export const READ_REACTOR = 'terraform-read';

const AHEAD_MS = 1_000;
/** Made once: each read ends with it, and making one costs a stack trace. */
const NO_ONE_WAITS = new Error('no one waits for the read any more');

type Request = EventOf<'resource.read-requested'>;

export interface ReadReactorOptions {
  reader: Pick<Reader, 'read'>;
  states: Pick<StatedStates, 'instances' | 'observed'>;
  clock: Clock;
  /** Wishes for one instance are gathered for so long. */
  debounceMs?: number;
  /** Requests of one partition at once; the pool and the budget say how many really go out. */
  concurrency?: number;
}

/** What a read came to, with what was observed in the form of the declaration. */
type Answer = { began: number } & (
  | { kind: 'observed'; attributes: string; described: Bodies['type.described'] }
  | { kind: 'gone' }
  | { kind: 'failed'; code: string; reason: string }
);

/** One read and all who wait for it. */
interface Gathering {
  /** Who asked first under each object key: what was found is told in its name, and for it alone. */
  first: Map<string | null, string>;
  body: Request['body'];
  /** No earlier than the latest `since` of those it was begun for. */
  notBefore: number;
  began: number | null;
  waiting: number;
  ending: AbortController;
  answer: Promise<Answer>;
}

export function createReadReactor(options: ReadReactorOptions): Reactor {
  const { reader, states, clock, debounceMs = 100, concurrency = 128 } = options;
  /** By workspace and address, the newest. */
  const gatherings = new Map<string, Gathering>();
  const descriptions = createDescriptions();
  /** Told in the name of these requests, until their outcomes are in the log. */
  const telling = new Map<string, Bodies['type.described']>();

  async function answer(one: Gathering): Promise<Answer> {
    const { signal } = one.ending;
    await clock.sleep(debounceMs, signal);
    for (
      let wait = one.notBefore - clock.now();
      wait > 0 && !signal.aborted;
      wait = one.notBefore - clock.now()
    )
      await clock.sleep(wait, signal);
    signal.throwIfAborted();
    one.began = clock.now();
    const { workspace, address, state } = one.body;
    const failed = (code: string, reason: string): Answer => ({
      kind: 'failed',
      began: clock.now(),
      code,
      reason,
    });
    if (state === null)
      return failed(
        'no-state',
        `the version of the state of ${workspace} that declares it is not stored: it can be read when the next one came in`,
      );
    try {
      const instance = (await states.instances(state, [address])).get(address);
      if (!instance) return failed('no-state', `the stored state of ${workspace} holds no ${address}`);
      const outcome = await reader.read(one.body, instance, 'change', signal);
      if (outcome.kind !== 'observed') return outcome;
      const { began, described, sensitive } = outcome;
      const { attributes } = await states.observed(state, address, outcome.attributes, sensitive);
      return { kind: 'observed', began, attributes, described };
    } catch (error) {
      const why = stateFailureOf(error);
      if (!why) throw error;
      return failed(why.code, why.reason);
    }
  }

  /** Joins a read that is still to begin, or began late enough; else makes one. */
  function gather(request: Request): Gathering {
    const { body } = request;
    const key = `${body.workspace}\u001f${body.address}`;
    const open = gatherings.get(key);
    // A moment far ahead (clocks differ) keeps waiting who names it, and no one else.
    const inTime =
      open &&
      !open.ending.signal.aborted &&
      (open.began === null
        ? Math.max(open.notBefore, body.since) <= clock.now() + AHEAD_MS
        : body.since <= open.began);
    if (inTime) {
      if (open.began === null) {
        open.notBefore = Math.max(open.notBefore, body.since);
        if (body.serial >= open.body.serial && body.state !== null) open.body = body;
      }
      return open;
    }
    const made: Gathering = {
      first: new Map(),
      body,
      notBefore: body.since,
      began: null,
      waiting: 0,
      ending: new AbortController(),
      answer: undefined as unknown as Promise<Answer>,
    };
    made.answer = answer(made).finally(() => {
      if (gatherings.get(key) === made) gatherings.delete(key);
    });
    // Whoever gave up does not hear of it.
    made.answer.catch(() => undefined);
    gatherings.set(key, made);
    return made;
  }

  async function waitFor(one: Gathering, signal: AbortSignal): Promise<Answer> {
    one.waiting++;
    const given = Promise.withResolvers<never>();
    const giveUp = (): void => given.reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      signal.throwIfAborted();
      return await Promise.race([one.answer, given.promise]);
    } finally {
      signal.removeEventListener('abort', giveUp);
      if (--one.waiting === 0) one.ending.abort(NO_ONE_WAITS);
    }
  }

  return {
    name: READ_REACTOR,
    reads: ['driftmgr.requests'],
    concurrency,
    wants: (event) => event.type === 'resource.read-requested',
    async perform(event, signal) {
      if (event.type !== 'resource.read-requested') return [];
      const gathering = gather(event);
      if (!gathering.first.has(event.objectKey)) gathering.first.set(event.objectKey, event.id);
      const tells = gathering.first.get(event.objectKey) === event.id;
      const found = await waitFor(gathering, signal);
      const outcomes = tells ? told(event, gathering.body, found) : [];
      const [first] = outcomes;
      if (first?.type === 'type.described') {
        if (descriptions.isNews(first.body)) telling.set(event.id, first.body);
        else outcomes.shift();
      }
      return [...outcomes, settled(event, found)];
    },
    committed(event: Event) {
      const described = telling.get(event.id);
      if (!described) return;
      telling.delete(event.id);
      descriptions.told(described);
    },
  };
}

/** What is known now, under the object key of the request. */
function told(request: Request, body: Request['body'], found: Answer): SourceEvent[] {
  const { provider, account, region, type, resourceId, workspace, address } = body;
  const whose = { provider, account, region, type, resourceId };
  const at = {
    time: found.began,
    objectKey: request.objectKey,
    correlationId: request.correlationId ?? request.id,
  };
  const id = (what: string): string => stableId('evt', READ_REACTOR, request.id, what);
  switch (found.kind) {
    case 'observed':
      return [
        {
          ...at,
          objectKey: null,
          type: 'type.described',
          id: id('described'),
          body: found.described,
        },
        // Without a fingerprint: someone waits for the answer, also when it says what was known before.
        {
          ...at,
          type: 'resource.observed',
          id: id('observed'),
          body: { ...whose, via: 'read', attributes: found.attributes, ownedBy: null },
        },
      ];
    case 'gone':
      return [{ ...at, type: 'resource.vanished', id: id('vanished'), body: { ...whose, proof: 'read' } }];
    case 'failed': {
      const { code, reason } = found;
      return [
        {
          ...at,
          type: 'resource.read-failed',
          id: id('failed'),
          body: { ...whose, workspace, address, code, reason },
        },
      ];
    }
  }
}

function settled(request: Request, found: Answer): SourceEvent {
  const isKnown = found.kind !== 'failed';
  return {
    type: 'request.settled',
    time: found.began,
    id: stableId('evt', READ_REACTOR, request.id, 'settled'),
    objectKey: request.objectKey,
    correlationId: request.correlationId ?? request.id,
    body: {
      requestId: request.id,
      outcome: isKnown ? 'done' : 'refused',
      reason: isKnown ? null : found.reason,
      driftId: null,
    },
  };
}
