// What a provider prints: kept short and without secrets, for the message when it ends. Pure but for what it holds.
import { looksLikeSecret } from '../../secret-forms.ts';
import { isPublicKnowledge } from '../../secrets.ts';

const HIDDEN = '[redacted]';
const KEPT = 12;
const LONGEST_LINE = 300;
/** Shorter ones are words and regions; hiding those would hide everything. */
const SHORTEST_SECRET = 6;
const LEVELS: ReadonlySet<string> = new Set(['warn', 'error']);

export interface Redactor {
  /** Takes these for secrets from now on. */
  hide(secrets: Iterable<string>): void;
  redact(text: string): string;
}

/** Replaces the given secrets, in the encodings they may be printed in, and what looks like one. */
export function redactor(): Redactor {
  const forms = new Set<string>();
  let longestFirst: string[] = [];
  return {
    hide(secrets) {
      for (const secret of secrets) for (const form of formsOf(secret)) forms.add(form);
      longestFirst = [...forms].sort((a, b) => b.length - a.length);
    },
    redact(text) {
      let clean = text;
      for (const form of longestFirst) clean = clean.replaceAll(form, HIDDEN);
      return clean
        .split(/(\s+)/)
        .map((word) => (looksLikeSecret(word) ? HIDDEN : word))
        .join('');
    },
  };
}

function formsOf(secret: string): string[] {
  if (secret.length < SHORTEST_SECRET || isPublicKnowledge(secret)) return [];
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ...secret.split('\n').filter((line) => line.length >= SHORTEST_SECRET),
  ];
}

export interface Printed {
  /** One line of its standard error. */
  line(text: string): void;
  /** The last that mattered, redacted, oldest first. */
  last(): string[];
}

/**
 * Providers log JSON lines whose arguments hold whole requests: only the messages of warnings and errors are kept. Of what is no
 * JSON, the first lines of a panic are.
 */
export function printed(redact: (text: string) => string): Printed {
  const lines: string[] = [];
  let panicking = 0;
  return {
    line(text) {
      const message = messageOf(text);
      if (message !== null) keep(message);
      else if (/^(?:panic|fatal error|runtime error)\b/.test(text)) panicking = 3;
      if (message === null && panicking > 0 && text.trim() !== '') {
        panicking--;
        keep(text);
      }
    },
    last: () => [...lines],
  };
  function keep(text: string): void {
    lines.push(redact(text.slice(0, LONGEST_LINE * 4)).slice(0, LONGEST_LINE));
    if (lines.length > KEPT) lines.shift();
  }
}

function messageOf(text: string): string | null {
  if (!text.startsWith('{')) return null;
  try {
    const entry = JSON.parse(text) as Record<string, unknown>;
    const level = entry['@level'];
    const message = entry['@message'];
    if (typeof level !== 'string' || typeof message !== 'string' || !LEVELS.has(level)) return null;
    return `${level}: ${message}`;
  } catch {
    return null;
  }
}
