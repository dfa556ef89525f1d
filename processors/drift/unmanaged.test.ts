import { describe, expect, it } from 'vitest';
import {
  changeReported,
  declared,
  eventOf,
  observed,
  statePublished,
  TEST_TIME,
  vanished,
  withdrawn,
} from '../../runtime/testing/events.ts';
import type { Event } from '../../schemas/index.ts';
import { namesOf } from './rows.ts';
import { A, at, given, minute, second, state } from './testing/given.ts';

const change = (
  verb: 'create' | 'delete',
  offset: number,
  via: 'console' | 'terraform' | 'service' = 'console',
) =>
  changeReported(
    { verb, operation: `${verb}Bucket`, providerEventId: `${verb}-${offset}`, actor: { via } },
    at(offset),
  );
const rules = (body: { completeAccounts?: string[]; rules?: object[] }, offset = 0) =>
  eventOf(
    'rules.published',
    { completeAccounts: body.completeAccounts ?? [], rules: JSON.stringify(body.rules ?? []) },
    at(offset),
  );
const orders = <T>(items: T[]): T[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((item, i) =>
        orders([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
      );

describe('creations by hand', () => {
  it('are a suspected unmanaged drift', () => {
    const detector = given();
    detector.input(change('create', 0));
    expect(detector.open()).toMatchObject([
      {
        kind: 'unmanaged',
        confidence: 'suspected',
        workspace: null,
        resourceId: 'logs',
        actors: [{ name: 'alice' }],
      },
    ]);
  });

  it('end as removed by what deleted them, in any order of arrival, with the same id', () => {
    const deletion = change('delete', minute);
    const ids = orders([change('create', 0), deletion]).map((order) => {
      const detector = given();
      detector.inputs(order);
      expect(detector.drifts()).toMatchObject([
        { kind: 'unmanaged', status: 'resolved', resolution: 'removed', resolvedBy: deletion.id },
      ]);
      return detector.drifts()[0]?.id;
    });
    expect(new Set(ids).size).toBe(1);
  });

  it('created, deleted and created again is unmanaged', () => {
    for (const order of orders([
      change('create', 0),
      change('delete', minute),
      change('create', 2 * minute),
    ])) {
      const detector = given();
      detector.inputs(order);
      expect(detector.open()).toMatchObject([{ kind: 'unmanaged', status: 'open' }]);
    }
  });

  it('deleted, and seen again as they were, are unmanaged, whether changes or sights are heard of first', () => {
    const changes = [change('create', 0), change('delete', 2 * minute)];
    const sights = [1, 3].map((moment) => observed({ attributes: A }, at(moment * minute)));
    for (const order of orders<Event[]>([changes, sights])) {
      const detector = given();
      detector.inputs(order.flat());
      detector.advanceTo(TEST_TIME + 10 * minute);
      expect(detector.open()).toMatchObject([{ kind: 'unmanaged', status: 'open' }]);
    }
  });

  it('are adopted when a state declares them, in any order of arrival', () => {
    for (const order of orders<Event[]>([[change('create', 0)], state(A, minute)])) {
      const detector = given();
      detector.inputs(order.flat());
      expect(detector.open()).toEqual([]);
      expect(detector.drifts()).toMatchObject([{ kind: 'unmanaged', resolution: 'adopted' }]);
    }
  });

  it('that name several types are one drift, whichever a state declares, in any order of arrival', () => {
    const targets = ['aws_lb', 'aws_alb', 'aws_other'].map((type) => ({ type, id: 'logs' }));
    const creation = changeReported({ verb: 'create', targets }, at(0));
    for (const { type } of targets)
      for (const order of orders<Event[]>([
        [creation],
        [declared({ type }, at(minute)), statePublished({}, at(minute))],
      ])) {
        const detector = given();
        detector.inputs(order.flat());
        expect(detector.drifts()).toMatchObject([
          { kind: 'unmanaged', type: 'aws_lb', resolution: 'adopted' },
        ]);
      }
  });

  it('of what a state file declares are out-of-band writes too: nothing says when it was written', () => {
    const detector = given();
    detector.inputs([...state(A, minute, 1, false), change('create', 0)]);
    expect(detector.open()).toMatchObject([{ kind: 'modified', confidence: 'suspected' }]);
  });

  it('by Terraform open nothing, even with no state that contains them', () => {
    const detector = given();
    detector.input(change('create', 0, 'terraform'));
    expect(detector.drifts()).toEqual([]);
  });

  it('by a service are labelled with it and ignored', () => {
    const detector = given();
    detector.input(change('create', 0, 'service'));
    expect(detector.open()).toMatchObject([{ ignoredBy: 'owned by alice', actors: [{ via: 'service' }] }]);
  });

  it('end as removed when they are proven gone', () => {
    const detector = given();
    detector.inputs([change('create', 0), vanished({}, at(minute))]);
    expect(detector.drifts()).toMatchObject([{ kind: 'unmanaged', resolution: 'removed' }]);
  });
});

describe('calls by hand that make something or write over it', () => {
  /** As the feed tells them: what they touched was updated, and this may have been made. */
  const put = (offset: number, via: 'console' | 'terraform' | 'service' = 'console') => {
    const policy = { type: 'aws_s3_bucket_policy', id: 'logs/policy' };
    const targets = [policy, { type: 'aws_s3_bucket', id: 'logs' }];
    const providerEventId = `put-${offset}`;
    const operation = 'PutBucketPolicy';
    return (['update', 'create'] as const).map((verb) =>
      changeReported({ verb, operation, providerEventId, targets, actor: { via } }, at(offset)),
    );
  };
  const removal = (offset: number) =>
    changeReported(
      {
        verb: 'delete',
        operation: 'DeleteBucketPolicy',
        providerEventId: `removal-${offset}`,
        targets: [{ type: 'aws_s3_bucket_policy', id: 'logs/policy' }],
      },
      at(offset),
    );
  const policyState = [
    declared(
      { type: 'aws_s3_bucket_policy', resourceId: 'logs/policy', address: 'aws_s3_bucket_policy.logs' },
      at(minute),
    ),
    statePublished({}, at(minute)),
  ];

  it('are a suspected unmanaged drift where neither that nor what holds it is declared', () => {
    const detector = given();
    detector.inputs(put(0));
    expect(detector.drifts()).toMatchObject([
      { kind: 'unmanaged', confidence: 'suspected', type: 'aws_s3_bucket_policy', resourceId: 'logs/policy' },
    ]);
  });

  it('end as removed by what removed it, in any order of arrival', () => {
    for (const order of orders<Event[]>([put(0), [removal(minute)]])) {
      const detector = given();
      detector.inputs(order.flat());
      expect(detector.drifts()).toMatchObject([
        { kind: 'unmanaged', resolution: 'removed', resolvedBy: removal(minute).id },
      ]);
    }
  });

  it('are judged under the declared object that holds it, which was not made by them', () => {
    for (const pushed of [true, false]) {
      const detector = given();
      detector.inputs([
        ...state(A, minute, 1, pushed),
        ...put(2 * minute),
        ...state(A, 3 * minute, 2, pushed),
      ]);
      expect(detector.open()).toMatchObject([
        {
          kind: 'modified',
          confidence: 'suspected',
          type: 'aws_s3_bucket',
          actors: [{ eventIds: ['put-120000'] }],
        },
      ]);
    }
  });

  it('are a suspected write on what is declared, also when the state is newer', () => {
    const detector = given();
    detector.inputs([...policyState, ...put(0)]);
    expect(detector.open()).toMatchObject([
      {
        kind: 'modified',
        confidence: 'suspected',
        type: 'aws_s3_bucket_policy',
        actors: [{ name: 'alice' }],
      },
    ]);
  });

  it('are adopted when a state declares it, or what holds it, in any order of arrival', () => {
    for (const adopting of [policyState, state(A, minute)])
      for (const order of orders<Event[]>([put(0), adopting])) {
        const detector = given();
        detector.inputs(order.flat());
        expect(detector.drifts().filter(({ kind }) => kind === 'unmanaged')).toMatchObject([
          { resourceId: 'logs/policy', status: 'resolved', resolution: 'adopted' },
        ]);
      }
  });

  it('do not make what holds it unmanaged once that is no longer declared', () => {
    const detector = given();
    detector.inputs([...put(0), ...state(A, minute), withdrawn({}, at(2 * minute))]);
    expect(detector.drifts().filter(({ type }) => type === 'aws_s3_bucket')).toMatchObject([
      { kind: 'modified', status: 'resolved' },
    ]);
  });

  const whole = (offset: number, via: 'console' | 'terraform' = 'console') => change('delete', offset, via);

  it('end as removed by what deleted the object that held it, in any order of arrival', () => {
    for (const via of ['console', 'terraform'] as const)
      for (const order of orders<Event[]>([put(0), [whole(minute, via)]])) {
        const detector = given();
        detector.inputs(order.flat());
        expect(detector.drifts()).toMatchObject([
          {
            type: 'aws_s3_bucket_policy',
            kind: 'unmanaged',
            status: 'resolved',
            resolution: 'removed',
            resolvedBy: whole(minute, via).id,
          },
        ]);
      }
  });

  it('stand when the object that held it was deleted before, in any order of arrival', () => {
    for (const order of orders<Event[]>([[whole(0)], put(minute)])) {
      const detector = given();
      detector.inputs(order.flat());
      expect(detector.open()).toMatchObject([{ kind: 'unmanaged', type: 'aws_s3_bucket_policy' }]);
    }
  });

  it('end with the object that held it, and are adopted with it, long after their making is forgotten', () => {
    const day = 24 * 60 * minute;
    const endings: [Event[], string][] = [
      [[whole(day)], 'removed'],
      [state(A, day), 'adopted'],
    ];
    for (const [ending, resolution] of endings)
      for (const lost of [false, true]) {
        const detector = given();
        detector.inputs(put(0));
        detector.advanceTo(TEST_TIME + 12 * 60 * minute);
        if (lost) detector.rebuild({ compacted: true });
        detector.inputs(ending);
        expect(detector.drifts()).toMatchObject([
          { kind: 'unmanaged', status: 'resolved', resolution, resolvedAt: TEST_TIME + day },
        ]);
        // Nothing is remembered of what is over.
        const kept = Object.keys(detector.rows(detector.drifts()[0]!.objectKey)).map(
          (name) => namesOf(name)[0],
        );
        expect(kept.filter((kind) => kind === 'g' || kind === 'h')).toEqual([]);
      }
  });

  it('are still held by their object after years, and do not end by what deleted another', () => {
    const year = 365 * 24 * 60 * minute;
    const detector = given();
    detector.inputs(put(0));
    detector.advanceTo(TEST_TIME + 3 * year);
    const targets = [{ type: 'aws_s3_bucket_notification', id: 'logs' }];
    detector.input(changeReported({ verb: 'delete', targets, providerEventId: 'other' }, at(3 * year)));
    expect(detector.open()).toMatchObject([{ kind: 'unmanaged', status: 'open' }]);
    detector.input(whole(3 * year + minute));
    expect(detector.open()).toEqual([]);
  });

  it('do not end by a deletion from before they were made that is heard of late', () => {
    const detector = given();
    detector.inputs(put(minute));
    detector.advanceTo(TEST_TIME + 12 * 60 * minute);
    detector.input(whole(0));
    expect(detector.open()).toMatchObject([{ kind: 'unmanaged', status: 'open' }]);
  });

  it('by Terraform open nothing, by a service are labelled with it and ignored', () => {
    const detector = given();
    detector.inputs(put(0, 'terraform'));
    expect(detector.drifts()).toEqual([]);
    detector.inputs(put(minute, 'service'));
    expect(detector.open()).toMatchObject([{ kind: 'unmanaged', ignoredBy: 'owned by alice' }]);
  });
});

describe('what a complete account holds and no state declares', () => {
  const complete = rules({ completeAccounts: ['aws/123456789012'] });

  it('is inventory, not drift, until the account is complete', () => {
    const detector = given({ graceMs: 0 });
    detector.input(observed({ attributes: A }, at(second)));
    expect(detector.drifts()).toEqual([]);
    detector.input(rules({ completeAccounts: ['aws/123456789012'] }, minute));
    expect(detector.open()).toMatchObject([
      { kind: 'unmanaged', confidence: 'confirmed', observedAsOf: TEST_TIME + second },
    ]);
  });

  it('waits for a state that comes to declare it', () => {
    const detector = given();
    detector.inputs([complete, observed({ attributes: A }, at(second)), ...state(A, 30 * second)]);
    detector.runOut();
    expect(detector.drifts()).toEqual([]);
  });

  it('ends as adopted when it is declared, and as removed when it is gone', () => {
    const adopted = given({ graceMs: 0 });
    adopted.inputs([complete, observed({ attributes: A }, at(second)), ...state(A, minute)]);
    expect(adopted.drifts()).toMatchObject([{ resolution: 'adopted' }]);
    const removed = given({ graceMs: 0 });
    removed.inputs([complete, observed({ attributes: A }, at(second)), vanished({}, at(minute))]);
    expect(removed.drifts()).toMatchObject([{ resolution: 'removed' }]);
  });

  it('that something owns carries its owner and is ignored', () => {
    const detector = given({ graceMs: 0 });
    detector.inputs([complete, observed({ attributes: A, ownedBy: 'autoscaling group web' }, at(second))]);
    expect(detector.open()).toMatchObject([{ ignoredBy: 'owned by autoscaling group web' }]);
  });

  it('is drift again when its state no longer declares it', () => {
    const detector = given({ graceMs: 0 });
    detector.inputs([
      complete,
      ...state(A),
      observed({ attributes: A }, at(second)),
      withdrawn({}, at(minute)),
    ]);
    expect(detector.open()).toMatchObject([{ kind: 'unmanaged', confidence: 'confirmed' }]);
  });
});

describe('contested', () => {
  const other = declared({ workspace: 'stage', attributes: A }, at(minute));

  it('two workspaces that declare one resource, in any order', () => {
    for (const order of orders<Event[]>([state(A), [other]])) {
      const detector = given();
      detector.inputs(order.flat());
      expect(detector.open()).toMatchObject([
        { kind: 'contested', workspace: null, note: 'declared by prod and stage' },
      ]);
    }
  });

  it('ends when one lets go', () => {
    const detector = given();
    detector.inputs([...state(A), other, withdrawn({ workspace: 'stage' }, at(2 * minute))]);
    expect(detector.drifts()).toMatchObject([
      { kind: 'contested', status: 'resolved', resolution: 'removed' },
    ]);
  });
});

describe('instances that move', () => {
  const B = '{"acl":"public"}';
  const drifted = [...state(A), observed({ attributes: B }, at(minute))];
  const next = declared(
    { address: 'aws_s3_bucket.new', previousAddress: 'aws_s3_bucket.logs', attributes: A, serial: 2 },
    at(2 * minute),
  );
  const gone = withdrawn({ reason: 'moved' }, at(2 * minute));

  it('keep their drift, at the new address', () => {
    for (const order of [
      [next, gone],
      [gone, next],
    ]) {
      const detector = given();
      detector.inputs([...drifted, ...order]);
      expect(detector.drifts()).toMatchObject([
        { kind: 'modified', status: 'open', address: 'aws_s3_bucket.new' },
      ]);
      detector.input(observed({ attributes: A }, at(3 * minute)));
      expect(detector.open()).toEqual([]);
    }
  });

  it('out of the state take their drifts along', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      withdrawn({}, at(2 * minute)),
      statePublished({ serial: 2 }, at(2 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ status: 'resolved', resolution: 'removed' }]);
  });

  it('to another object key leave no drift stranded on the old one', () => {
    const detector = given();
    const key = 'default/aws/123456789012/us-east-1/s3-bucket/logs';
    detector.inputs([
      ...drifted,
      eventOf(
        'resource.rekeyed',
        {
          workspace: 'prod',
          address: 'aws_s3_bucket.logs',
          type: 'aws_s3_bucket',
          resourceId: 'logs',
          toObjectKey: key,
          serial: 1,
        },
        at(2 * minute),
      ),
      declared({ attributes: A }, { ...at(2 * minute), objectKey: key }),
      observed({ attributes: B }, { ...at(3 * minute), objectKey: key }),
    ]);
    expect(detector.open()).toMatchObject([{ objectKey: key }]);
  });

  it('replaced under the same address end the drift of the one before', () => {
    const detector = given();
    detector.inputs([
      ...drifted,
      declared({ resourceId: 'logs-2', attributes: A, serial: 2 }, at(2 * minute)),
    ]);
    expect(detector.drifts()).toMatchObject([{ resourceId: 'logs', resolution: 'removed' }]);
  });
});

describe('published rules', () => {
  const B = '{"acl":"public"}';

  it('make a drift ignored, not unseen, and let go of it when they expire', () => {
    const until = new Date(TEST_TIME + 10 * minute).toISOString();
    const detector = given();
    detector.inputs([
      rules({ rules: [{ name: 'known', type: 'aws_s3_*', path: 'acl', reason: 'r', until }] }),
      ...state(A),
      observed({ attributes: B }, at(minute)),
    ]);
    expect(detector.open()).toMatchObject([{ ignoredBy: 'known' }]);
    detector.advanceTo(TEST_TIME + 11 * minute);
    expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
  });

  it('published later reach the drifts that stand', () => {
    const detector = given();
    detector.inputs([...state(A), observed({ attributes: B }, at(minute))]);
    expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
    detector.input(rules({ rules: [{ name: 'known', address: '*.logs', reason: 'r' }] }, 2 * minute));
    expect(detector.open()).toMatchObject([{ ignoredBy: 'known' }]);
    detector.input(rules({}, 3 * minute));
    expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
  });

  it('for one path do not cover a drift that differs in another', () => {
    const detector = given();
    detector.inputs([
      rules({ rules: [{ name: 'known', path: 'tags*', reason: 'r' }] }),
      ...state(A),
      observed({ attributes: B }, at(minute)),
    ]);
    expect(detector.open()).toMatchObject([{ ignoredBy: null }]);
  });
});
