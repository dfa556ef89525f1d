// Counting requests and failed attempts together with all processes that serve the system, in the cache port. While the
// cache's server is away each process counts by itself (the port sees to it): a limit is never lifted.
import { createHash } from 'node:crypto';
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import { normalizeIP } from '@fastify/rate-limit';
import type { Cache } from '../runtime/cache/cache.ts';

export const WINDOW_MS = 60_000;
const FAILURES_PER_CREDENTIAL = 10;
const FAILURES_PER_ADDRESS = 100;

/** Where @fastify/rate-limit counts. It makes one itself, so that it is given the class. */
export function requestCounts(cache: Cache): FastifyRateLimitStoreCtor {
  return class RequestCounts implements FastifyRateLimitStore {
    incr(
      address: string,
      answer: (error: Error | null, result?: { current: number; ttl: number }) => void,
      windowMs: number,
    ): void {
      cache.count(`requests/${address}`, windowMs).then(
        ({ count, endsInMs }) => answer(null, { current: count, ttl: endsInMs }),
        // Answered with an error, which refuses the request.
        (error: Error) => answer(error),
      );
    }
    child(): RequestCounts {
      return this;
    }
  };
}

/** Which limit further attempts are over; null: none. */
export type Exceeded = 'credential' | 'address' | null;

export interface Failures {
  exceeded(credential: string, ip: string): Promise<Exceeded>;
  count(credential: string, ip: string): Promise<void>;
}

export function createFailures(cache: Cache): Failures {
  // Of a credential only part of its hash gets out of this process: enough to count with. Of an IPv6 address the network
  // that one caller has.
  const keysOf = (credential: string, ip: string): [string, string] => [
    `failures/credential/${createHash('sha256').update(credential).digest('base64url').slice(0, 16)}`,
    `failures/address/${normalizeIP(ip)}`,
  ];
  return {
    async exceeded(credential, ip) {
      const [ofCredential = 0, ofAddress = 0] = await cache.counts(keysOf(credential, ip));
      if (ofCredential >= FAILURES_PER_CREDENTIAL) return 'credential';
      return ofAddress >= FAILURES_PER_ADDRESS ? 'address' : null;
    },
    async count(credential, ip) {
      await Promise.all(keysOf(credential, ip).map((key) => cache.count(key, WINDOW_MS)));
    },
  };
}
