// What the command line touches of the outside: streams, environment, files, the network. Handed in, so tests can.
export interface Io {
  /** Results. */
  out(text: string): void;
  /** Progress, hints and errors. */
  err(text: string): void;
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  environment: Record<string, string | undefined>;
  fetch: typeof globalThis.fetch;
  /** The key the embedded server left in its data directory; null when there is none. */
  adminKey(dataDirectory: string): string | null;
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Aborted by SIGINT and SIGTERM: ends every call to the server, and what runs on and on (`watch`). */
  signal: AbortSignal;
}

/** A mistake of the user: said as it is, without a stack. `hint` says what to do. */
export class Mistake extends Error {
  readonly hint: string | null;
  constructor(message: string, hint: string | null = null) {
    super(message);
    this.name = 'Mistake';
    this.hint = hint;
  }
}

/** Colours only on a terminal, and not where NO_COLOR is set (https://no-color.org: any value but the empty one). */
export const wantsColour = (io: Pick<Io, 'outIsTerminal' | 'environment'>): boolean =>
  io.outIsTerminal && !io.environment.NO_COLOR;
