// Sign-in with an API key; it is tried before it is kept.
import type { FormEvent } from 'react';
import { useState } from 'react';
import { ApiProblem, createClient } from '../../api/client.ts';
import { Failure } from '../parts/answer.tsx';
import { Heading } from '../parts/heading.tsx';
import { arrive } from '../route.tsx';
import { session } from '../session.ts';

export function SignIn() {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget;
    const key = String(new FormData(form).get('key') ?? '').trim();
    if (key === '') return;
    setBusy(true);
    try {
      await createClient({ url: '', key: () => key }).drifts.list({ limit: 1 });
      arrive();
      session.signIn(key);
    } catch (failure) {
      setError(understood(failure as Error));
      setBusy(false);
      form.querySelector('input')?.select();
    }
  };

  return (
    <main className="sign-in">
      <p className="brand">
        <img src="/icon.svg" alt="" width="24" height="24" /> DriftMgr
      </p>
      <form className="form card" onSubmit={(event) => void submit(event)}>
        <Heading title="Sign in" />
        {session.ended() && !error && (
          <p className="notice" data-tone="high" role="status">
            The key you used is no longer valid. Sign in with another.
          </p>
        )}
        <label className="field">
          <span>API key</span>
          <input
            className="input mono"
            name="key"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            aria-invalid={error !== null}
          />
        </label>
        {error && <Failure error={error} />}
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        <p className="faint">
          The first start wrote an admin key to <code>admin.key</code> in the data directory. The key is kept
          for this tab only.
        </p>
      </form>
    </main>
  );
}

/** The server tells programs how to send a key; a person wants to know that this one is wrong. */
function understood(error: Error): Error {
  if (!(error instanceof ApiProblem) || error.status !== 401) return error;
  return new Error('This key is not known here, or it was revoked. Check it and try again.');
}
