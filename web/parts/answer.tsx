// What stands where an answer is loading, failed, empty or goes on.
import { Component, type ReactNode } from 'react';
import { ApiProblem } from '../../api/client.ts';
import { plural } from '../format.ts';
import type { Loaded } from '../load.ts';
import { Heading } from './heading.tsx';

interface AnswerProps<T> {
  of: Loaded<T>;
  /** Stands there until the first answer; else a few grey lines. */
  waiting?: ReactNode;
  children: (value: T) => ReactNode;
}

/** Shows the value once it is there; a failure says what happened and offers to try again. */
export function Answer<T>({ of, waiting, children }: AnswerProps<T>) {
  return (
    <>
      {of.error && <Failure error={of.error} retry={of.reload} />}
      {of.value !== null ? children(of.value) : !of.error && (waiting ?? <Waiting />)}
    </>
  );
}

export function Waiting({ lines = 3 }: { lines?: number }) {
  return (
    <div className="waiting" role="status" style={{ blockSize: `${lines * 2.25}rem` }}>
      <span className="hidden">Loading</span>
    </div>
  );
}

export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const reference = error instanceof ApiProblem ? error.problem.correlationId : '';
  // What the key does not allow, and what is not there, stays so however often it is asked for.
  const lasting = error instanceof ApiProblem && (error.status === 403 || error.status === 404);
  return (
    <div className="notice" data-tone={lasting ? 'high' : 'critical'} role="alert">
      <strong>{error.message}</strong>
      {reference && <span className="faint">Reference for the log: {reference}</span>}
      {retry && !lasting && (
        <p>
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        </p>
      )}
    </div>
  );
}

export function Empty({ title, good, children }: { title: string; good?: boolean; children?: ReactNode }) {
  return (
    <div className="empty" data-tone={good ? 'good' : undefined}>
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}

interface MoreProps {
  shown: number;
  word: string;
  onMore: () => void;
}

/** Says that more are there than are shown, and loads them. Always to be pressed: what loads by itself must not swallow that. */
export function More({ shown, word, onMore }: MoreProps) {
  return (
    <div className="more">
      <span className="faint" role="status">
        The first {plural(shown, word)}
      </span>
      <button type="button" className="button" onClick={onMore}>
        Show more
      </button>
    </div>
  );
}

/** A page that fails to render says so in its place; the frame around it stays. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }
  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <>
        <div className="lead">
          <Heading title="This page failed" />
        </div>
        <Failure error={error} retry={() => this.setState({ error: null })} />
      </>
    );
  }
}
