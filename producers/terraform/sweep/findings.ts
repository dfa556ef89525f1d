// What was read of one instance as events, and which of them say anything new.
import type { SourceEvent } from '../../../runtime/source.ts';
import type { Bodies } from '../../../schemas/index.ts';
import { stableId } from '../../../schemas/index.ts';
import type { Descriptions } from '../observer/descriptions.ts';
import type { ReadOutcome } from '../observer/reader.ts';
import type { PagedInstance } from '../stated/index.ts';
import { type LogKnowledge, printOf } from './known.ts';
import { newsIn } from './news.ts';

/** What a read came to, with what was observed in the form of the declaration. */
export type Answer =
  | { kind: 'observed'; began: number; attributes: string; described: Bodies['type.described'] | null }
  | Exclude<ReadOutcome, { kind: 'observed' }>;

export interface ReadInstance {
  instance: PagedInstance;
  answer: Answer;
}

type Told = Extract<
  SourceEvent,
  { type: 'resource.observed' | 'resource.vanished' | 'resource.read-failed' }
>;
/** One member of the union: type and body belong together. */
type Said = { [T in Told['type']]: { type: T; body: Bodies[T] } }[Told['type']];

/** The events to publish, descriptions of types before what rests on them; takes note of all of them as if they were. */
export function tell(
  read: readonly ReadInstance[],
  known: LogKnowledge,
  descriptions: Descriptions,
  { workspace, snapshotId }: { workspace: string; snapshotId: string },
): SourceEvent[] {
  const events: SourceEvent[] = [];
  for (const { instance, answer } of read) {
    const { objectKey, type, resourceId, address } = instance;
    const said = saidOf(instance, answer, workspace);
    const finding = { failed: answer.kind === 'failed', print: printOf(said.body), at: answer.began };
    const declaredAt = known.declaredAt(objectKey, workspace, address);
    const news = newsIn(finding, known.resource(objectKey, type, resourceId), declaredAt);
    if (news === 'nothing') continue;
    if (answer.kind === 'observed' && answer.described && descriptions.isNews(answer.described)) {
      descriptions.told(answer.described);
      events.push({
        type: 'type.described',
        body: answer.described,
        time: answer.began,
        id: stableId('swd', snapshotId, answer.described.provider, type, answer.described.version),
        objectKey: null,
      });
    }
    events.push({
      ...said,
      time: answer.began,
      id: stableId('swp', snapshotId, objectKey, type, resourceId, address, answer.began),
      objectKey,
      ...(news === 'new' ? { fingerprint: Buffer.from(finding.print, 'latin1') } : {}),
    });
    known.noted(objectKey, type, resourceId, finding);
  }
  return events;
}

function saidOf(
  { provider, account, region, type, resourceId, address }: PagedInstance,
  answer: Answer,
  workspace: string,
): Said {
  const whose = { provider, account, region, type, resourceId };
  switch (answer.kind) {
    case 'observed':
      return {
        type: 'resource.observed',
        body: { ...whose, via: 'read', attributes: answer.attributes, ownedBy: null },
      };
    case 'gone':
      return { type: 'resource.vanished', body: { ...whose, proof: 'read' } };
    case 'failed': {
      const { code, reason } = answer;
      return { type: 'resource.read-failed', body: { ...whose, workspace, address, code, reason } };
    }
  }
}
