// What a sweep is called in the log. Pure.

/** What every event of a sweep carries as its source. */
export const SWEEP = 'terraform-sweep';

/**
 * `terraform/WORKSPACE`, of two parts whatever the workspace is called: the scope of a listing has four, so that a sweep is
 * never taken for a listing, which would make missing what it does not show.
 */
export const sweepScope = (workspace: string): string =>
  `terraform/${workspace.replaceAll('%', '%25').replaceAll('/', '%2F')}`;
