// From states to declarations in one step, for tests of what is said of them.
import { createHmac } from 'node:crypto';
import type { Json, JsonObject } from '../../../schemas/index.ts';
import type { DeclareSettings, IdentifiedChange } from '../decode.ts';
import { openState } from '../decode.ts';
import type { Table } from '../table.ts';
import { EMPTY_TABLE } from '../table.ts';

export const hmac = (value: string): string => createHmac('sha256', 'test').update(value).digest('base64url');

export const SETTINGS: DeclareSettings = {
  org: 'default',
  workspace: 'prod',
  owner: 'team-net',
  bindings: [],
  version: 1,
  hmac,
};

export interface Declared {
  changes: IdentifiedChange[];
  table: Table;
}

/** What a state gives after the table of the one before it. */
export function declare(
  bytes: Buffer,
  before: Table = EMPTY_TABLE,
  settings: Partial<DeclareSettings> = {},
): Declared {
  const steps = openState(bytes).declare!({ ...SETTINGS, ...settings }, before);
  const changes: IdentifiedChange[] = [];
  for (;;) {
    const next = steps.next();
    if (next.done) return { changes, table: next.value };
    changes.push(...next.value);
  }
}

type Of<T> = Extract<IdentifiedChange, { type: T }>;
export const only = <T extends IdentifiedChange['type']>(type: T, { changes }: Declared): Of<T>[] =>
  changes.filter((change): change is Of<T> => change.type === type);

export const attributesAt = (declared: Declared, address: string): { [key: string]: Json } => {
  const change = only('resource.declared', declared).find((each) => each.body.address === address);
  if (!change) throw new Error(`${address} is not declared`);
  return JSON.parse(change.body.attributes) as JsonObject;
};
