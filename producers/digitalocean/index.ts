// The DigitalOcean producer: identity of its resources and its snapshot source. DigitalOcean has no change feed.
import type { Provider } from '../provider.ts';
import { identify } from './identity.ts';

/**
 * Snapshot scopes are `digitalocean/<account|->/-/<type>`: a token lists every region of one account at once, so the
 * region is never part of a scope, and an instance's own attributes never tell the account.
 */
export const digitalocean: Provider = {
  name: 'digitalocean',
  terraformName: 'digitalocean',
  scopeOf: () => ({ account: null, region: null }),
  identify,
};

export { digitaloceanSnapshots, type SnapshotOptions } from './snapshot.ts';
