// The routes, one line a resource. `OPEN_ROUTES` ask for no key and may tell nothing but health.
import type { Routes } from '../dependencies.ts';
import { analytics } from './analytics.ts';
import { changes } from './changes.ts';
import { configurations } from './configurations.ts';
import { coverage } from './coverage.ts';
import { drifts } from './drifts.ts';
import { events } from './events.ts';
import { health } from './health.ts';
import { keys } from './keys.ts';
import { requests } from './requests.ts';
import { resources } from './resources.ts';
import { snapshots } from './snapshots.ts';
import { system } from './system.ts';
import { workspaces } from './workspaces.ts';

/** The Terraform http backend asks for a key itself: the scope depends on the method, the workspace on the path. */
export { tfstateRoutes } from './tfstate.ts';

export const OPEN_ROUTES: readonly Routes[] = [health];

export const ROUTES: readonly Routes[] = [
  workspaces,
  configurations,
  resources,
  drifts,
  requests,
  changes,
  coverage,
  snapshots,
  analytics,
  events,
  keys,
  system,
];
