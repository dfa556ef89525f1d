// What happened to a drift, newest first.
import type { Transition } from '../../api/types.ts';
import { actorPhrase, clockTime, differencePhrase } from '../format.ts';
import { addressOf, Link } from '../route.tsx';
import { Name } from './name.tsx';
import { Ago } from './time.tsx';

const WORDS: Record<Transition['type'], string> = {
  'drift.opened': 'Opened',
  'drift.changed': 'Changed',
  'drift.acknowledged': 'Acknowledged',
  'drift.accepted': 'Accepted',
  'drift.resolved': 'Resolved',
  'drift.reopened': 'Opened again',
};

const TONES: Record<Transition['type'], string> = {
  'drift.opened': 'critical',
  'drift.changed': 'high',
  'drift.acknowledged': 'low',
  'drift.accepted': 'info',
  'drift.resolved': 'good',
  'drift.reopened': 'critical',
};

function detail({ type, drift }: Transition): string {
  switch (type) {
    case 'drift.acknowledged':
      return drift.acknowledgement ? `by ${drift.acknowledgement.by}: ${drift.acknowledgement.reason}` : '';
    case 'drift.accepted': {
      if (!drift.acceptance) return '';
      const { by, reason, until } = drift.acceptance;
      return `by ${by}: ${reason}${until ? ` (until ${clockTime(until)})` : ''}`;
    }
    case 'drift.resolved':
      return drift.resolution ?? '';
    default: {
      const [first] = drift.differences;
      return [
        drift.confidence,
        drift.absorbed && 'absorbed by the state',
        first && differencePhrase(first),
        drift.actors.map(actorPhrase).join(', '),
      ]
        .filter(Boolean)
        .join('; ');
    }
  }
}

export function Timeline({ items, now }: { items: Transition[]; now: number }) {
  return (
    <ol className="timeline">
      {items.map((item) => (
        <li key={item.id} data-tone={TONES[item.type]}>
          <p>
            <strong>{WORDS[item.type]}</strong>{' '}
            <span className="soft">
              <Name>{detail(item)}</Name>
            </span>
          </p>
          <p className="faint">
            {clockTime(item.at)}, <Ago time={item.at} now={now} />
            {item.drift.workspace && (
              <>
                {' · '}
                <Link to={addressOf.workspace(item.drift.workspace, item.at)}>the workspace then</Link>
              </>
            )}
          </p>
        </li>
      ))}
    </ol>
  );
}
