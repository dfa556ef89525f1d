// What other processes say of themselves, as it comes out of the cache. They may be of another version, and whoever can
// write to Redis can write there what it likes: what is not of the known form is passed over, and said once.
import { Compile } from 'typebox/compile';
import Value from 'typebox/value';
import { type ProcessJson, ProcessSchema } from '../api/types.ts';
import type { Logger } from '../runtime/telemetry.ts';

const form = Compile(ProcessSchema);
const MOST_SAID = 1_000;

export interface Heard {
  /** Those that can be understood, of values by key. */
  processes(values: ReadonlyMap<string, string>): ProcessJson[];
  /** A base URL as it was said; null for what is none. */
  url(key: string, value: string): string | null;
}

export function createHeard(logger: Logger): Heard {
  /** Keys of which it was said: each process has one of its own, and with every start another. */
  const said = new Set<string>();

  function passOver(key: string, why: string): null {
    if (said.has(key)) return null;
    if (said.size >= MOST_SAID) said.clear();
    said.add(key);
    logger.warn({ key, why }, 'what another process says of itself is not understood, and passed over');
    return null;
  }

  function read(key: string, text: string): ProcessJson | null {
    try {
      // A newer process may say more: what is known of it is enough.
      const given: unknown = Value.Clean(ProcessSchema, JSON.parse(text));
      if (form.Check(given)) return given;
      const [mistake] = form.Errors(given);
      return passOver(
        key,
        mistake ? `${mistake.instancePath || 'it'} ${mistake.message}` : 'it does not fit',
      );
    } catch {
      return passOver(key, 'it is not JSON');
    }
  }

  return {
    processes: (values) => [...values].flatMap(([key, text]) => read(key, text) ?? []),
    url(key, value) {
      if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value;
      return passOver(key, 'it is no URL of http or https');
    },
  };
}
