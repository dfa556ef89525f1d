// Which source declares a workspace. Two that share its name would fight: what they declare has the same record keys, and
// one would withdraw what the other declared. So whoever has it keeps it, and the other is refused until it lets go.
import { aborted } from '../../../runtime/aborted.ts';

export interface Claims {
  /**
   * A source begins, with the workspaces it has from before. Resolves when all sources have begun (or the signal aborts):
   * only then is it known what is free. Of two that have the same from before, the one named first keeps it.
   */
  begin(source: string, held: readonly string[], signal: AbortSignal): Promise<void>;
  /** Null when the workspace is the source's from now on; else the source that has it. */
  take(source: string, workspace: string): string | null;
  /** Lets go of the workspace, if the source has it. */
  release(source: string, workspace: string): void;
}

export function createClaims(sources: readonly string[]): Claims {
  const holders = new Map<string, string>();
  const begun = new Map<string, readonly string[]>();
  const all = Promise.withResolvers<void>();

  function take(source: string, workspace: string): string | null {
    const holder = holders.get(workspace) ?? source;
    if (holder !== source) return holder;
    holders.set(workspace, source);
    return null;
  }

  return {
    take,
    async begin(source, held, signal) {
      begun.set(source, held);
      if (sources.every((each) => begun.has(each))) {
        for (const each of sources) for (const workspace of begun.get(each)!) take(each, workspace);
        all.resolve();
      }
      await Promise.race([all.promise, aborted(signal)]);
    },
    release(source, workspace) {
      if (holders.get(workspace) === source) holders.delete(workspace);
    },
  };
}
