// Configurations in folders as a source: read at start and when a file, a folder or the commit that is checked out changed;
// published when what they say did. What cannot be read is published as that, so that nothing old is taken for true.
import type { Source, SourceContext } from '../../../runtime/source.ts';
import { type JsonObject, stableId } from '../../../schemas/index.ts';
import type { ParsedConfiguration } from './assemble.ts';
import { type Looks, looksSame } from './folder.ts';
import { ConfigurationProblem } from './problem.ts';
import { readInThread } from './reader.ts';

export interface ConfiguredFolder {
  workspace: string;
  /** The root module. */
  directory: string;
  /** Nothing outside of it is read; left out: the Git checkout, or the directory itself. */
  within?: string;
}

export interface ConfigurationSourceOptions {
  configurations: readonly ConfiguredFolder[];
  /** How often the files are looked at, milliseconds. */
  everyMs: number;
  /** Read everything once, then be done. */
  once?: boolean;
}

export const CONFIGURATIONS = 'terraform-configuration';
const ATTEMPTS = 4;
const AGAIN_MS = 250;

export function configurationSource(options: ConfigurationSourceOptions): Source {
  return {
    name: CONFIGURATIONS,
    async run(context) {
      const { signal, clock } = context;
      const configured = new Set(options.configurations.map(({ workspace }) => workspace));
      // What was published stands: another source or an upload may have it now. That it was is forgotten.
      const gone = [...context.progressItems()].map(([item]) => item).filter((item) => !configured.has(item));
      if (gone.length > 0)
        await context.publish(
          [],
          gone.map((item) => ({ item, progress: null })),
        );
      const looks = new Map<string, Looks>();
      while (!signal.aborted) {
        for (const folder of options.configurations) {
          if (signal.aborted) return;
          const before = looks.get(folder.workspace);
          if (before !== undefined && (await looksSame(before))) continue;
          const found = await bring(context, folder);
          if (found === null) return;
          looks.set(folder.workspace, found);
        }
        if (options.once) return;
        await clock.sleep(options.everyMs, signal);
      }
    },
  };
}

/** Reads the folder, and publishes what it says if that is news. Null when it was told to stop. */
async function bring(context: SourceContext, folder: ConfiguredFolder): Promise<Looks | null> {
  const { workspace } = folder;
  const time = context.clock.now();
  const found = await settled(context, folder).catch((error: unknown) => {
    if (context.signal.aborted) return null;
    throw error;
  });
  if (found === null) return null;
  const { configuration, revision, digest, looks } = found;
  const known = (context.progress(workspace) ?? null) as JsonObject | null;
  if (known?.digest === digest) return looks;
  await context.publish(
    [
      {
        type: 'configuration.published',
        id: stableId('cfg', workspace, digest, time),
        time,
        objectKey: null,
        body: {
          workspace,
          revision,
          by: revision === null ? 'a folder' : 'a checkout',
          ...configuration,
        },
      },
    ],
    [{ item: workspace, progress: { digest } }],
  );
  const { blocks, problems } = configuration;
  context.log.info(
    { workspace, revision, blocks: blocks.length, problems: problems.length },
    'a configuration was published',
  );
  return looks;
}

interface Found {
  configuration: ParsedConfiguration;
  revision: string | null;
  digest: string;
  looks: Looks;
}

/** Reads until nothing changed meanwhile: a checkout writes one file after another. */
async function settled(context: SourceContext, folder: ConfiguredFolder): Promise<Found> {
  for (let attempt = 1; ; attempt++) {
    const found = await attempted(context, folder);
    if (attempt >= ATTEMPTS || (await looksSame(found.looks))) return found;
    await context.clock.sleep(AGAIN_MS * attempt, context.signal);
    context.signal.throwIfAborted();
  }
}

async function attempted(context: SourceContext, folder: ConfiguredFolder): Promise<Found> {
  const { workspace, directory, within } = folder;
  try {
    return await readInThread({ directory, ...(within === undefined ? {} : { within }) }, context.signal);
  } catch (error) {
    if (!(error instanceof ConfigurationProblem)) throw error;
    context.log.warn({ workspace, problem: error.message }, 'a configuration cannot be read');
    return {
      configuration: { blocks: [], providers: [], moves: [], problems: [error.message] },
      revision: null,
      digest: stableId('cfg', 'problem', error.message),
      // Looked at again every time: what would have to change is not known.
      looks: { [`${directory}/`]: 'never' },
    };
  }
}
