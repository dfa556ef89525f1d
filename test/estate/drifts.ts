// All drifts that the API tells of, and each as one line.
import type { Client } from '../../api/client.ts';
import type { DriftJson } from '../../api/types.ts';

/** Ignored ones too, and in whatever status. */
export async function driftsOf({ drifts }: Client): Promise<DriftJson[]> {
  const all: DriftJson[] = [];
  let cursor: string | undefined;
  do {
    const page = await drifts.list({
      status: ['open', 'acknowledged', 'accepted', 'resolved'],
      ignored: true,
      limit: 500,
      cursor,
    });
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return all;
}

export const told = ({ kind, confidence, status, address, differences, ignoredBy }: DriftJson): string =>
  `${kind} ${confidence} ${status}${ignoredBy ? ` ignored by ${ignoredBy}` : ''} ${address} | ${differences.map(({ path, declared, observed }) => `${path} ${JSON.stringify(declared)} -> ${JSON.stringify(observed)}`).join()}`;
