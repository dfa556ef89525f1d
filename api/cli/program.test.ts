// The command line against a real server: what it prints, where, and how it ends.
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DriftError } from '../../runtime/errors.ts';
import { declared, eventOf, observed, snapshotFailed, statePublished } from '../../runtime/testing/events.ts';
import type { Harness } from '../testing/harness.ts';
import { createHarness, driftEvents, driftOf } from '../testing/harness.ts';
import type { Io } from './io.ts';
import { Mistake } from './io.ts';
import { ExitCode } from './program.ts';
import { type Ran, run } from './testing.ts';

let harness: Harness;
let environment: Record<string, string>;
beforeAll(async () => {
  harness = await createHarness();
  await harness.feed(
    declared({ owner: 'team-data', attributes: '{"bucket":"logs"}' }),
    statePublished({ owner: 'team-data' }),
    observed({ attributes: '{"bucket":"logs"}' }),
    snapshotFailed(),
    ...driftEvents('drift.opened', driftOf()),
    ...driftEvents(
      'drift.opened',
      driftOf({
        id: 'drf_evil',
        severity: 'low',
        address: 'aws_s3_bucket.x["\u001b[31mevil\u0007"]',
        confidence: 'suspected',
      }),
    ),
    eventOf('dead-letter.recorded', {
      reader: 'drift',
      topic: null,
      partition: null,
      offset: null,
      recordKey: null,
      code: 'DM_EVENT_UNDECODABLE',
      reason: 'not a CloudTrail file',
      blob: null,
    }),
  );
  const url = await harness.app.listen({ port: 0, host: '127.0.0.1' });
  environment = { DRIFTMGR_URL: url, DRIFTMGR_API_KEY: await harness.keyWith(['admin']) };
});
afterAll(() => harness.close());

const cli = (argv: string[], change: Partial<Io> = {}): Promise<Ran> => run(argv, { environment, ...change });
const json = async <T>(...argv: string[]): Promise<T> =>
  JSON.parse((await cli([...argv, '--output', 'json'])).out) as T;

describe('output', () => {
  it('is an aligned table without colours where nobody watches', async () => {
    const { out, err, code } = await cli(['drifts']);
    expect(code).toBe(0);
    expect(err).toBe('');
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    const column = lines[0]!.indexOf('WHERE');
    expect(lines[1]!.slice(column)).toMatch(
      /^aws_s3_bucket\.logs +1 attribute differs: tags\.Team +alice \(console\) +1m +drf_1$/,
    );
    expect(lines.every((line) => line === line.trimEnd())).toBe(true);
  });

  it('has colours on a terminal, and not with NO_COLOR', async () => {
    expect((await cli(['drifts'], { outIsTerminal: true })).out).toContain('\u001b[31mhigh\u001b[39m');
    const plain = await cli(['drifts'], {
      outIsTerminal: true,
      environment: { ...environment, NO_COLOR: '1' },
    });
    expect(plain.out).not.toContain('\u001b');
  });

  it('never passes an escape sequence of a name on to the terminal', async () => {
    const { out } = await cli(['drifts'], { outIsTerminal: true });
    expect(out).toContain('evil');
    expect(out).not.toContain('\u001b[31mevil');
    expect(out).not.toContain('\u0007');
  });

  it('as JSON is what the API says', async () => {
    const drifts = await json<{ id: string; differences: object[] }[]>('drifts', '--severity', 'high');
    expect(drifts.map(({ id }) => id)).toEqual(['drf_1']);
    expect(drifts[0]!.differences).toEqual([
      { path: 'tags.Team', op: 'changed', declared: 'a', observed: 'b', configured: true },
    ]);
  });

  it('that is empty is said on standard error, and is no error', async () => {
    expect(await cli(['drifts', '--workspace', 'none'])).toEqual({
      out: '',
      err: 'Nothing has drifted.\n',
      code: 0,
    });
  });
});

describe('commands', () => {
  it('show one drift: declared beside observed, who, and every step', async () => {
    const { out } = await cli(['drifts', 'show', 'drf_1', '--timeline']);
    expect(out).toMatch(/declared {2}"a"[\s\S]*observed {2}"b"/);
    expect(out).toContain('alice via console from 203.0.113.7');
    expect(out).toContain('drift.opened  (revision 1)');
  });

  it('accept asks the server, with the end that was said', async () => {
    const asked: unknown[] = [];
    const stop = harness.answer((request) => {
      asked.push(request.body);
      return { outcome: 'done', driftId: 'drf_1' };
    });
    const { out, code } = await cli(['drifts', 'accept', 'drf_1', '--reason', 'agreed', '--for', '52w']);
    stop();
    expect([out, code]).toEqual(['drf_1 is accepted.\n', 0]);
    expect(asked).toMatchObject([
      { driftId: 'drf_1', reason: 'agreed', until: 1_790_000_060_000 + 52 * 7 * 86_400_000 },
    ]);
  });

  it('acknowledge that takes longer says where to look', async () => {
    const { out } = await cli(['drifts', 'acknowledge', 'drf_1', '--reason', 'mine']);
    expect(out).toContain('driftmgr drifts show drf_1');
  });

  it.each([
    [['workspaces'], /WORKSPACE +OWNER[\s\S]*prod +team-data/],
    [['workspaces', 'show', 'prod'], /resources: +1: 0 in sync, 1 drifted, 0 unknown/],
    [['resources', '--status', 'drifted'], /drifted +prod +aws_s3_bucket\.logs/],
    [
      ['resources', 'show', 'default/aws/-/-/s3-bucket/logs'],
      /prod aws_s3_bucket\.logs \(serial 1[\s\S]*Drifts: drf_1/,
    ],
    [['coverage'], /aws\/123456789012\/us-east-1\/aws_s3_bucket +unknown[\s\S]*throttled/],
    [['snapshots'], /failed +never +- +throttled/],
    [['topology'], /^flowchart LR\n$/],
    [['replay', 'dead-letters', '--list'], /DM_EVENT_UNDECODABLE +not a CloudTrail file/],
    [['replay', 'dead-letters'], /0 appended again\.\n.* was left: it did not come from a topic/],
    [['replay', 'projection', 'resources'], /resources is being filled anew/],
  ])('%j', async (argv, expected) => {
    const { out, code } = await cli(argv);
    expect(out).toMatch(expected);
    expect(code).toBe(0);
  });

  it('keys are made, listed and revoked; the key goes to standard output alone', async () => {
    const made = await cli([
      'keys',
      'create',
      '--name',
      'ci',
      '--scope',
      'read,metrics:read',
      '--for',
      '90d',
    ]);
    expect(made.out).toMatch(/^dmk_\S+\n$/);
    expect(made.err).toContain('not shown again');
    const [key] = await json<{ id: string; name: string; scopes: string[] }[]>('keys');
    expect(key).toMatchObject({ name: 'ci', scopes: ['read', 'metrics:read'] });
    expect((await cli(['keys', 'revoke', key!.id])).out).toContain('is revoked');
    expect((await cli(['keys'])).out).toMatch(/ci +read,metrics:read +all +never +revoked/);
  });
});

describe('watch', () => {
  it('prints what happens, and reads on after the server was away without missing anything', async () => {
    const stop = new AbortController();
    let connections = 0;
    let out = '';
    const watching = cli(['watch', '--output', 'json', '--kinds', 'drift'], {
      signal: stop.signal,
      out(text) {
        out += text;
      },
      sleep: async () => undefined,
      fetch: async (input, init) => {
        connections++;
        const answer = await fetch(input, init);
        return connections === 1 ? cutAfterFirstDrift(answer) : answer;
      },
    });
    const ids = (): string[] =>
      out
        .split('\n')
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { data: { drift: { id: string } } }).data.drift.id);
    await expect.poll(() => connections).toBe(1);
    await expect.poll(() => harness.app.hasRoute({ method: 'GET', url: '/api/v1/events' })).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const told = (id: string) =>
      harness.append(
        ...driftEvents('drift.opened', driftOf({ id, objectKey: 'default/aws/-/-/s3-bucket/w' })),
      );
    await told('drf_w1');
    await told('drf_w2');
    await expect.poll(ids).toContain('drf_w2');
    await told('drf_w3');
    await expect.poll(ids).toEqual(['drf_w1', 'drf_w2', 'drf_w3']);
    expect(connections).toBeGreaterThan(1);
    stop.abort();
    await watching;
  });

  it('with a key that does not work ends at once', async () => {
    const { err, code } = await cli(['watch', '--key', 'wrong']);
    expect(code).toBe(1);
    expect(err).toContain('dm_unauthenticated');
  });
});

/** The connection breaks within the stream, right after the first drift. */
function cutAfterFirstDrift(answer: Response): Response {
  const text = new TextDecoder();
  const cut = answer.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk);
        if (text.decode(chunk).includes('event: drift')) controller.terminate();
      },
    }),
  );
  return new Response(cut, { status: answer.status, headers: answer.headers });
}

describe('errors say what happened and what to do', () => {
  it.each([
    [['drifts', 'show', 'none'], /There is no drift none\. \(dm_not_found\)/],
    [['drifts', '--url', 'http://127.0.0.1:1'], /no answer from http:\/\/127\.0\.0\.1:1\n.*driftmgr up/],
    [['drifts', '--url', 'localhost'], /--url must begin with http/],
    [['drifts', '--key', 'wrong'], /dm_unauthenticated[\s\S]*DRIFTMGR_API_KEY/],
    [['drifts', '--severity', 'terrible'], /Choose from critical, high/],
    [['drifts', '--limit', '0'], /whole number/],
    [['drifts', 'accept', 'x', '--reason', 'r', '--for', 'ever'], /90m, 12h, 7d or 2w/],
    [
      ['drifts', 'accept', 'x', '--reason', 'r', '--for', '1d', '--until', '2030-01-01'],
      /cannot be used with/,
    ],
    [['drifts', 'accept', 'x'], /--reason/],
    [['nonsense'], /unknown command 'nonsense'/],
    [['resources', 'show', 'x', '--at', 'yesterday'], /2026-01-31T12:00:00Z/],
  ])('%j', async (argv, expected) => {
    const { out, err, code } = await cli(argv);
    expect(err).toMatch(expected);
    expect([out, code]).toEqual(['', 1]);
  });

  it('names the key file when there is no key at all', async () => {
    const { err } = await run(['drifts'], { environment: { DRIFTMGR_URL: environment.DRIFTMGR_URL } });
    expect(err).toContain('.driftmgr/admin.key');
  });

  it('takes the key the server left in its data directory', async () => {
    const asked: string[] = [];
    const { code } = await run(['drifts'], {
      environment: { DRIFTMGR_URL: environment.DRIFTMGR_URL, DRIFTMGR_DATA: '/data' },
      adminKey: (directory) => {
        asked.push(directory);
        return environment.DRIFTMGR_API_KEY!;
      },
    });
    expect([code, asked]).toEqual([0, ['/data']]);
  });

  it('shows all mistakes of a request, and the correlation id of a defect', async () => {
    const answers = (status: number, problem: object): Partial<Io> => ({
      fetch: async () =>
        new Response(
          JSON.stringify({ status, detail: 'd', code: 'dm_x', correlationId: 'c-1', ...problem }),
          {
            status,
            headers: { 'content-type': 'application/problem+json' },
          },
        ),
    });
    const two = {
      errors: [
        { path: 'query.a', message: 'is missing' },
        { path: 'query.b', message: 'is wrong' },
      ],
    };
    expect((await cli(['drifts'], answers(400, two))).err).toContain(
      '2 mistakes:\n  query.a is missing\n  query.b is wrong',
    );
    expect((await cli(['drifts'], answers(500, {}))).err).toContain('correlation id: c-1');
  });
});

describe('the help', () => {
  it('of every command has a description and an example', async () => {
    const paths = [
      [],
      ...[
        'drifts',
        'resources',
        'workspaces',
        'coverage',
        'snapshots',
        'keys',
        'watch',
        'topology',
        'replay',
      ].map((name) => [name]),
      ...['show', 'acknowledge', 'accept'].map((name) => ['drifts', name]),
    ];
    for (const path of paths) {
      const { out, code } = await cli([...path, '--help']);
      expect([path, code]).toEqual([path, 0]);
      expect(out).toMatch(/Examples?:\n +\$ driftmgr/);
    }
  });
});

describe('commands of who composes', () => {
  const withCommand = (action: () => Promise<void>) =>
    run(['scan'], {}, () => [new Command('scan').description('Scan once').action(action)]);

  it('end with the code they choose', async () => {
    const ran = await withCommand(async () => {
      throw new ExitCode(2);
    });
    expect([ran.code, ran.err]).toEqual([2, '']);
  });

  it('have their errors said like all others', async () => {
    const mistaken = await withCommand(async () => {
      throw new Mistake('no state was named', 'Name one: --state FILE');
    });
    expect([mistaken.code, mistaken.err]).toEqual([
      1,
      'error: no state was named\n  Name one: --state FILE\n',
    ]);
    const locked = await withCommand(async () => {
      throw new DriftError('pid 12', {
        code: 'DM_DATA_LOCKED',
        retriable: false,
        public: 'Another process uses ./x.',
      });
    });
    expect(locked.err).toBe('error: Another process uses ./x. (dm_data_locked)\n');
  });
});
