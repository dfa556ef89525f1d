// The source `terraform-sweep`: reads all that is declared and has a reader anew, one workspace after the other, on a
// schedule and on request. IO; what is news is in news.ts.
import type { Log } from '../../../runtime/log/log.ts';
import type { Source, SourceContext } from '../../../runtime/source.ts';
import type { Codec } from '../../../schemas/index.ts';
import { createDescriptions } from '../observer/descriptions.ts';
import { followLog, type LogKnowledge } from './known.ts';
import { createPace } from './pace.ts';
import { isUnderWay, itemOf, progressOf, type SweepProgress, workspaceOfItem } from './progress.ts';
import { SWEEP } from './scope.ts';
import type { Wishes } from './wishes.ts';
import { type SweepParts, sweepWorkspace } from './workspace.ts';

export interface SweepSourceOptions extends Pick<SweepParts, 'reader' | 'states' | 'accountOf' | 'limits'> {
  log: Log;
  codec: Codec;
  /** Time between two sweeps of a workspace, milliseconds; 0: only on request. */
  everyMs: number;
  /** Whether anything of the provider (as in object keys) can be read in the workspace. */
  readable(workspace: string, provider: string): boolean;
  wishes: Wishes;
}

/** New workspaces are looked for this often at least. */
const LOOK_MS = 60_000;
/** A new workspace is swept for the first time after so long, or the time between two sweeps: its apply may still run. */
const FIRST_MS = 600_000;
/** Without a schedule only wishes wake it. */
const ASLEEP_MS = 24 * 3_600_000;

const isAnyUnderWay = (context: SourceContext): boolean =>
  [...context.progressItems()].some(([, json]) => isUnderWay(progressOf(json)));

export function sweepSource(options: SweepSourceOptions): Source {
  const { log, codec, everyMs, wishes, readable } = options;
  const isSweepable = (known: LogKnowledge, workspace: string): boolean =>
    [...known.providers(workspace)].some((provider) => readable(workspace, provider));

  return {
    name: SWEEP,
    async run(context) {
      // What was published is known for certain only from the log: begun anew after a failure.
      const known = followLog({ log, codec, org: context.org });
      const parts: SweepParts = {
        ...options,
        known,
        descriptions: createDescriptions(),
        pace: createPace(context.clock),
      };
      /** When workspaces were first heard of. */
      const heard = new Map<string, number>();
      /** State versions in which nothing has a reader. */
      const empty = new Map<string, string | null>();
      try {
        for (let isFirst = true; ; isFirst = false) {
          context.signal.throwIfAborted();
          let wait = everyMs > 0 ? LOOK_MS : ASLEEP_MS;
          if (everyMs > 0 || wishes.any() || isAnyUnderWay(context)) {
            await known.catchUp(context.signal);
            if (isFirst) await forgetGone(context, known);
            for (const described of known.describedTypes()) parts.descriptions.told(described);
            const next = nextOf(context, known, heard, empty);
            const due = next === null ? Number.POSITIVE_INFINITY : next.due - context.clock.now();
            if (next !== null && due <= 0) {
              await sweep(next.workspace, context, parts, empty);
              continue;
            }
            wait = Math.min(wait, due);
          }
          await wishes.or(context.clock.sleep, wait, context.signal);
        }
      } catch (error) {
        if (context.signal.aborted) return;
        throw error;
      } finally {
        known.close();
      }
    },
  };

  /** What was asked for first, then what is due first; null when nothing ever is. */
  function nextOf(
    { clock, progress }: SourceContext,
    known: LogKnowledge,
    heard: Map<string, number>,
    empty: ReadonlyMap<string, string | null>,
  ): { workspace: string; due: number } | null {
    wishes.expand(() => [...known.workspaces()].filter((workspace) => isSweepable(known, workspace)));
    const asked = wishes.next();
    if (asked !== null) return { workspace: asked, due: Number.NEGATIVE_INFINITY };
    let best: { workspace: string; due: number } | null = null;
    for (const workspace of known.workspaces()) {
      const head = known.head(workspace);
      if (!isSweepable(known, workspace) || empty.get(workspace) === head?.blob) continue;
      const first = heard.get(workspace) ?? clock.now();
      heard.set(workspace, first);
      const due = dueAt(progressOf(progress(itemOf(workspace))), everyMs, first);
      if (best === null || due < best.due) best = { workspace, due };
    }
    return best;
  }

  async function sweep(
    workspace: string,
    context: SourceContext,
    parts: SweepParts,
    empty: Map<string, string | null>,
  ): Promise<void> {
    const { known } = parts;
    const done = progressOf(context.progress(itemOf(workspace)));
    if (done?.completedAt != null && wishes.isSatisfied(workspace, done.startedAt)) {
      wishes.settle(workspace, done);
      return;
    }
    if (!isSweepable(known, workspace)) {
      wishes.refuse(
        workspace,
        known.head(workspace)
          ? `Nothing in the workspace ${workspace} has a reader: add one to terraform.readers.`
          : `No state of the workspace ${workspace} is known.`,
      );
      return;
    }
    const ended = await sweepWorkspace(workspace, context, parts);
    if (ended === null) {
      empty.set(workspace, known.head(workspace)?.blob ?? null);
      wishes.refuse(
        workspace,
        `Nothing in the workspace ${workspace} has a reader: add one to terraform.readers.`,
      );
    } else if (ended.completedAt !== null) wishes.settle(workspace, ended);
    else wishes.refuse(workspace, `The sweep of ${workspace} is put off: ${ended.problem}.`);
  }
}

/** Infinity: not by itself. */
function dueAt(progress: SweepProgress | null, everyMs: number, heardAt: number): number {
  const notBefore = progress?.retryAt ?? Number.NEGATIVE_INFINITY;
  if (isUnderWay(progress)) return notBefore;
  if (everyMs === 0) return Number.POSITIVE_INFINITY;
  if (progress?.completedAt == null) return Math.max(notBefore, heardAt + Math.min(everyMs, FIRST_MS));
  return Math.max(notBefore, progress.startedAt + everyMs);
}

/** Workspaces whose state is gone are not swept on. */
async function forgetGone(context: SourceContext, known: LogKnowledge): Promise<void> {
  const gone = [...context.progressItems()]
    .map(([item]) => item)
    .filter((item) => {
      const workspace = workspaceOfItem(item);
      return workspace !== null && !known.head(workspace);
    });
  if (gone.length > 0)
    await context.publish(
      [],
      gone.map((item) => ({ item, progress: null })),
    );
}
