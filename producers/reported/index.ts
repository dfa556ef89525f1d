// Changes that others report, for providers whose feed is not read here.
export type { ReportedChangesOptions } from './reported-changes.ts';
export { REPORTED_CHANGES, reportedChanges } from './reported-changes.ts';
