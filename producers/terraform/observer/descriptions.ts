// Which descriptions of types are in the log already: each is told before the first observation that rests on it, and then
// no more. Pure.
import type { Bodies } from '../../../schemas/index.ts';

type Described = Bodies['type.described'];

export interface Descriptions {
  /** Whether it must be told: it is not known to be in the log. Also true while one who tells it has not written it yet. */
  isNews(described: Described): boolean;
  /** It is in the log. */
  told(described: Described): void;
}

export function createDescriptions(): Descriptions {
  /** By provider and type the newest told: one of another version is news again, as the newest one counts. */
  const known = new Map<string, string>();
  const key = ({ provider, type }: Described): string => `${provider} ${type}`;
  const what = ({ version, schemaVersion, facts }: Described): string =>
    `${version} ${schemaVersion} ${facts}`;
  return {
    isNews: (described) => known.get(key(described)) !== what(described),
    told: (described) => void known.set(key(described), what(described)),
  };
}
