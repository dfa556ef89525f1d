// What a sweep will cost, said before the first read. Pure.
import type { SnapshotEstimate } from '../../../schemas/index.ts';

export interface Account {
  name: string;
  /** Reads a second that a sweep may make there. */
  perSecond: number;
}

export interface Estimate {
  accounts: SnapshotEstimate[];
  reads: number;
  /** Until the slowest account is done. */
  seconds: number;
  /** Instances without a reader: they are not read. */
  without: number;
}

export function estimateOf(accounts: Iterable<Account | null>): Estimate {
  const counts = new Map<string, { reads: number; perSecond: number }>();
  let without = 0;
  for (const account of accounts) {
    if (account === null) {
      without++;
      continue;
    }
    const count = counts.get(account.name);
    if (count) count.reads++;
    else counts.set(account.name, { reads: 1, perSecond: account.perSecond });
  }
  const listed = [...counts]
    .map(([account, { reads, perSecond }]) => ({ account, reads, seconds: Math.ceil(reads / perSecond) }))
    .sort((a, b) => (a.account < b.account ? -1 : 1));
  return {
    accounts: listed,
    reads: listed.reduce((sum, { reads }) => sum + reads, 0),
    seconds: Math.max(0, ...listed.map(({ seconds }) => seconds)),
    without,
  };
}

/** `aws/123456789012: 412 reads in about 4 min; 3 instances have no reader`. */
export function estimateText({ accounts, without }: Estimate): string {
  const parts = accounts.map(
    ({ account, reads, seconds }) => `${account}: ${reads} reads in about ${duration(seconds)}`,
  );
  if (without > 0) parts.push(`${without} instances have no reader`);
  return parts.join('; ') || 'nothing to read';
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
