// Sign-in with an API key; it is tried before it is kept.
import type { FormEvent } from 'react';
import { useState } from 'react';
import { createClient } from '../../api/client.ts';
import { Failure } from '../parts/answer.tsx';
import { session } from '../session.ts';

export function SignIn() {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key') ?? '').trim();
    if (key === '') return;
    setBusy(true);
    try {
      await createClient({ url: '', key: () => key }).drifts.list({ limit: 1 });
      session.signIn(key);
    } catch (failure) {
      setError(failure as Error);
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <p className="brand">
        <img src="/icon.svg" alt="" /> DriftMgr
      </p>
      <h1>Sign in</h1>
      <form className="form card" onSubmit={(event) => void submit(event)}>
        <label className="field">
          <span>API key</span>
          <input className="input" name="key" type="password" autoComplete="off" required />
        </label>
        <p className="faint">
          The first start wrote an admin key to <code>admin.key</code> in the data directory. It is kept for
          this tab only.
        </p>
        {error && <Failure error={error} />}
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}
