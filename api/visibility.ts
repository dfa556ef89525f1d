// What a key that is limited to workspaces may see: names for list queries, and a yes or no for single things.
import { resourceByKey } from '../projections/postgres/resource-queries.ts';
import { workspacesPage } from '../projections/postgres/workspaces.ts';
import type { Stores } from '../projections/queries.ts';
import { DriftError } from '../runtime/errors.ts';
import type { Context } from './dependencies.ts';
import type { Principal } from './keys.ts';
import { allowsWorkspace } from './keys.ts';
import { notFound } from './problems.ts';

/** The workspaces a key may see, by name; undefined: all. */
export async function visibleWorkspaces(
  stores: Stores,
  org: string,
  principal: Principal,
): Promise<readonly string[] | undefined> {
  if (principal.workspaces === null) return undefined;
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await workspacesPage(stores, {
      org,
      removed: true,
      limit: 500,
      ...(cursor ? { cursor } : {}),
    });
    for (const { name } of page.items) if (allowsWorkspace(principal, name)) names.push(name);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return names;
}

/** What belongs to no workspace is seen by keys without limits only. */
export const maySee = (principal: Principal, workspace: string | null): boolean =>
  workspace === null ? principal.workspaces === null : allowsWorkspace(principal, workspace);

/** What is told of objects is seen by a limited key when it names an object that one of its workspaces declares. */
export async function requireDeclared(
  context: Context,
  principal: Principal,
  objectKey: string | undefined,
): Promise<void> {
  if (principal.workspaces === null) return;
  if (objectKey === undefined)
    throw new DriftError(`${principal.id} is limited to workspaces and names no object`, {
      code: 'DM_FORBIDDEN',
      retriable: false,
      public:
        'This speaks of all workspaces, and your key is for some: name an object that they declare (objectKey), or use a key without limits on workspaces.',
    });
  const { org, clock } = context;
  const found = await resourceByKey(context, { org, objectKey, now: clock.now() });
  if (!found?.declarations.some(({ workspace }) => maySee(principal, workspace)))
    throw notFound(`resource ${objectKey}`);
}
