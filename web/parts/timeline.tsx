// What happened to a drift, newest first.
import type { Transition } from '../../api/types.ts';
import { actorPhrase, ago } from '../format.ts';

const WORDS: Record<Transition['type'], string> = {
  'drift.opened': 'Opened',
  'drift.changed': 'Changed',
  'drift.acknowledged': 'Acknowledged',
  'drift.accepted': 'Accepted',
  'drift.resolved': 'Resolved',
  'drift.reopened': 'Opened again',
};

function detail({ type, drift }: Transition): string {
  switch (type) {
    case 'drift.acknowledged':
      return drift.acknowledgement ? `by ${drift.acknowledgement.by}: ${drift.acknowledgement.reason}` : '';
    case 'drift.accepted':
      return drift.acceptance
        ? `by ${drift.acceptance.by}: ${drift.acceptance.reason}${drift.acceptance.until ? ` (until ${drift.acceptance.until})` : ''}`
        : '';
    case 'drift.resolved':
      return drift.resolution ?? '';
    default: {
      const actors = drift.actors.map(actorPhrase).join(', ');
      return `${drift.confidence}${drift.absorbed ? ', absorbed by the state' : ''}${actors ? `; ${actors}` : ''}`;
    }
  }
}

export function Timeline({ items, now }: { items: Transition[]; now: number }) {
  return (
    <ol className="timeline">
      {items.map((item) => (
        <li key={item.id}>
          <div>
            <strong>{WORDS[item.type]}</strong> <span className="soft">{detail(item)}</span>
            <p className="faint">
              <time dateTime={item.at}>{item.at.replace('T', ' ').slice(0, 19)} UTC</time>,{' '}
              {ago(item.at, now)}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}
