// What a key that is limited to workspaces may see: names for list queries, and a yes or no for single things.
import { workspacesPage } from '../projections/postgres/workspaces.ts';
import type { Stores } from '../projections/queries.ts';
import type { Principal } from './keys.ts';
import { allowsWorkspace } from './keys.ts';

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
