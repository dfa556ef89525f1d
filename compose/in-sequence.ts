// One-shot sources one after the other: the second begins when the first has run once, well or not.
import type { Source } from '../runtime/source.ts';

/** States before listings: an observation that is older than a declaration says nothing about it. */
export function inSequence(first: Source, second: Source): [Source, Source] {
  const ran = Promise.withResolvers<void>();
  return [
    {
      name: first.name,
      run: (context) => first.run(context).finally(() => ran.resolve()),
    },
    {
      name: second.name,
      async run(context) {
        context.signal.addEventListener('abort', () => ran.resolve(), { once: true });
        await ran.promise;
        await second.run(context);
      },
    },
  ];
}
