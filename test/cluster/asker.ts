// The process that asks: told where and how often, it sends one request after the other when it is due, whatever became of
// those before, and tells of the answers. It ends when whoever started it is gone.
import { type Client, createClient } from '../../api/client.ts';

export interface Asked {
  /** Asked in turn; who cannot be reached is left out, as a load balancer does, within the time that counts. */
  urls: readonly string[];
  key: string;
  perSecond: number;
}

export interface Answer {
  name: string;
  /** `timeOrigin` and `now()` of its process, added. */
  due: number;
  /** From when it was due to the answer. */
  ms: number;
  /** Of these, how long this process was late in sending it. */
  late: number;
  /** What was wrong; null: nothing. */
  failure: string | null;
}

const TELL_EVERY_MS = 250;
/** Later than that, this process stood still, with the machine or by a signal: no one asked meanwhile. */
const STOOD_STILL_MS = 2_000;
const now = (): number => performance.timeOrigin + performance.now();

function start({ urls, key, perSecond }: Asked): void {
  let turn = 0;
  const send: typeof fetch = async (input, init) => {
    const first = turn++;
    for (let tried = 1; ; tried++) {
      // Each once: others take their turns meanwhile.
      const url = String(input).replace('http://driftmgr', urls[(first + tried) % urls.length]!);
      try {
        return await fetch(url, init);
      } catch (error) {
        if (tried === urls.length) throw error;
      }
    }
  };
  const client = createClient({ url: 'http://driftmgr', key: () => key, fetch: send });
  const answers: Answer[] = [];
  const underWay = new Set<number>();
  let began = now();
  let sent = 0;

  async function ask(index: number, due: number): Promise<void> {
    underWay.add(due);
    const late = now() - due;
    const [name, asking] = MIX[index % MIX.length]!;
    let failure: string | null = null;
    try {
      if (await asking(client)) failure = `${name}: a wrong answer`;
    } catch (error) {
      failure = `${name}: ${reasons(error)}`;
    }
    underWay.delete(due);
    answers.push({ name, due, ms: now() - due, late, failure });
  }

  const dueAt = (index: number): number => began + (index * 1_000) / perSecond;
  let looked = now();
  setInterval(() => {
    const still = now() - looked;
    // What is due since is not sent all at once: that many connections are a test of something else.
    if (still > STOOD_STILL_MS) {
      began += still;
      process.stderr.write(
        `the process that asks stood still for ${Math.round(still)} ms: nothing was asked\n`,
      );
    }
    looked = now();
    for (; dueAt(sent) <= now(); sent++) void ask(sent, dueAt(sent));
  }, 5);
  setInterval(() => {
    const told = { answers: answers.splice(0), answeredTo: Math.min(dueAt(sent), ...underWay) };
    // Who does not listen any more ends this process, by `disconnect`.
    process.send!(told, undefined, undefined, () => undefined);
  }, TELL_EVERY_MS);
}

/** With the causes: `fetch` says no more by itself than that it failed. */
function reasons(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasons(error.cause)}`;
}

process.once('message', (asked) => start(asked as Asked));
process.once('disconnect', () => process.exit());

/** The drift that was listed last: asked for next. */
let listed: { id: string; revision: number } | null = null;

/** Another of them each time. */
let turns = 0;
const turnOf = (items: readonly unknown[]): number => turns++ % Math.max(1, items.length);

/** What is asked, in turn. True: the answer is wrong. */
const MIX: readonly (readonly [string, (client: Client) => Promise<boolean>])[] = [
  [
    'open drifts',
    async (client) => {
      const { items } = await client.drifts.list({ status: ['open'], limit: 50 });
      return items.some(({ status }) => status !== 'open');
    },
  ],
  [
    'drifts of a workspace',
    async (client) => {
      const { items } = await client.drifts.list({ workspace: 'data-prod', limit: 20 });
      listed = items[turnOf(items)] ?? listed;
      return items.length === 0 || items.some(({ workspace }) => workspace !== 'data-prod');
    },
  ],
  [
    'one drift',
    async (client) => {
      const id = listed?.id;
      return id !== undefined && (await client.drifts.get(id)).id !== id;
    },
  ],
  [
    'the timeline of a drift',
    async (client) => {
      if (listed === null) return false;
      const { id, revision } = listed;
      const { items, next, behind } = await client.drifts.timeline(id);
      // What the history does not show yet it must say: all steps that were listed before are there, or counted.
      const told = items.length + behind >= revision || next !== null;
      return !told || items.some(({ drift }, index) => drift.revision !== index + 1);
    },
  ],
  ['workspaces', async (client) => (await client.workspaces.list()).items.length < 2],
  ['one workspace', async (client) => (await client.workspaces.get('data-prod')).instances !== 110],
  [
    'resources',
    async (client) => {
      const { items } = await client.resources.list({ workspace: 'data-prod', limit: 50 });
      return items.length !== 50;
    },
  ],
  ['changes', async (client) => (await client.changes.list({ limit: 20 })).items.length === 0],
  ['coverage', async (client) => (await client.coverage.list({ limit: 50 })).items.length === 0],
  ['counts', async (client) => (await client.analytics.drifts()).items.length === 0],
];
