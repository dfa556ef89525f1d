// Who is signed in: the API key, kept for this browser tab only, and the client that sends it.
import { createClient } from '../api/client.ts';

const PLACE = 'driftmgr.key';
const listeners = new Set<() => void>();
const notify = (): void => {
  for (const listener of listeners) listener();
};
let ended = false;

export const session = {
  key: (): string | null => sessionStorage.getItem(PLACE),
  /** True when the server refused the key that was in use: sign-in says so. */
  ended: (): boolean => ended,
  signIn(key: string): void {
    ended = false;
    sessionStorage.setItem(PLACE, key);
    notify();
  },
  signOut(options: { refused?: boolean } = {}): void {
    ended = options.refused === true;
    sessionStorage.removeItem(PLACE);
    notify();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const client = createClient({ url: '', key: session.key });
