// The estate under test, without the pipeline: its state, its provider, its detector; edits, reads and what stands after them.
import { factsOf } from '../../producers/terraform/observer/facts.ts';
import type { Provider } from '../../producers/terraform/plugin/provider.ts';
import type { Drift, JsonObject } from '../../schemas/index.ts';
import type { TypeFacts } from '../../schemas/type-facts.ts';
import { type Call, send } from './cloud.ts';
import { type Detected, detectorOf, type Seen } from './detected.ts';
import type { Planned } from './mutations/index.ts';
import { readAll } from './read.ts';
import { type Declaration, declaredBy, inDeclaredForm, type Stated, statedIn } from './stated.ts';

export interface Bench {
  instances: Stated[];
  detected: Detected;
  /** Reads these instances and tells the detector; answers with what stands on them, and what could not be read. */
  look(instances: readonly Stated[]): Promise<{ standing: Drift[]; failed: string[] }>;
  /** All instances that describe an object of this one's. */
  around(instance: Stated): Stated[];
}

export function benchOf(bytes: Buffer, provider: Provider): Bench {
  const facts = (type: string): TypeFacts | null => {
    const schema = provider.schemas.resource(type);
    return schema && factsOf(schema);
  };
  const instances = statedIn(bytes);
  const declarations = declaredBy(bytes);
  const detected = detectorOf(declarations, facts);
  const primary = new Map<string, Declaration>();
  const keys = new Map<string, string[]>();
  const under = new Map<string, Set<string>>();
  for (const one of declarations) {
    const { address } = one.body;
    if (one.body.primary) primary.set(address, one);
    keys.set(address, [...(keys.get(address) ?? []), one.objectKey]);
    under.set(one.objectKey, (under.get(one.objectKey) ?? new Set()).add(address));
  }
  return {
    instances,
    detected,
    around({ address }) {
      const near = new Set((keys.get(address) ?? []).flatMap((key) => [...under.get(key)!]));
      return instances.filter((one) => near.has(one.address));
    },
    async look(some) {
      const answers = await readAll(provider, some);
      const read = new Map<string, JsonObject>();
      const failed: string[] = [];
      for (const [address, answer] of answers)
        if (answer instanceof Error) failed.push(`${address}: ${answer.message}`);
        else if (answer !== null) read.set(address, answer);
      const forms = inDeclaredForm(bytes, read);
      const seen = [...answers].flatMap(([address, answer]): Seen[] =>
        answer instanceof Error
          ? []
          : [{ declaration: primary.get(address)!, attributes: forms.get(address) ?? null }],
      );
      const standing = detected.reads(seen);
      const mine = new Set(some.flatMap(({ address }) => keys.get(address) ?? []));
      return { standing: standing.filter(({ objectKey }) => mine.has(objectKey)), failed };
    },
  };
}

export const callsOf = (calls: Call | Call[]): Call[] => (Array.isArray(calls) ? calls : [calls]);

export interface Outcome {
  planned: Planned;
  /** Null: exactly the one drift that was to come, and resolved afterwards. */
  problem: string | null;
  kind: 'fine' | 'refused' | 'missed' | 'more' | 'elsewhere' | 'unresolved' | 'unread';
}

const told = ({ address, kind, confidence, ignoredBy, differences }: Drift): string =>
  `${kind} ${confidence}${ignoredBy ? ` ignored by ${ignoredBy}` : ''} ${address} [${differences.map(({ path }) => path).join(' ')}]`;

/** Makes one edit, looks, takes it back, looks again. */
export async function tryOut(bench: Bench, url: string, planned: Planned): Promise<Outcome> {
  const { instance, mutation } = planned;
  const end = (kind: Outcome['kind'], problem: string | null): Outcome => ({ planned, kind, problem });
  const around = bench.around(instance);
  try {
    for (const call of callsOf(mutation.change(instance.attributes))) await send(url, call);
  } catch (error) {
    return end('refused', (error as Error).message);
  }
  const after = await bench.look(around);
  let outcome = judge(planned, after.standing, end);
  if (after.failed.length > 0) outcome = end('unread', after.failed.join('; '));
  try {
    for (const call of callsOf(mutation.revert(instance.attributes))) await send(url, call);
  } catch (error) {
    return end('refused', `taking it back: ${(error as Error).message}`);
  }
  const back = await bench.look(around);
  if (back.standing.length > 0 && outcome.kind === 'fine')
    return end('unresolved', back.standing.map(told).join('; '));
  return outcome;
}

function judge(
  { instance, mutation }: Planned,
  standing: readonly Drift[],
  end: (kind: Outcome['kind'], problem: string | null) => Outcome,
): Outcome {
  const kind = mutation.expects?.kind ?? 'modified';
  const ignored = mutation.expects?.ignored ?? false;
  const [first] = standing;
  if (!first) return end('missed', null);
  const all = standing.map(told).join('; ');
  if (standing.length > 1) return end('more', all);
  const right =
    first.kind === kind &&
    // What no one declares stands for itself, and without a change that was reported it is inventory.
    (kind === 'unmanaged'
      ? first.resourceId === instance.id
      : first.address === instance.address && first.confidence === 'confirmed') &&
    (first.ignoredBy !== null) === ignored &&
    (kind === 'missing' || first.differences.length > 0) &&
    first.differences.every(({ path }) => path.startsWith(mutation.path));
  return right ? end('fine', null) : end('elsewhere', all);
}
