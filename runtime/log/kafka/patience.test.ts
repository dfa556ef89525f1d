// Requests to brokers are tried again where that can help, and only there.
import { expect, it } from 'vitest';
import { patiently } from './patience.ts';

const failure = (type: string): Error => Object.assign(new Error(type), { type });

/** A cluster that counts how often it is asked anew, and a call that fails as it is told, then succeeds. */
function setUp(...failures: string[]) {
  const cluster = { asked: 0, refreshMetadata: async () => void cluster.asked++ };
  let calls = 0;
  const call = async (): Promise<number> => {
    const type = failures[calls++];
    if (type !== undefined) throw failure(type);
    return calls;
  };
  return { cluster, call, calls: () => calls };
}

it('tries what may pass again, asking anew who leads, until it succeeds', async () => {
  const { cluster, call } = setUp('NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE');
  expect(await patiently('reading', cluster, call)).toBe(3);
  expect(cluster.asked).toBe(2);
});

it.each([
  ['TOPIC_AUTHORIZATION_FAILED', 'DM_LOG_FAILED'],
  ['INVALID_PRODUCER_EPOCH', 'DM_FENCED'],
])('throws %s at once: it will not pass', async (type, code) => {
  const { cluster, call, calls } = setUp(type);
  await expect(patiently('reading', cluster, call)).rejects.toMatchObject({ code });
  expect(calls()).toBe(1);
});

it('goes on trying no longer than whoever wants it', async () => {
  const { cluster, call, calls } = setUp(
    'LEADER_NOT_AVAILABLE',
    'LEADER_NOT_AVAILABLE',
    'LEADER_NOT_AVAILABLE',
  );
  await expect(patiently('reading', cluster, call, { isOver: () => calls() === 2 })).rejects.toMatchObject({
    code: 'DM_LOG_FAILED',
    retriable: true,
    message: 'reading: LEADER_NOT_AVAILABLE',
  });
  expect(calls()).toBe(2);
});
