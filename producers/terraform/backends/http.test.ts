import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDecoder, type Decoder } from '../decoder.ts';
import { createRefreshReactor } from '../refresh.ts';
import { createRecording, type Recording } from '../testing/recording.ts';
import { AWS, largeState, one, type StateSpec, stateBytes } from '../testing/states.ts';
import type { HttpBackend, HttpBackendOptions } from './http.ts';
import { createHttpBackend } from './http.ts';
import { rule } from './serial.ts';

const INFO = (ID: string, Operation = 'OperationTypeApply'): Buffer =>
  Buffer.from(JSON.stringify({ ID, Operation, Who: `${ID}@host`, Version: '1.11.4', Info: '', Path: '' }));
const md5 = (bytes: Buffer): string => createHash('md5').update(bytes).digest('base64');
const a = one('terraform_data', 'a', { id: 'id-a', input: 'x' });
const b = one('terraform_data', 'b', { id: 'id-b', input: 'y' });

let decoder: Decoder;
beforeAll(() => {
  decoder = createDecoder({ hmacKey: randomBytes(32) });
});
afterAll(() => decoder.close());

let recording: Recording;
let backend: HttpBackend;
let running: { done: Promise<void>; stop(): Promise<void> };

function start(options: Partial<HttpBackendOptions> = {}): void {
  backend = createHttpBackend({ blobs: recording.blobs, decoder, ...options });
  running = recording.start(backend.source);
}
beforeEach(() => {
  recording = createRecording();
  start();
});

/** Retries while the source is still starting. */
async function once<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== 'DM_LOG_CLOSED') throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
const put = (spec: StateSpec | Buffer, lockId: string | null = null) => {
  const bytes = Buffer.isBuffer(spec) ? spec : stateBytes(spec);
  return once(() => backend.put('prod', { bytes, md5: md5(bytes), lockId, by: 'key-1' }));
};
const types = (): string[] => recording.events().map((event) => event.type);

describe('which writes become the head', () => {
  const head = { serial: 5, lineage: 'l', md5: 'm5' };
  const sent = { serial: 6, lineage: 'l', md5: 'm6', operation: null };
  it.each([
    ['the first', null, sent, 'write'],
    ['the next serial', head, sent, 'write'],
    ['the same bytes again', head, { ...sent, serial: 5, md5: 'm5' }, 'nothing'],
    [
      'the same serial with other content, from a run',
      head,
      { ...sent, serial: 5, operation: 'OperationTypeApply' },
      'not',
    ],
    [
      'the same serial with other content, pushed by force',
      head,
      { ...sent, serial: 5, operation: 'state-push' },
      'rollback',
    ],
    ['an older serial without the lock', head, { ...sent, serial: 4 }, 'not'],
    ['an older serial under the lock', head, { ...sent, serial: 4, operation: 'state-push' }, 'rollback'],
    ['another lineage without the lock', head, { ...sent, lineage: 'k' }, 'not'],
    ['another lineage under the lock', head, { ...sent, lineage: 'k', operation: 'state-push' }, 'rollback'],
    ['one that tells no serial', head, { ...sent, serial: null, lineage: '' }, 'write'],
  ])('%s', (_name, before, next, expected) => {
    const ruling = rule(before, next);
    expect(ruling.may === 'write' ? ruling.kind : ruling.may).toBe(expected);
  });
});

describe('a write', () => {
  it('is one commit: declarations, boundary and head together, after the original is stored', async () => {
    recording.beforeCommit = () => expect([...recording.blobs.stored.keys()]).toContain('tfstate/prod/1-1');
    expect(await put({ resources: [a, b] })).toBeNull();
    expect(recording.commits).toHaveLength(1);
    expect(types()).toEqual(['resource.declared', 'resource.declared', 'state.published']);
    expect(recording.of('state.published')[0]).toMatchObject({
      serial: 1,
      previousSerial: null,
      kind: 'write',
      blob: 'tfstate/prod/1-1',
      writtenBy: 'key-1',
      instances: 2,
      runId: null,
    });
  });

  it('is served back byte for byte, with its MD5', async () => {
    const bytes = stateBytes({ resources: [a] });
    expect(await once(() => backend.get('prod'))).toBeNull();
    await put(bytes);
    expect(await backend.get('prod')).toEqual({ bytes, md5: md5(bytes) });
  });

  it('that was repeated after a lost answer publishes nothing more', async () => {
    await put({ resources: [a] });
    await put({ resources: [a] });
    expect(recording.commits).toHaveLength(1);
  });

  it('that conflicts is refused and changes nothing', async () => {
    await put({ serial: 2, resources: [a] });
    await expect(put({ serial: 2, resources: [b] })).rejects.toMatchObject({ code: 'DM_STATE_CONFLICT' });
    await expect(put({ serial: 1, resources: [b] })).rejects.toMatchObject({ code: 'DM_STATE_CONFLICT' });
    await expect(put({ serial: 3, lineage: 'other', resources: [b] })).rejects.toMatchObject({
      public: expect.stringContaining('lineage'),
    });
    expect(recording.commits).toHaveLength(1);
  });

  it.each([
    ['garbage', Buffer.from('garbage')],
    ['half a state', stateBytes({ resources: [a] }).subarray(0, 200)],
    ['nothing of a state', Buffer.from('{}')],
  ])('of %s is refused, and the backend goes on', async (_name, bytes) => {
    await expect(put(bytes)).rejects.toMatchObject({ code: 'DM_STATE_UNREADABLE', retriable: false });
    expect(recording.commits).toEqual([]);
    expect(await put({ resources: [a] })).toBeNull();
  });

  it('of an encrypted state is kept, served, and published as unreadable; its declarations stay', async () => {
    await put({ resources: [a] });
    const encrypted = Buffer.from(
      '{"serial":2,"lineage":"","meta":{},"encrypted_data":"x","encryption_version":"v0"}',
    );
    await put(encrypted);
    expect((await backend.get('prod'))?.bytes).toEqual(encrypted);
    expect(recording.of('state.published').at(-1)).toMatchObject({
      kind: 'unreadable',
      problem: expect.stringContaining('encrypted'),
      serial: 2,
      instances: 1,
    });
    await put({ serial: 3, resources: [a, b] });
    expect(recording.of('resource.declared').map((each) => each.address)).toEqual([
      'terraform_data.a',
      'terraform_data.b',
    ]);
    expect(recording.of('resource.withdrawn')).toEqual([]);
  });

  it('under a name that could leave the store is refused', async () => {
    const write = { bytes: stateBytes({ resources: [] }), md5: '', lockId: null, by: null };
    for (const name of ['..', '.', 'a/b', '', '-x', 'x'.repeat(129)])
      await expect(
        once(() => backend.put(name, write)),
        name,
      ).rejects.toMatchObject({ code: 'DM_INPUT_INVALID' });
  });
});

describe('the lock', () => {
  it('is refused to another with the info of its holder, and writes without it are too', async () => {
    expect(await once(() => backend.lock('prod', INFO('one')))).toBeNull();
    expect(await backend.lock('prod', INFO('two'))).toEqual({ holder: INFO('one').toString() });
    expect(await put({ resources: [a] })).toEqual({ holder: INFO('one').toString() });
    expect(await put({ resources: [a] }, 'two')).toEqual({ holder: INFO('one').toString() });
    expect(await backend.remove('prod', null, null)).toEqual({ holder: INFO('one').toString() });
    expect(await put({ resources: [a] }, 'one')).toBeNull();
    expect(await backend.unlock('prod', INFO('two'))).toEqual({ holder: INFO('one').toString() });
    expect(await backend.unlock('prod', INFO('one'))).toBeNull();
    expect(await backend.lock('prod', INFO('two'))).toBeNull();
  });

  it('may be taken and released twice by the same, whose first answer got lost', async () => {
    await once(() => backend.lock('prod', INFO('one')));
    expect(await backend.lock('prod', INFO('one'))).toBeNull();
    await backend.unlock('prod', INFO('one'));
    expect(await backend.unlock('prod', INFO('one'))).toBeNull();
    expect(types()).toEqual(['run.started', 'run.finished']);
  });

  it('is broken by an empty body, which the run says', async () => {
    await once(() => backend.lock('prod', INFO('one')));
    await backend.unlock('prod', Buffer.alloc(0));
    expect(recording.of('run.finished')).toMatchObject([{ runId: 'one', forced: true }]);
  });

  it('outlives a restart', async () => {
    await once(() => backend.lock('prod', INFO('one')));
    await running.stop();
    await expect(backend.lock('prod', INFO('two'))).rejects.toMatchObject({
      code: 'DM_LOG_CLOSED',
      retriable: true,
    });
    start();
    expect(await once(() => backend.lock('prod', INFO('two')))).toEqual({ holder: INFO('one').toString() });
  });

  it.each([
    ['OperationTypeApply', ['run.started', 'resource.declared', 'state.published', 'run.finished']],
    ['state-mv', ['run.started', 'resource.declared', 'state.published', 'run.finished']],
    ['OperationTypeInvalid', ['run.started', 'resource.declared', 'state.published', 'run.finished']],
  ])('of %s opens a run around its write', async (operation, expected) => {
    await once(() => backend.lock('prod', INFO('one', operation)));
    await put({ resources: [a] }, 'one');
    await backend.unlock('prod', INFO('one', operation));
    expect(types()).toEqual(expected);
    expect(recording.of('state.published')[0]).toMatchObject({ runId: 'one', writtenBy: 'one@host' });
  });

  it.each(['OperationTypePlan', 'OperationTypeRefresh', 'OperationTypeInvalid', ''])(
    'of %s opens no run without a write',
    async (operation) => {
      await once(() => backend.lock('prod', INFO('one', operation)));
      await backend.unlock('prod', INFO('one', operation));
      expect(types()).toEqual([]);
    },
  );

  it.each(['not json', '{}', '{"ID":""}', `{"ID":"${'x'.repeat(70_000)}"}`])(
    'with the info %s is refused',
    async (info) => {
      await expect(once(() => backend.lock('prod', Buffer.from(info)))).rejects.toMatchObject({
        code: 'DM_STATE_UNREADABLE',
      });
    },
  );
});

describe('removal', () => {
  it('withdraws everything and forgets the head; the versions stay stored, and their numbers are not used again', async () => {
    await put({ resources: [a, b] });
    await backend.remove('prod', null, 'key-1');
    expect(recording.of('resource.withdrawn').map((each) => each.reason)).toEqual([
      'workspace_removed',
      'workspace_removed',
    ]);
    expect(recording.of('state.published').at(-1)).toMatchObject({ kind: 'removed', instances: 0 });
    expect(await backend.get('prod')).toBeNull();
    await put({ lineage: 'new', resources: [a] });
    expect([...recording.blobs.stored.keys()].filter((key) => key.startsWith('tfstate/'))).toEqual([
      'tfstate/prod/1-1',
      'tfstate/prod/1-3',
    ]);
  });
});

describe('a refresh', () => {
  it('says that the head is still the head, once for all wishes before it', async () => {
    await put({ resources: [a] });
    const reactor = createRefreshReactor([backend]);
    const wish = (time: number, workspace = 'prod') =>
      reactor.perform(
        {
          type: 'state.refresh-requested',
          time,
          id: 'evt_wish',
          recordedAt: time,
          source: 'detector',
          org: 'default',
          objectKey: 'default/aws/-/-/s3-bucket/b',
          correlationId: null,
          clamped: false,
          body: { workspace },
        },
        new AbortController().signal,
      );
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = Date.now();
    for (let i = 0; i < 3; i++) {
      expect(await wish(now)).toMatchObject([
        {
          type: 'request.settled',
          objectKey: 'default/aws/-/-/s3-bucket/b',
          body: { requestId: 'evt_wish', outcome: 'done' },
        },
      ]);
    }
    expect(recording.of('state.published').map((each) => each.kind)).toEqual(['write', 'checked']);
    expect(await wish(now, 'unheard-of')).toMatchObject([{ body: { outcome: 'refused' } }]);
  });
});

describe('a crash', () => {
  const many = (serial: number, count: number, without?: number): Buffer =>
    stateBytes({
      serial,
      resources: Array.from({ length: count }, (_, i) =>
        one('terraform_data', `r${i}`, { id: `id-${i}`, input: serial }),
      ).filter((_, i) => i !== without),
    });
  /** What a reader that keeps the newest record of each key has in the end. */
  const standing = (): Map<string, string> => {
    const map = new Map<string, string>();
    for (const event of recording.events()) {
      if (event.type === 'resource.declared')
        map.set(
          `${event.objectKey} ${event.body.address}`,
          `${event.body.attributes} of serial ${event.body.serial}`,
        );
      else if (event.type === 'resource.withdrawn') map.delete(`${event.objectKey} ${event.body.address}`);
    }
    return map;
  };

  it('at any commit of a large write ends, after the restart, as if it had not been', async () => {
    await put(many(1, 4_001));
    await put(many(2, 4_001, 7));
    const expected = standing();
    expect(expected.size).toBe(4_000);
    const commits = recording.commits.length;
    expect(commits).toBeGreaterThan(4);
    await running.stop();

    for (let crash = 0; crash < commits; crash++) {
      recording = createRecording();
      let crashed = false;
      recording.beforeCommit = (commit) => {
        if (commit !== crash || crashed) return;
        crashed = true;
        throw new Error('crash');
      };
      start();
      for (const state of [many(1, 4_001), many(2, 4_001, 7)]) {
        await put(state).catch(async () => {
          await expect(running.done).rejects.toMatchObject({ retriable: true });
          start();
          // Nobody sends it again before the start has carried through what was under way; then the client does.
          await put(state);
        });
      }
      expect(crashed).toBe(true);
      expect(standing(), `crash at commit ${crash}`).toEqual(expected);
      expect(recording.of('state.published').at(-1)).toMatchObject({ serial: 2, instances: 4_000 });
      expect(new Set(recording.of('state.published').map((each) => each.serial))).toEqual(new Set([1, 2]));
      await running.stop();
    }
  }, 60_000);

  it('in the middle of a large write is carried through even if nobody sends it again', async () => {
    recording.beforeCommit = (commit) => {
      if (commit === 2) throw new Error('crash');
    };
    await expect(put(many(1, 6_400))).rejects.toThrow('crash');
    await running.done.catch(() => {});
    recording.beforeCommit = () => {};
    start();
    await once(() => backend.get('prod'));
    expect(standing().size).toBe(6_400);
    expect(recording.of('state.published')).toMatchObject([{ serial: 1, instances: 6_400 }]);
    expect((await backend.get('prod'))?.bytes).toEqual(many(1, 6_400));
  });

  it('in the middle of a removal is carried through', async () => {
    await put(many(1, 4_001));
    const before = recording.commits.length;
    recording.beforeCommit = (commit) => {
      if (commit === before + 1) throw new Error('crash');
    };
    await expect(backend.remove('prod', null, null)).rejects.toThrow('crash');
    await running.done.catch(() => {});
    recording.beforeCommit = () => {};
    start();
    expect(await once(() => backend.get('prod'))).toBeNull();
    expect(standing().size).toBe(0);
  });
});

describe('new rules', () => {
  it('bindings that come later rekey what is stored already, at the next start, once', async () => {
    await put({
      resources: [one('aws_lambda_function', 'f', { id: 'f', function_name: 'f' }, { provider: AWS })],
    });
    await running.stop();
    recording.forget();
    const bindings = [{ workspace: '*', provider: 'aws', account: '123456789012', region: 'us-east-1' }];
    start({ bindings });
    await once(() => backend.get('prod'));
    expect(types()).toEqual(['resource.rekeyed', 'resource.declared', 'state.published']);
    expect(recording.of('state.published')[0]).toMatchObject({ kind: 'checked', serial: 1 });
    await running.stop();
    recording.forget();
    start({ bindings });
    await once(() => backend.get('prod'));
    expect(types()).toEqual([]);
  });

  it('a stored state that is gone makes its workspace unknown and no other', async () => {
    await put({ resources: [a] });
    await running.stop();
    recording.blobs.stored.delete('tfstate/prod/1-1');
    recording.forget();
    start({ ownerOf: () => 'another-team' });
    await once(() => backend.lock('other', INFO('one')));
    expect(recording.of('state.published')).toMatchObject([
      { workspace: 'prod', kind: 'unreadable', problem: expect.stringContaining('gone') },
    ]);
  });
});

describe('cost', () => {
  it('follows change: of 2,000 instances with ten changes, ten are published', async () => {
    await put(largeState(2_000, 1));
    recording.forget();
    await put(largeState(2_000, 2, (i) => i % 200 === 0));
    expect(types()).toEqual([...Array.from({ length: 10 }, () => 'resource.declared'), 'state.published']);
    expect(recording.commits).toHaveLength(1);
    const tables = [...recording.blobs.stored.keys()].filter((key) => key.startsWith('terraform-tables/'));
    expect(tables).toHaveLength(1);
  });
});
