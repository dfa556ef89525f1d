// Changes of a state as records: what the main thread appends without having looked into it. Pure, but for the codec it
// keeps: compiling the schemas takes some tens of milliseconds.
import type { NewRecord } from '../../runtime/log/log.ts';
import type { SourceEvent } from '../../runtime/source.ts';
import {
  type EncodedEvents,
  eventOf,
  packRecords,
  recordsOf,
  type SourceEncoding,
  writingIds,
} from '../../runtime/source-records.ts';
import { type Codec, createCodec } from '../../schemas/index.ts';
import type { IdentifiedChange } from './decode.ts';
import type { Encoding } from './messages.ts';

let codec: Codec | null = null;

/** The codec of the one registry a process has. */
function codecFor({ schemaIds }: SourceEncoding): Codec {
  codec ??= createCodec(writingIds(schemaIds));
  return codec;
}

/** What does not fit its schema comes back as it is, to be set aside with its reason. */
export function encodeChanges(
  changes: readonly IdentifiedChange[],
  { encoding, time, now }: Encoding,
): { encoded: EncodedEvents; refused: SourceEvent[] } {
  const writer = codecFor(encoding);
  const records: NewRecord[] = [];
  const refused: SourceEvent[] = [];
  let clamped = 0;
  for (const change of changes) {
    const { eventId: id, objectKey, type, body } = change;
    // One member of the union of source events: type and body come from the same change.
    const given = { type, body, time, id, objectKey } as SourceEvent;
    const event = eventOf(given, encoding, now);
    try {
      const fingerprint = change.type === 'resource.declared' ? change.fingerprint : undefined;
      records.push(...recordsOf(event, fingerprint, writer, encoding.partitions));
      if (event.clamped) clamped++;
    } catch {
      refused.push(given);
    }
  }
  return { encoded: packRecords('driftmgr.declarations', records, clamped), refused };
}
