// The Terraform producer: states as sources, pushed (http backend) or watched (files), and what answers for them.
import { type Claims, createClaims } from './backends/claims.ts';
import { SOURCE as FILES } from './backends/file.ts';
import { SOURCE as HTTP } from './backends/http.ts';

export { createFileBackend, type FileBackend } from './backends/file.ts';
export { createHttpBackend, type HttpBackend } from './backends/http.ts';
export { statesAt } from './backends/paths.ts';
export { CONFIGURATIONS, configurationSource } from './configuration/index.ts';
export { createDecoder, type Decoder } from './decoder.ts';
export {
  bindingsOf,
  createReader,
  createReadReactor,
  READ_REACTOR,
  type Reader,
  type ReaderRow,
} from './observer/index.ts';
export { createRefreshReactor } from './refresh.ts';
export { createStatedStates } from './stated/index.ts';
export { SWEEP, SWEEP_PROVIDER, SWEEP_REQUESTS, terraformSweep } from './sweep/index.ts';

/** Who declares which workspace, for all sources of states of one system; no one can push to one that reads once. */
export const stateClaims = ({ once }: { once: boolean }): Claims =>
  createClaims(once ? [FILES] : [HTTP, FILES]);
export {
  installProvider,
  listChoices,
  locksOf,
  type ProviderSource,
  parseSource,
  shortName,
  sourceText,
} from './plugin/find/index.ts';
