// The observer: declared resources read through their providers, when something may have changed them.
export { bindingsOf, type ReaderRow } from './bindings.ts';
export { createDescriptions, type Descriptions } from './descriptions.ts';
export { createReadReactor, READ_REACTOR } from './reactor.ts';
export { createReader, type Reader, type ReadOutcome, type ReadTarget } from './reader.ts';
