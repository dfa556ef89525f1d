// What the rest of the code imports from schemas/.
export { canonical } from './canonical.ts';
export type { Codec, SchemaIds } from './codec.ts';
export { createCodec, peek, schemaIdOf, Undecodable, UnknownBody } from './codec.ts';
export type { Envelope, Range } from './envelope.ts';
export { envelopeOf } from './envelope.ts';
export * from './generated.ts';
export { digest, fingerprint, fingerprintOfCanonical, NO_FINGERPRINT, stableId } from './hash.ts';
export type { Json, JsonObject, Secret } from './json.ts';
export { isSecret } from './json.ts';
export type { Topic, TopicName } from './topics.ts';
export {
  driftKey,
  isBroadcast,
  partitionOf,
  placement,
  recordKey,
  TOPICS,
  timerKey,
  topicOf,
} from './topics.ts';
export { traceIdIn, traceparentOf } from './trace.ts';
export type { TypeFacts } from './type-facts.ts';
export { typeFactsOf } from './type-facts.ts';
