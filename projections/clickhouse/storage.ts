// How every history table is stored: where a row came from, and how long it is kept. Pure.

/** Columns the loop fills in: what makes a repeated batch replace itself. */
export const LOCATION = `topic LowCardinality(String),
  partition UInt32,
  offset UInt64,
  row UInt32`;

/** History is kept this long. Versions that still stand are in Postgres however old they are. */
export const KEPT_DAYS = 400;

/**
 * The engine clause of a table with the columns `at` and `recorded_at`. Kept from when it was recorded: old feeds that are
 * read today are history too. Equal location replaces; no merge sums anything.
 */
export const storage = (order: string): string =>
  `ENGINE = ReplacingMergeTree
ORDER BY (${order}, topic, partition, offset, row)
PARTITION BY toYYYYMM(at)
TTL toDateTime(recorded_at) + INTERVAL ${KEPT_DAYS} DAY DELETE
SETTINGS ttl_only_drop_parts = 1`;
