// The roles a process may have. One process may have them all; in the cluster each is scaled by adding processes.
import { DriftError } from '../runtime/errors.ts';

export const ROLES = ['producers', 'processors', 'projections', 'api'] as const;
export type Role = (typeof ROLES)[number];

export const ALL_ROLES: ReadonlySet<Role> = new Set(ROLES);

/** `producers` and `api` serve the API: Terraform's states are taken where the producers run. The others only tell how they are. */
export const servesApi = (roles: ReadonlySet<Role>): boolean => roles.has('api') || roles.has('producers');

/** Roles by name; DM_INPUT_INVALID for what is none, and for none at all. */
export function rolesFrom(names: readonly string[]): Set<Role> {
  const unknown = names.filter((name) => !(ROLES as readonly string[]).includes(name));
  if (unknown.length === 0 && names.length > 0) return new Set(names as Role[]);
  const what = unknown.length > 0 ? `${unknown.join(', ')}: no such role.` : 'No role is named.';
  throw new DriftError(`roles: ${names.join(' ')}`, {
    code: 'DM_INPUT_INVALID',
    retriable: false,
    public: `${what} Roles are ${ROLES.join(', ')}; name one or several.`,
  });
}
