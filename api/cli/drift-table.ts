// Drifts as lines and as a page for the terminal. Pure.
import type { DriftJson } from '../types.ts';
import { headline, placeOf, whoOf } from './formats/scan.ts';
import type { Colour, Paint } from './text.ts';
import { ago, brief, printable, table } from './text.ts';

const SEVERITY_COLOUR: Record<DriftJson['severity'], Colour> = {
  critical: 'red',
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

export const driftTable = (drifts: readonly DriftJson[], now: number, paint: Paint): string =>
  table(
    [
      {
        title: 'SEVERITY',
        of: (drift) => drift.severity,
        colour: (drift) => SEVERITY_COLOUR[drift.severity],
      },
      { title: 'CONFIDENCE', of: (drift) => drift.confidence },
      { title: 'STATUS', of: (drift) => drift.status + (drift.absorbed ? ' (absorbed)' : '') },
      { title: 'KIND', of: (drift) => drift.kind },
      { title: 'WORKSPACE', of: (drift) => drift.workspace ?? '-' },
      { title: 'WHERE', of: placeOf },
      { title: 'WHAT', of: headline },
      { title: 'WHO', of: whoOf },
      { title: 'AGE', of: (drift) => ago(drift.openedAt, now) },
      { title: 'ID', of: (drift) => drift.id },
    ],
    drifts,
    paint,
  );

/** One drift: what, who, since when, declared beside observed. */
export function driftPage(drift: DriftJson, paint: Paint): string {
  const lines: string[] = [
    `${paint(drift.severity, SEVERITY_COLOUR[drift.severity])}  ${paint(printable(placeOf(drift)), 'bold')}  ${headline(drift)}`,
    '',
  ];
  const say = (label: string, text: string | null): void => {
    if (text !== null) lines.push(`${paint(`${label}:`.padEnd(14), 'dim')}${printable(text)}`);
  };
  say('id', `${drift.id} (revision ${drift.revision})`);
  say('status', `${drift.status}${drift.absorbed ? ', absorbed by the state' : ''}`);
  say('confidence', `${drift.confidence}, certainty ${drift.certainty}`);
  say('workspace', drift.workspace);
  say('owner', drift.owner);
  say('object', drift.objectKey);
  say('type', `${drift.type} ${drift.resourceId}`);
  say('opened', drift.openedAt);
  say('changed', drift.changedAt);
  say(
    'declared',
    drift.declaredAsOf &&
      `as of ${drift.declaredAsOf}${drift.stateSerial === null ? '' : `, serial ${drift.stateSerial}`}`,
  );
  say('observed', drift.observedAsOf && `as of ${drift.observedAsOf}`);
  say('resolved', drift.resolvedAt && `${drift.resolvedAt}: ${drift.resolution}`);
  say('ignored by', drift.ignoredBy);
  say('note', drift.note);
  if (drift.acknowledgement)
    say(
      'acknowledged',
      `by ${drift.acknowledgement.by} at ${drift.acknowledgement.at}: ${drift.acknowledgement.reason}`,
    );
  if (drift.acceptance) {
    const until = drift.acceptance.until === null ? 'until it changes' : `until ${drift.acceptance.until}`;
    say(
      'accepted',
      `by ${drift.acceptance.by} at ${drift.acceptance.at}, ${until}: ${drift.acceptance.reason}`,
    );
  }
  if (drift.differences.length > 0) {
    lines.push('', paint('Differences', 'bold'));
    for (const difference of drift.differences) {
      lines.push(
        `  ${printable(difference.path)}${difference.configured === false ? ' (not configured)' : ''}`,
      );
      lines.push(`    ${paint(`declared  ${brief(difference.declared, 200)}`, 'green')}`);
      lines.push(`    ${paint(`observed  ${brief(difference.observed, 200)}`, 'red')}`);
    }
  }
  if (drift.actors.length > 0) {
    lines.push('', paint('Who', 'bold'));
    for (const actor of drift.actors) {
      const from = actor.sourceIp === null ? '' : ` from ${actor.sourceIp}`;
      lines.push(`  ${printable(`${actor.name} via ${actor.via}${from} (certainty ${actor.certainty})`)}`);
      lines.push(`    ${printable(actor.principal)}`);
      if (actor.operations.length > 0)
        lines.push(`    called ${printable([...new Set(actor.operations)].join(', '))}`);
      if (actor.eventIds.length > 0) lines.push(`    events ${printable(actor.eventIds.join(', '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
