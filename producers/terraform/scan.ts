// Finds the parts of a state file by bytes, so that no more than one instance is ever parsed at a time. Pure.
//
// Strict about the levels it reads (the file, its resources, their instances); what lies below is only balanced here and
// is checked by the JSON parser when it is taken. Nesting is bounded; nothing recurses.
import { malformed, StateProblem } from './problem.ts';
import type { ToWrite } from './redact.ts';

/** Where a value starts and ends, in bytes. */
export type Slice = readonly [start: number, end: number];

export interface ScannedInstance {
  slice: Slice;
  /** True when it holds a number that a double may not hold: sixteen digits or more, or an exponent. */
  longNumbers: boolean;
  /** Told by reading it once: true when no attribute is kept with its type. */
  plain: boolean;
  /** Told by reading it once: how its attributes are to be written. */
  toWrite: ToWrite;
}

export interface ScannedResource {
  fields: Map<string, Slice>;
  instances: ScannedInstance[];
}

export interface ScannedState {
  fields: Map<string, Slice>;
  resources: ScannedResource[];
}

export interface ScanLimits {
  /** Deepest nesting of objects and arrays. */
  depth: number;
  instances: number;
  /** Values within one instance: they are parsed at once, and a heap that runs full there takes the process with it. */
  values: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Throws StateProblem for what is not one JSON object in the shape of a state. */
export const scanState = (bytes: Buffer, limits: ScanLimits): ScannedState =>
  createScanner(bytes, [0, bytes.length], limits).state();

/** Where the values of an object's own members stand, of one found by `scanState`; of a name that comes twice the last. */
export const scanMembers = (bytes: Buffer, slice: Slice, limits: ScanLimits): Map<string, Slice> =>
  createScanner(bytes, slice, limits).members();

function createScanner(
  bytes: Buffer,
  [begin, end]: Slice,
  limits: ScanLimits,
): { state(): ScannedState; members(): Map<string, Slice> } {
  const open = new Uint8Array(limits.depth + 1);
  let i = begin;
  let instanceCount = 0;
  let longNumbers = false;

  const at = (): string => `at byte ${i}`;
  const truncated = () => malformed(`the state is cut short: it ends after ${end} bytes inside a value`);

  const tooMany = () =>
    new StateProblem('too-large', `one part of the state holds more than ${limits.values} values (${at()})`);

  function space(): void {
    while (i < end) {
      const c = bytes[i]!;
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      i++;
    }
  }

  function expect(byte: number, what: string): void {
    space();
    if (i >= end) throw truncated();
    if (bytes[i] !== byte) throw malformed(`the state is not JSON: ${what} expected ${at()}`);
    i++;
  }

  function string(): void {
    i++;
    for (;;) {
      if (i >= end) throw truncated();
      const c = bytes[i]!;
      if (c === QUOTE) break;
      i += c === BACKSLASH ? 2 : 1;
    }
    i++;
  }

  /** Passes over one value of any kind; `level` is how deep it already lies. */
  function value(level: number): void {
    space();
    if (i >= end) throw truncated();
    const first = bytes[i]!;
    if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) {
      if (first === QUOTE) string();
      else scalar();
      return;
    }
    let depth = 0;
    let digits = 0;
    let values = 0;
    do {
      if (i >= end) throw truncated();
      const c = bytes[i]!;
      if (c === QUOTE) {
        string();
        continue;
      }
      if (c >= 0x30 && c <= 0x39) {
        if (++digits >= 16) longNumbers = true;
      } else if (c === 0x65 || c === 0x45) {
        if (digits > 0) longNumbers = true;
      } else if (c !== 0x2e) digits = 0;
      if (c === COMMA || c === OPEN_OBJECT || c === OPEN_ARRAY) {
        if (++values > limits.values) throw tooMany();
      }
      if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
        if (level + depth >= limits.depth)
          throw malformed(`the state is nested deeper than ${limits.depth} levels (${at()})`);
        open[depth++] = c + 2;
      } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
        if (open[--depth] !== c) throw malformed(`the state is not JSON: brackets do not match ${at()}`);
      }
      i++;
    } while (depth > 0);
  }

  function scalar(): void {
    const start = i;
    while (i < end) {
      const c = bytes[i]!;
      if (c === COMMA || c === CLOSE_OBJECT || c === CLOSE_ARRAY || c <= 0x20) break;
      i++;
    }
    if (i === start) throw malformed(`the state is not JSON: a value expected ${at()}`);
    if (i >= end) throw truncated();
  }

  /** Reads an object's members; `member` must pass over the value of each key. */
  function object(member: (key: string) => void): void {
    expect(OPEN_OBJECT, 'an object');
    space();
    if (bytes[i] === CLOSE_OBJECT) {
      i++;
      return;
    }
    for (;;) {
      space();
      if (i >= end) throw truncated();
      if (bytes[i] !== QUOTE) throw malformed(`the state is not JSON: a key expected ${at()}`);
      const start = i;
      string();
      const key = keyOf(start, i);
      expect(COLON, '":"');
      space();
      member(key);
      space();
      if (i >= end) throw truncated();
      if (bytes[i] === CLOSE_OBJECT) {
        i++;
        return;
      }
      expect(COMMA, '","');
    }
  }

  function array(item: () => void): void {
    expect(OPEN_ARRAY, 'a list');
    space();
    if (bytes[i] === CLOSE_ARRAY) {
      i++;
      return;
    }
    for (;;) {
      space();
      item();
      space();
      if (i >= end) throw truncated();
      if (bytes[i] === CLOSE_ARRAY) {
        i++;
        return;
      }
      expect(COMMA, '","');
    }
  }

  function keyOf(start: number, stop: number): string {
    const text = bytes.toString('utf8', start, stop);
    if (!text.includes('\\')) return text.slice(1, -1);
    try {
      return JSON.parse(text) as string;
    } catch {
      throw malformed(`the state is not JSON: a key is malformed at byte ${start}`);
    }
  }

  /** Passes over the value of a key and remembers where it was; a key twice is refused, as nobody could say which holds. */
  function remember(into: Map<string, Slice>, key: string, level: number): void {
    if (into.has(key)) throw malformed(`the state holds "${key.slice(0, 40)}" twice (${at()})`);
    const start = i;
    value(level);
    into.set(key, [start, i]);
  }

  function members(): Map<string, Slice> {
    const found = new Map<string, Slice>();
    object((key) => {
      const start = i;
      value(1);
      found.set(key, [start, i]);
    });
    return found;
  }

  function state(): ScannedState {
    const scanned: ScannedState = { fields: new Map(), resources: [] };
    let sawResources = false;
    space();
    if (i >= end) throw malformed('the state is empty');
    if (bytes[i] !== OPEN_OBJECT) throw malformed('the state is not JSON: it does not start with an object');
    object((key) => {
      if (key !== 'resources' || bytes[i] !== OPEN_ARRAY) return remember(scanned.fields, key, 1);
      if (sawResources) throw malformed('the state holds "resources" twice');
      sawResources = true;
      array(() => {
        const resource: ScannedResource = { fields: new Map(), instances: [] };
        object((name) => {
          if (name !== 'instances' || bytes[i] !== OPEN_ARRAY) return remember(resource.fields, name, 3);
          if (resource.instances.length > 0) throw malformed(`a resource holds "instances" twice (${at()})`);
          array(() => {
            if (++instanceCount > limits.instances)
              throw malformed(`the state holds more than ${limits.instances} instances`);
            const start = i;
            longNumbers = false;
            value(4);
            resource.instances.push({
              slice: [start, i],
              longNumbers,
              plain: false,
              toWrite: 'looked-through',
            });
          });
        });
        scanned.resources.push(resource);
      });
    });
    space();
    if (i < end) throw malformed(`the state is not JSON: something follows its end ${at()}`);
    return scanned;
  }

  return { state, members };
}
