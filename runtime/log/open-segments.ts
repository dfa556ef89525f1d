// Opening a log directory: what a crash left is completed or cleared, what is damaged is named. Reads no values of
// closed segments, so that two gigabytes open in less than a second.
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TOPICS } from '../../schemas/index.ts';
import { replaceFile, syncDirectory, UNFINISHED } from '../durable-file.ts';
import { DriftError } from '../errors.ts';
import type { Logger } from '../telemetry.ts';
import { emptyIndex } from './chunk-index.ts';
import { FRAME_KIND } from './frame.ts';
import type { GroupPositions } from './group-positions.ts';
import { foldNote } from './group-positions.ts';
import type { Segment } from './segment.ts';
import {
  corrupt,
  hasFrameAfter,
  INDEX_FILE,
  loadIndex,
  openSegment,
  removeSegmentFiles,
  SEGMENT_FILE,
  scanFrames,
  segmentPath,
} from './segment.ts';

/** What is fixed when a log is created. Topics are known by their place in the list, which only grows. */
export interface LogDescription {
  format: 1;
  partitions: number;
  topics: string[];
}

export interface Opened {
  description: LogDescription;
  /** In order; the last one is written to. Empty for a new log. */
  segments: Segment[];
  groups: GroupPositions;
  ends: Float64Array;
}

export async function openSegments(directory: string, partitions: number, logger: Logger): Promise<Opened> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = await readdir(directory);
  for (const file of files) if (file.endsWith(UNFINISHED)) await rm(join(directory, file), { force: true });
  const found = files.filter((file) => SEGMENT_FILE.test(file)).sort();
  const description = await describe(directory, partitions, found.length > 0);
  const segments: Segment[] = [];
  try {
    return await openAll();
  } catch (error) {
    for (const segment of segments) await segment.file.close();
    throw error;
  }

  async function openAll(): Promise<Opened> {
    for (const [i, file] of found.entries()) {
      const path = join(directory, file);
      const segment = await openSegment(path);
      if (!segment) {
        if (i < found.length - 1) throw corrupt(path, 0, 'this is not the header of a log segment');
        // Created, never synced: nothing in it was ever acknowledged.
        logger.warn({ path }, 'removed a log segment that a crash left half created');
        await rm(path);
        continue;
      }
      segments.push(segment);
      const before = segments.at(-2);
      if (!before) continue;
      if (segment.first <= before.last) {
        // Its records were merged into the segment before it; a crash came before it was removed.
        segments.pop();
        await segment.file.close();
        await removeSegmentFiles(segment);
      } else if (segment.first !== before.last + 1)
        throw corrupt(segmentPath(directory, before.last + 1), 0, 'the file is missing');
    }
    const kept = new Set(segments.map(({ path }) => path.replace(/\.log$/, '.index')));
    for (const file of files)
      if (INDEX_FILE.test(file) && !kept.has(join(directory, file)))
        await rm(join(directory, file), { force: true });

    const places = description.topics.length * partitions;
    const groups: GroupPositions = new Map();
    const ends = new Float64Array(places);
    while (segments.length > 0 && !(await openNewest(segments.at(-1)!, groups, ends))) {
      const torn = segments.pop()!;
      logger.warn({ path: torn.path }, 'removed a log segment that a crash left half created');
      await torn.file.close();
      await removeSegmentFiles(torn);
    }
    await Promise.all(segments.slice(0, -1).map((segment) => loadIndex(segment)));
    for (const { path, index } of segments)
      for (const list of index.lists.values()) {
        if (list.place >= places)
          throw corrupt(path, 0, `it holds records of a topic that ${describing} lacks`);
        ends[list.place] = Math.max(ends[list.place]!, list.end);
      }
    await syncDirectory(directory);
    return { description, segments, groups, ends };
  }

  /** False when the segment lacks its first frame: a crash while it was created. */
  async function openNewest(segment: Segment, groups: GroupPositions, ends: Float64Array): Promise<boolean> {
    let frames = 0;
    const end = await scanFrames(segment, true, (head) => {
      if (frames++ === 0 && head.kind !== FRAME_KIND.snapshot) return;
      foldNote(head.note, groups, ends);
    });
    if (end < segment.length) {
      if (await hasFrameAfter(segment, end)) throw corrupt(segment.path, end, 'no whole frame starts here');
      if (frames === 0) {
        segment.index = emptyIndex();
        return false;
      }
      logger.warn(
        { path: segment.path, offset: end, bytes: segment.length - end },
        'cut off the end of the log that a crash left half written; it was never acknowledged',
      );
      await segment.file.truncate(end);
      await segment.file.sync();
      segment.length = end;
    }
    return frames > 0;
  }
}

const describing = 'log.json';

async function describe(
  directory: string,
  partitions: number,
  hasSegments: boolean,
): Promise<LogDescription> {
  const path = join(directory, describing);
  const names = TOPICS.map((topic) => topic.name as string);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null && hasSegments) throw corrupt(path, 0, 'the file is missing');
  const known = text === null ? null : parse(path, text);
  if (known && known.partitions !== partitions)
    throw new DriftError(`the log in ${directory} has ${known.partitions} partitions, not ${partitions}`, {
      code: 'DM_CONFIG_INVALID',
      retriable: false,
      public: `The log in ${directory} was created with ${known.partitions} partitions, but ${partitions} are configured. The number is fixed when a log is created: configure ${known.partitions}, or start with an empty data directory.`,
    });
  const topics = [...new Set([...(known?.topics ?? []), ...names])];
  const description: LogDescription = { format: 1, partitions, topics };
  if (topics.length !== known?.topics.length) await replaceFile(path, `${JSON.stringify(description)}\n`);
  return description;
}

function parse(path: string, text: string): LogDescription {
  let value: Partial<LogDescription> | null;
  try {
    value = JSON.parse(text) as Partial<LogDescription> | null;
  } catch (cause) {
    throw corrupt(path, 0, 'it is not JSON', cause);
  }
  const { format, partitions, topics } = value ?? {};
  if (format !== 1 || typeof partitions !== 'number' || !Array.isArray(topics))
    throw corrupt(path, 0, 'it does not describe a log of a format this version knows');
  return { format, partitions, topics };
}
