// The list of producers: what each folder has for those who put a system together.
export { CLOUDTRAIL_FILES, cloudtrailFiles } from './aws/index.ts';
export { digitaloceanSnapshots } from './digitalocean/index.ts';
export { REPORTED_CHANGES, reportedChanges } from './reported/index.ts';
export {
  bindingsOf,
  CONFIGURATIONS,
  configurationSource,
  createDecoder,
  createFileBackend,
  createHttpBackend,
  createReader,
  createReadReactor,
  createRefreshReactor,
  createStatedStates,
  installProvider,
  listChoices,
  locksOf,
  type ProviderSource,
  parseSource,
  READ_REACTOR,
  type ReaderRow,
  SWEEP,
  SWEEP_PROVIDER,
  SWEEP_REQUESTS,
  shortName,
  sourceText,
  stateClaims,
  terraformSweep,
} from './terraform/index.ts';
