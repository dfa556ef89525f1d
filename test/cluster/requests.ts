// A steady stream of requests as a team's browsers and scripts send them, each answer looked at: how long it took, counted
// from when it was due, and whether it is right.
import { type Client, createClient } from '../../api/client.ts';

export interface Requests {
  /** Of requests that were due between two moments (`performance.now()`). */
  between(from: number, to: number): { count: number; p50: number; p99: number; failed: string[] };
  stop(): Promise<void>;
}

interface Answer {
  due: number;
  ms: number;
  /** What was wrong; null: nothing. */
  failure: string | null;
}

export function startRequests(options: { url: string; key: string; perSecond: number }): Requests {
  const { url, key, perSecond } = options;
  const client = createClient({ url, key: () => key });
  const answers: Answer[] = [];
  const underWay = new Set<Promise<void>>();
  const began = performance.now();
  let sent = 0;

  async function send(index: number, due: number): Promise<void> {
    const [name, ask] = MIX[index % MIX.length]!;
    let failure: string | null = null;
    try {
      const wrong = await ask(client, index);
      if (wrong) failure = `${name}: a wrong answer`;
    } catch (error) {
      failure = `${name}: ${error instanceof Error ? error.message : String(error)}`;
    }
    answers.push({ due, ms: performance.now() - due, failure });
  }

  const timer = setInterval(() => {
    for (; began + (sent * 1_000) / perSecond <= performance.now(); sent++) {
      const asked = send(sent, began + (sent * 1_000) / perSecond).finally(() => underWay.delete(asked));
      underWay.add(asked);
    }
  }, 5);
  return {
    between(from, to) {
      const found = answers.filter(({ due }) => from <= due && due < to);
      const times = found.map(({ ms }) => ms).sort((a, b) => a - b);
      const at = (share: number): number => Math.round(times[Math.floor(times.length * share)] ?? Number.NaN);
      return {
        count: found.length,
        p50: at(0.5),
        p99: at(0.99),
        failed: found.flatMap(({ failure }) => (failure === null ? [] : [failure])),
      };
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}

/** What is asked, in turn. True: the answer is wrong. */
const MIX: readonly (readonly [string, (client: Client, index: number) => Promise<boolean>])[] = [
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
      return items.length === 0 || items.some(({ workspace }) => workspace !== 'data-prod');
    },
  ],
  [
    'one drift and its timeline',
    async (client, index) => {
      const { items } = await client.drifts.list({ workspace: 'data-prod', limit: 20 });
      const { id } = items[index % items.length]!;
      const [drift, timeline] = await Promise.all([client.drifts.get(id), client.drifts.timeline(id)]);
      const revisions = timeline.items.map((step) => step.drift.revision);
      return drift.id !== id || revisions.some((revision, at) => revision !== at + 1);
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
