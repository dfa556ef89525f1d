// Small labels: severity, confidence, status. Always words, never colour alone.
import type { DriftJson } from '../../api/types.ts';

export type Tone = 'critical' | 'high' | 'medium' | 'low' | 'info' | 'good' | 'accent';

export function Mark({ tone = 'info', children }: { tone?: Tone; children: string }) {
  return (
    <span className="mark" data-tone={tone}>
      {children}
    </span>
  );
}

const STATUS_TONE: Record<DriftJson['status'], Tone> = {
  open: 'accent',
  acknowledged: 'low',
  accepted: 'info',
  resolved: 'good',
};

export function StatusMark({ drift }: { drift: DriftJson }) {
  return (
    <Mark tone={STATUS_TONE[drift.status]}>
      {drift.status === 'resolved' && drift.resolution ? `resolved: ${drift.resolution}` : drift.status}
    </Mark>
  );
}

/** What is not the usual case: an open, confirmed drift of high certainty needs its severity only. */
export function DriftMarks({ drift }: { drift: DriftJson }) {
  return (
    <span className="marks">
      <Mark tone={drift.severity}>{drift.severity}</Mark>
      {drift.status !== 'open' && <StatusMark drift={drift} />}
      {drift.confidence !== 'confirmed' && <Mark>{drift.confidence}</Mark>}
      {drift.kind !== 'modified' && <Mark>{drift.kind}</Mark>}
      {drift.absorbed && <Mark tone="high">absorbed</Mark>}
      {drift.certainty === 'low' && <Mark>low certainty</Mark>}
      {drift.ignoredBy && <Mark>{`ignored: ${drift.ignoredBy}`}</Mark>}
    </span>
  );
}
