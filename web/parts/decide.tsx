// Deciding about a drift: acknowledge (someone is on it) or accept (leave it), each with a reason; an acceptance may expire.
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { DriftJson, RequestJson } from '../../api/types.ts';
import { client } from '../session.ts';
import { Failure } from './answer.tsx';

type Wish = 'acknowledge' | 'accept';

const MEANS: Record<Wish, string> = {
  acknowledge: 'Someone is on it. It stays a drift, and stops asking for a decision.',
  accept: 'It is left as it is and counts no more, until the day you name or until the difference changes.',
};
const NAMES: Record<Wish, string> = { acknowledge: 'Acknowledge', accept: 'Accept' };

/** What may be wished of a drift; of a resolved one nothing, but the outcome of the wish that resolved it is still told. */
const WISHES: Record<DriftJson['status'], readonly Wish[]> = {
  open: ['accept', 'acknowledge'],
  acknowledged: ['accept'],
  accepted: ['accept'],
  resolved: [],
};

export function Decide({ drift, done }: { drift: DriftJson; done: () => void }) {
  const [wish, setWish] = useState<Wish | null>(null);
  const [outcome, setOutcome] = useState<RequestJson | null>(null);
  const openers = useRef<Partial<Record<Wish, HTMLButtonElement | null>>>({});
  const told = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (outcome) told.current?.focus();
  }, [outcome]);

  const close = (): void => {
    const opener = wish && openers.current[wish];
    setWish(null);
    opener?.focus();
  };
  const wishes = WISHES[drift.status];
  return (
    <div className="decide">
      {outcome && (
        <p className="outcome" ref={told} tabIndex={-1} role="status">
          {outcomePhrase(outcome)}
        </p>
      )}
      <div className="form-row" hidden={wishes.length === 0}>
        {wishes.map((each) => (
          <button
            key={each}
            type="button"
            ref={(button) => {
              openers.current[each] = button;
            }}
            className="button"
            aria-expanded={wish === each}
            onClick={() => {
              setOutcome(null);
              setWish(wish === each ? null : each);
            }}
          >
            {drift.status === 'accepted' ? 'Accept anew' : NAMES[each]}…
          </button>
        ))}
      </div>
      {wish && wishes.includes(wish) && (
        <DecisionForm
          key={wish}
          wish={wish}
          drift={drift}
          close={close}
          settled={(result) => {
            setWish(null);
            setOutcome(result);
            done();
          }}
        />
      )}
    </div>
  );
}

interface DecisionFormProps {
  wish: Wish;
  drift: DriftJson;
  close: () => void;
  settled: (outcome: RequestJson) => void;
}

function DecisionForm({ wish, drift, close, settled }: DecisionFormProps) {
  const [error, setError] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLTextAreaElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const reason = String(form.get('reason') ?? '').trim();
    const until = String(form.get('until') ?? '');
    setBusy(true);
    setError(null);
    try {
      settled(
        wish === 'acknowledge'
          ? await client.drifts.acknowledge(drift.id, { reason })
          : await client.drifts.accept(drift.id, { reason, ...(until ? { until: endOf(until) } : {}) }),
      );
    } catch (failure) {
      setError(failure as Error);
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') close();
  };
  return (
    <form
      className="form"
      aria-label={NAMES[wish]}
      onSubmit={(event) => void submit(event)}
      onKeyDown={onKeyDown}
    >
      <p className="soft">{MEANS[wish]}</p>
      <label className="field">
        <span>Reason (whoever reads the audit sees it)</span>
        <textarea
          ref={first}
          className="input"
          name="reason"
          rows={2}
          required
          maxLength={2000}
          // A reason of spaces only is none.
          onChange={(event) =>
            event.target.setCustomValidity(event.target.value.trim() === '' ? 'Say why.' : '')
          }
        />
      </label>
      {wish === 'accept' && (
        <label className="field short">
          <span>Until the end of (optional)</span>
          <input className="input" name="until" type="date" min={new Date().toISOString().slice(0, 10)} />
        </label>
      )}
      {error && <Failure error={error} />}
      <div className="form-row">
        <button type="submit" className="button primary" disabled={busy}>
          {busy ? 'Asking…' : `${NAMES[wish]} it`}
        </button>
        <button type="button" className="button plain" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** The last second of a day, where the reader is. */
const endOf = (day: string): string => new Date(`${day}T23:59:59`).toISOString();

function outcomePhrase({ status, reason }: RequestJson): string {
  if (status === 'done') return 'Done: it is recorded, with your reason.';
  if (status === 'pending') return 'Asked; this page shows it when it is done.';
  return `${status === 'refused' ? 'Refused' : 'Nothing to do'}${reason ? `: ${reason}` : '.'}`;
}
