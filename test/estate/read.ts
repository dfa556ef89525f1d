// Reads instances of a state through their provider, a few at a time.

import { toJsonObject } from '../../producers/terraform/exact-json.ts';
import { stateForm } from '../../producers/terraform/observer/answered.ts';
import type { Provider } from '../../producers/terraform/plugin/provider.ts';
import type { JsonObject } from '../../schemas/index.ts';
import type { Stated } from './stated.ts';

/** Attributes as a state would hold them; null: gone; an error: not read, and why. */
export type Answer = JsonObject | null | Error;

/** `attributes` in the place of what the state holds, where a read before this one brought others. */
export async function readOne(provider: Provider, one: Stated): Promise<Answer> {
  try {
    const held = await provider.upgrade({ ...one, attributes: Buffer.from(JSON.stringify(one.attributes)) });
    const answer = await provider.read(one.type, held);
    return answer.gone ? null : toJsonObject(stateForm(answer.attributes));
  } catch (error) {
    return error as Error;
  }
}

export async function readAll(
  provider: Provider,
  all: readonly Stated[],
  atOnce = 8,
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  const waiting = [...all];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let one = waiting.shift(); one; one = waiting.shift())
        answers.set(one.address, await readOne(provider, one));
    }),
  );
  return answers;
}
