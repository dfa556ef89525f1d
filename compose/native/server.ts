// One server of the native cluster: what is run, and how one sees that it serves.
import type { ServerName } from './layout.ts';
import type { Command } from './processes.ts';

export interface Server {
  name: ServerName;
  /** Gets ready what the command needs (a formatted log, a database); may be repeated, and must leave what is there. */
  prepare?(): Promise<void>;
  command(): Omit<Command, 'log'>;
  /** True when it serves; false or an error: not yet. */
  healthy(): Promise<boolean>;
  /** What is left to do once it serves (a bucket, a database); may be repeated. */
  finish?(): Promise<void>;
  /** What its log says when another try may succeed: memory or a lock that a killed process has not let go of yet. */
  again?: RegExp;
}

/** True when an answer that is no error comes in time. */
export async function answers(url: string, init: RequestInit = {}, withinMs = 2_000): Promise<boolean> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(withinMs) });
  await response.arrayBuffer();
  return response.ok;
}
