// Who asks, and may they: API keys and JWTs, as bearer token or basic password. Fails closed: whatever goes wrong while
// looking, nobody is let in. Guessing is slowed down per credential and per address, over all processes.
import type { FastifyRequest } from 'fastify';
import type { Cache } from '../runtime/cache/cache.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Keys, Principal } from './keys.ts';
import { allows, allowsWorkspace } from './keys.ts';
import { createFailures } from './limits.ts';
import { type KeyScope, SCOPES } from './types.ts';

export interface Authentication {
  /** DM_UNAUTHENTICATED, DM_RATE_LIMITED (too many failures), DM_DATABASE_UNREACHABLE (could not look). */
  authenticate(request: FastifyRequest): Promise<Principal>;
  /** The same, and DM_FORBIDDEN when the scope is missing or the workspace (null: no single one) is not the key's. */
  authorize(request: FastifyRequest, scope: KeyScope, workspace: string | null): Promise<Principal>;
}

export interface AuthenticationOptions {
  keys: Keys;
  cache: Cache;
  org: string;
  /** Verifies signature, algorithm and times; null when JWTs are not configured. Throws for a bad token. */
  verifyToken: ((token: string) => Promise<Record<string, unknown>>) | null;
}

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const failures = createFailures(options.cache);

  async function principalOf(credential: string): Promise<Principal | null> {
    if (credential.startsWith('dmk_')) return options.keys.verify(credential);
    if (options.verifyToken === null) return null;
    let claims: Record<string, unknown>;
    try {
      claims = await options.verifyToken(credential);
    } catch {
      return null;
    }
    return principalOfClaims(claims, options.org);
  }

  async function authenticate(request: FastifyRequest): Promise<Principal> {
    const credential = credentialOf(request.headers.authorization);
    if (credential === null) {
      throw new DriftError('no credential', { code: 'DM_UNAUTHENTICATED', retriable: false });
    }
    // Who was right here before is no guess, whatever was counted: nearly all requests ask the cache nothing. Who guesses
    // learns no more by this: a secret has 256 random bits.
    const known = await options.keys.verifyKnown(credential);
    if (known !== null) return known;
    // Nothing is looked up for a guess.
    if ((await failures.exceeded(credential, request.ip)) !== null) throw tooManyFailures();
    const principal = await principalOf(credential);
    if (principal !== null) return principal;
    await failures.count(credential, request.ip);
    throw new DriftError('the credential is not valid', {
      code: 'DM_UNAUTHENTICATED',
      retriable: false,
      public: 'The API key or token is unknown, expired or revoked: use another, or have an admin make one.',
    });
  }

  return {
    authenticate,
    async authorize(request, scope, workspace) {
      const principal = await authenticate(request);
      requireScope(principal, scope);
      if (workspace !== null) requireWorkspace(principal, workspace);
      return principal;
    },
  };
}

export function requireScope(principal: Principal, scope: KeyScope): void {
  if (allows(principal, scope)) return;
  throw new DriftError(`${principal.id} lacks ${scope}`, {
    code: 'DM_FORBIDDEN',
    retriable: false,
    public: `This needs the scope ${scope}, which your key does not have: have an admin make one that does.`,
  });
}

export function requireWorkspace(principal: Principal, workspace: string): void {
  if (allowsWorkspace(principal, workspace)) return;
  throw new DriftError(`${principal.id} is not for ${workspace}`, {
    code: 'DM_FORBIDDEN',
    retriable: false,
    public: `Your key is not for the workspace ${workspace}: have an admin make one that is.`,
  });
}

/** For what speaks of all workspaces at once. */
export function requireAllWorkspaces(principal: Principal): void {
  if (principal.workspaces === null) return;
  throw new DriftError(`${principal.id} is limited to workspaces`, {
    code: 'DM_FORBIDDEN',
    retriable: false,
    public: 'This speaks of all workspaces, and your key is for some: use one without limits on workspaces.',
  });
}

const tooManyFailures = (): DriftError =>
  new DriftError('too many failed attempts', {
    code: 'DM_RATE_LIMITED',
    retriable: true,
    public: 'Too many attempts with keys that are not valid: wait a minute, then use a valid key.',
  });

/** `Bearer <key or JWT>`, or the password of `Basic` (the user name does not matter). */
function credentialOf(header: string | undefined): string | null {
  const [, scheme, value] = /^(Bearer|Basic) ([\x21-\x7e]{1,8192})$/i.exec(header ?? '') ?? [];
  if (scheme === undefined || value === undefined) return null;
  if (scheme.toLowerCase() === 'bearer') return value;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon === -1 || colon === pair.length - 1 ? null : pair.slice(colon + 1);
}

/** Null when the claims do not say who, or are meant for another organisation. */
function principalOfClaims(claims: Record<string, unknown>, org: string): Principal | null {
  const { sub, name, scope, scopes, workspaces } = claims;
  if (typeof sub !== 'string' || sub === '') return null;
  if (claims.org !== undefined && claims.org !== org) return null;
  const asked = Array.isArray(scopes) ? scopes : typeof scope === 'string' ? scope.split(' ') : [];
  const limited = workspaces !== undefined;
  if (limited && !isTexts(workspaces)) return null;
  return {
    id: `jwt:${sub}`,
    name: typeof name === 'string' && name !== '' ? name : sub,
    scopes: new Set(SCOPES.filter((known) => asked.includes(known))),
    workspaces: limited ? (workspaces as string[]) : null,
  };
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');
