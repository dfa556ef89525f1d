// What stands where an answer is loading, failed or empty.
import type { ReactNode } from 'react';
import { ApiProblem } from '../../api/client.ts';
import type { Loaded } from '../load.ts';

/** Shows the value once it is there; a failure says what happened and offers to try again. */
export function Answer<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ReactNode }) {
  return (
    <>
      {of.error && <Failure error={of.error} retry={of.reload} />}
      {of.value !== null ? children(of.value) : !of.error && <p className="faint">Loading…</p>}
    </>
  );
}

export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const reference = error instanceof ApiProblem ? error.problem.correlationId : '';
  return (
    <div className="notice" data-tone="critical" role="alert">
      <strong>{error.message}</strong>
      {reference && <span className="faint">Reference for the log: {reference}</span>}
      {retry && (
        <p>
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
