// A short word about what cannot be seen at all: it stands before any list, because no drift there means nothing.
import { plural } from '../format.ts';
import type { Loaded } from '../load.ts';
import { type Gaps, gapCount } from '../overview.ts';
import { Link } from '../route.tsx';

export function GapBanner({ of }: { of: Loaded<Gaps> }) {
  if (of.value === null)
    return of.error === null ? null : (
      <p className="notice" data-tone="high">
        <span>
          <strong>What is not watched could not be told.</strong> {of.error.message}
        </span>
      </p>
    );
  if (gapCount(of.value) === 0) return null;
  return (
    <p className="notice banner" data-tone="high">
      <span>
        <strong>Not everything can be seen.</strong> {sentences(of.value).join(' ')}
      </span>
      <Link to="/gaps">See the gaps</Link>
    </p>
  );
}

function sentences({ blind, unreadable, stopped }: Gaps): string[] {
  const instances = blind.reduce((sum, { declared }) => sum + declared, 0);
  return [
    ...unreadable.map(({ name }) => `The state of ${name} cannot be read.`),
    ...stopped.map(({ name }) => `The source ${name} does not run.`),
    ...(blind.length === 0
      ? []
      : [
          `${plural(instances, 'declared instance')} of ${plural(blind.length, 'type')} ${instances === 1 ? 'is' : 'are'} not watched: ${names(blind.map(({ type }) => type))}.`,
        ]),
  ].slice(0, MOST);
}

/** More would be a list, and that is the page of gaps. */
const MOST = 3;

function names(types: string[]): string {
  const unique = [...new Set(types)];
  const rest = unique.length - MOST;
  return `${unique.slice(0, MOST).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
