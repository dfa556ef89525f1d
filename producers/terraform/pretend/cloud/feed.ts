// The feeds of the pretend cloud: CloudTrail records in files of a directory tree, as S3 would deliver them, and for what
// has no CloudTrail, reports (reports.ts).
//
// What changed something is delivered from the store's own list, so that a crash repeats a file (under the same name, which
// is made of its first record's id) and never loses one. What only read is told if there is still someone to tell it.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { replaceFile } from '../../../../runtime/durable-file.ts';
import type { JsonObject } from '../../../../schemas/index.ts';
import type { Said } from './attributes.ts';
import type { Principal } from './principals.ts';
import { deliverReports, isReport } from './reports.ts';
import type { Store } from './store.ts';

export interface Caller {
  principal: Principal;
  accessKey: string;
  region: string;
  userAgent: string;
  sourceIp: string;
}

export interface Occurrence {
  eventId: string;
  at: Date;
  readOnly: boolean;
  /** `sqs` */
  source: string;
  error: { code: string; message: string } | null;
}

export const recordOf = (caller: Caller, said: Said, what: Occurrence): JsonObject => ({
  eventVersion: '1.11',
  userIdentity: { ...caller.principal.identity, accessKeyId: caller.accessKey },
  eventTime: what.at.toISOString().replace(/\.\d{3}Z$/, 'Z'),
  eventSource: `${what.source}.amazonaws.com`,
  eventName: said.name,
  awsRegion: what.source === 'iam' ? 'us-east-1' : caller.region,
  sourceIPAddress: caller.sourceIp,
  userAgent: what.source === 's3' ? `[${caller.userAgent}]` : caller.userAgent,
  ...(what.error ? { errorCode: what.error.code, errorMessage: what.error.message } : {}),
  requestParameters: said.request,
  responseElements: what.readOnly || what.error ? null : said.response,
  requestID: `pretend-${what.eventId}`,
  eventID: what.eventId,
  readOnly: what.readOnly,
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: caller.principal.account,
  eventCategory: 'Management',
  ...(caller.principal.console ? { sessionCredentialFromConsole: 'true' } : {}),
});

export interface Feed {
  /** There are undelivered records in the store. */
  wake(): void;
  /** A call that changed nothing. */
  tell(record: JsonObject): void;
  /** Until everything told so far is in files. */
  flush(): Promise<void>;
  /** Delivers what is left. */
  close(): Promise<void>;
}

/** Records of reads and refusals that wait at most; older ones are dropped: they only fill the feed. */
const MAX_WAITING = 10_000;
/** Calls that only read do not make a file each. */
const READS_MS = 1_000;

interface FeedOptions {
  /** Where CloudTrail files go; null: nowhere. */
  trail: string | null;
  /** Where the reports of the other clouds go. */
  reports: string | null;
  delayMs: number;
  store: Store;
}

export function openFeed({ trail, reports, delayMs, store }: FeedOptions): Feed {
  let waiting: JsonObject[] = [];
  let timer: NodeJS.Timeout | null = null;
  let soonest = Number.POSITIVE_INFINITY;
  let last: Promise<void> = Promise.resolve();

  function within(ms: number): void {
    const at = Date.now() + ms;
    if (at >= soonest) return;
    if (timer) clearTimeout(timer);
    soonest = at;
    timer = setTimeout(() => void flush().catch(report), ms);
  }

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    soonest = Number.POSITIVE_INFINITY;
    last = last.catch(() => undefined).then(deliver);
    return last;
  }

  async function deliver(): Promise<void> {
    const records = [...store.undelivered()];
    const reads = waiting;
    waiting = [];
    const files = new Map<string, JsonObject[]>();
    const told = records.filter((record) => !isReport(record));
    for (const record of trail === null ? [] : [...told, ...reads]) {
      const folder = folderOf(record);
      const of = files.get(folder) ?? [];
      of.push(record);
      files.set(folder, of);
    }
    for (const [folder, of] of files) {
      const path = join(trail!, folder, nameOf(of[0]!));
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, gzipSync(JSON.stringify({ Records: of })), 0o644);
    }
    if (reports !== null && told.length < records.length)
      await deliverReports(reports, records.filter(isReport));
    if (records.length > 0) await store.delivered(records);
  }

  if (store.undelivered().length > 0) within(0);
  return {
    wake: () => within(delayMs),
    tell(record) {
      if (waiting.length < MAX_WAITING) waiting.push(record);
      within(Math.max(delayMs, READS_MS));
    },
    flush,
    async close() {
      await flush();
    },
  };
}

/** Where S3 would put it. */
function folderOf(record: JsonObject): string {
  const { account, region, day } = placeOf(record);
  return `AWSLogs/${account}/CloudTrail/${region}/${day}`;
}

function nameOf(record: JsonObject): string {
  const { account, region, minute } = placeOf(record);
  const id = String(record.eventID).replaceAll('-', '').slice(0, 16);
  return `${account}_CloudTrail_${region}_${minute}Z_${id}.json.gz`;
}

function placeOf(record: JsonObject): { account: string; region: string; day: string; minute: string } {
  const time = String(record.eventTime);
  return {
    account: String(record.recipientAccountId),
    region: String(record.awsRegion),
    day: time.slice(0, 10).replaceAll('-', '/'),
    minute: time.slice(0, 16).replaceAll(/[-:]/g, ''),
  };
}

const report = (error: Error): void =>
  void process.stderr.write(`the pretend cloud could not deliver its feed: ${error.message}\n`);
