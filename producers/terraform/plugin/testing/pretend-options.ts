// How the pretend plugin is started (pretend-start.ts).
import { fileURLToPath } from 'node:url';

export interface PretendOptions {
  protocol: 5 | 6;
  mode:
    | 'serve'
    | 'garbage'
    | 'endless'
    | 'silent'
    | 'ends'
    | 'old-protocol'
    | 'old-handshake'
    | 'netrpc'
    | 'open-port';
  /** What its cloud holds: sizes by id. Reading the ids crash, hang, stuck, denied and not-a-value does what they say. */
  things?: Record<string, number>;
  schemaVersion?: number;
  schemaError?: boolean;
  lists?: boolean;
  /** Serves with TLS, as real providers do, and lets in only who has the certificate it was told of. */
  secure?: boolean;
  /** How long a read takes. */
  readMs?: number;
  ignoresShutdown?: boolean;
  ignoresTerm?: boolean;
}

/** The program and arguments that run it. */
export const pretend = (options: Partial<PretendOptions> = {}): { program: string; args: string[] } => ({
  program: process.execPath,
  args: [
    fileURLToPath(new URL('pretend-start.ts', import.meta.url)),
    JSON.stringify({ protocol: 6, mode: 'serve', ...options }),
  ],
});
