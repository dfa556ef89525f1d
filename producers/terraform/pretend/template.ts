// Values with placeholders: how the pretend cloud makes ids, ARNs and the parameters of its calls out of a resource. Data
// says `arn:aws:sqs:{region}:{account}:{name}`; a text that is one placeholder and nothing else takes the value as it is.
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Json, JsonObject } from '../../../schemas/index.ts';

/** JSON with placeholders in its texts. */
export type Template = Json;

const PLACEHOLDER = /\{([#a-z][\w.:]*)\}/gi;

/** `#hex:17`, `#digits:9`, `#upper:14`, `#uuid`, `#now`: what the cloud invents. */
function invented(what: string): string {
  const [kind, size = '8'] = what.split(':');
  const length = Number(size);
  if (kind === '#hex') return randomBytes(length).toString('hex').slice(0, length);
  if (kind === '#digits') return Array.from({ length }, (_, at) => randomInt(at === 0 ? 1 : 0, 10)).join('');
  if (kind === '#upper')
    return Array.from({ length }, () => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[randomInt(32)]).join('');
  if (kind === '#uuid') return randomUUID();
  if (kind === '#now') return new Date().toISOString();
  throw new Error(`the template names {${what}}, which nothing makes`);
}

function lookUp(path: string, scope: JsonObject): Json {
  if (path.startsWith('#')) return invented(path);
  let at: Json | undefined = scope;
  for (const name of path.split('.'))
    at = at !== null && typeof at === 'object' ? (at as JsonObject)[name] : undefined;
  return at ?? null;
}

/** The template with its placeholders filled; what is not there is null, or nothing inside a text. */
export function fill(template: Template, scope: JsonObject): Json {
  if (typeof template === 'string') {
    const only = /^\{([#a-z][\w.:]*)\}$/i.exec(template);
    if (only) return lookUp(only[1]!, scope);
    return template.replace(PLACEHOLDER, (_, path: string) => {
      const value = lookUp(path, scope);
      return value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    });
  }
  if (Array.isArray(template)) return template.map((item) => fill(item, scope));
  if (template === null || typeof template !== 'object') return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, scope)]));
}
