// Who is signed in: the API key, kept for this browser tab only, and the client that sends it.
import { createClient } from '../api/client.ts';

const PLACE = 'driftmgr.key';
const listeners = new Set<() => void>();

export const session = {
  key: (): string | null => sessionStorage.getItem(PLACE),
  signIn(key: string): void {
    sessionStorage.setItem(PLACE, key);
    for (const listener of listeners) listener();
  },
  signOut(): void {
    sessionStorage.removeItem(PLACE);
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

export const client = createClient({ url: '', key: session.key });
