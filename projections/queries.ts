// What all query functions take and give: the stores, pages and their cursors, and conditions that never hold input.

import type { ClickHouse, ClickHouseParameter } from '../runtime/clickhouse/clickhouse.ts';
import { DriftError } from '../runtime/errors.ts';
import type { PostgresParameter, PostgresQueries } from '../runtime/postgres/postgres.ts';
import type { Serving } from '../runtime/serving.ts';

/** What answers questions. */
export interface Stores {
  postgres: PostgresQueries;
  clickhouse: ClickHouse;
  serving: Serving;
}

/** How far a projection has read, as text: while it is the same, so are its tables. */
export async function positionsOf(
  { postgres }: Pick<Stores, 'postgres'>,
  projection: string,
): Promise<string> {
  const [row] = await postgres.query<{ at: string | null }>(
    `SELECT string_agg(p.topic || '/' || p.partition || '@' || p.next, ' ' ORDER BY p.topic, p.partition) AS at
     FROM driftmgr.projection_positions p JOIN driftmgr.projections s USING (name, generation)
     WHERE s.name = $1 AND s.state = 'serving'`,
    [projection],
  );
  return row?.at ?? '';
}

export interface PageRequest {
  /** 1 to 500; 50 when left out. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
}

export interface Page<Item> {
  items: Item[];
  /** Cursor of the next page; null: this was the last one. */
  next: string | null;
}

type CursorPart = string | number;

export const encodeCursor = (parts: readonly CursorPart[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** The sort key after which a page begins; DM_INPUT_INVALID for what no page gave out. */
export function decodeCursor(cursor: string, kinds: readonly ('string' | 'number')[]): CursorPart[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = null;
  }
  if (
    !Array.isArray(parts) ||
    parts.length !== kinds.length ||
    !parts.every(
      (part, index) => typeof part === kinds[index] && (typeof part !== 'number' || Number.isFinite(part)),
    )
  ) {
    throw new DriftError('a cursor does not decode', {
      code: 'DM_INPUT_INVALID',
      retriable: false,
      public: 'The cursor was not given out by this list: leave it out to begin at the first page.',
    });
  }
  return parts as CursorPart[];
}

export const limitOf = (request: PageRequest): number =>
  Math.min(500, Math.max(1, Math.trunc(request.limit ?? 50)));

/** Cuts the one row too many that tells whether a next page exists. */
export function pageOf<Row, Item>(
  rows: Row[],
  limit: number,
  item: (row: Row) => Item,
  cursor: (row: Row) => CursorPart[],
): Page<Item> {
  const kept = rows.slice(0, limit);
  const last = kept.at(-1);
  return {
    items: kept.map(item),
    next: rows.length > limit && last !== undefined ? encodeCursor(cursor(last)) : null,
  };
}

/** Escapes what LIKE would take for wildcards. */
export const containing = (text: string): string => `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

/** Conditions of a Postgres query; `$` in a condition stands for its parameter's number. */
export class Conditions {
  readonly parameters: PostgresParameter[] = [];
  private readonly texts: string[] = [];

  /** Adds the condition unless the value is undefined. */
  where(condition: string, value: PostgresParameter | undefined): this {
    if (value === undefined) return this;
    const placeholder = this.bind(value);
    this.texts.push(condition.replaceAll('$', () => placeholder));
    return this;
  }
  /** A condition without a parameter. */
  always(condition: string): this {
    this.texts.push(condition);
    return this;
  }
  /** The placeholder of a further parameter. */
  bind(value: PostgresParameter): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }
  toString(): string {
    return this.texts.length === 0 ? 'TRUE' : this.texts.join(' AND ');
  }
}

/** The same for ClickHouse; `{}` in a condition stands for its parameter, given its type. */
export class NamedConditions {
  readonly parameters: Record<string, ClickHouseParameter> = {};
  private readonly texts: string[] = [];

  where(condition: string, type: string, value: ClickHouseParameter | undefined): this {
    if (value === undefined) return this;
    const placeholder = this.bind(type, value);
    this.texts.push(condition.replaceAll('{}', () => placeholder));
    return this;
  }
  /** A condition whose parameters were bound before. */
  always(condition: string): this {
    this.texts.push(condition);
    return this;
  }
  bind(type: string, value: ClickHouseParameter): string {
    const name = `p${Object.keys(this.parameters).length}`;
    this.parameters[name] = value;
    return `{${name}:${type}}`;
  }
  toString(): string {
    return this.texts.length === 0 ? '1' : this.texts.join(' AND ');
  }
}
