// How what is stored of states is called in the blob store: the originals, and the tables of what was declared. Pure.
import { stableId } from '../../schemas/index.ts';

/** What is pushed stays stored, version by version. */
export const pushedReference = (workspace: string, serial: number, version: number): string =>
  `tfstate/${workspace}/${serial}-${version}`;

/** Of a file only the newest version is kept. Its workspace may have any name, so it is hashed. */
export const fileReference = (source: string, workspace: string, version: number): string =>
  `${filesReference(source, workspace)}${version}`;

/** Where the originals of a file lie. */
export const filesReference = (source: string, workspace: string): string =>
  `terraform-files/${folderOf(source, workspace)}/`;

export const tableReference = (source: string, workspace: string, version: number): string =>
  `terraform-tables/${folderOf(source, workspace)}/${version}`;

const folderOf = (source: string, workspace: string): string => stableId('ws', source, workspace);

/** The version that a table is of. */
export const versionOfTable = (reference: string): number =>
  Number(reference.slice(reference.lastIndexOf('/') + 1));

export interface StateOrigin {
  /** Null where the reference does not say. */
  workspace: string | null;
  version: number;
  /** Under which the tables of its workspace lie. */
  tables: string;
}

const PUSHED = /^tfstate\/([^/]+)\/\d+-(\d+)$/;
const FILE = /^terraform-files\/([^/]+)\/(\d+)$/;
/** The source whose states are called by their workspace. */
export const PUSHED_SOURCE = 'terraform-http';

/** Where a stored original comes from; null for what is none. */
export function originOf(reference: string): StateOrigin | null {
  const pushed = PUSHED.exec(reference);
  if (pushed) {
    const workspace = pushed[1]!;
    const tables = `terraform-tables/${folderOf(PUSHED_SOURCE, workspace)}/`;
    return { workspace, version: Number(pushed[2]), tables };
  }
  const file = FILE.exec(reference);
  if (!file) return null;
  return { workspace: null, version: Number(file[2]), tables: `terraform-tables/${file[1]}/` };
}
