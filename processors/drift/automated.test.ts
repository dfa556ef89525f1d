// A secret's value that was replaced is one drift with the reason why nobody can say how it differs; where that is what a
// rotation is for, it is recorded and ignored.
import { describe, expect, it } from 'vitest';
import { changeReported, declared, readFailed, statePublished } from '../../runtime/testing/events.ts';
import type { Actor, Event } from '../../schemas/index.ts';
import { at, type Given, given, minute } from './testing/given.ts';

const KEY = 'default/aws/123456789012/us-east-1/secret/db';
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf';
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:rotate-db';
const here = (offset: number) => ({ ...at(offset), objectKey: KEY });
const resource = (type: string, resourceId: string, attributes: string): Event =>
  declared({ type, resourceId, address: `${type}.db`, attributes }, here(0));
const VERSION = resource('aws_secretsmanager_secret_version', `${ARN}|v1`, '{}');
const SECRET = resource('aws_secretsmanager_secret', ARN, '{}');
const ROTATION = resource(
  'aws_secretsmanager_secret_rotation',
  ARN,
  JSON.stringify({ rotation_lambda_arn: FUNCTION }),
);
const by = (actor: Partial<Actor>): Actor => ({ ...changeReported().body.actor, ...actor });
const replaced = (offset: number, actor: Partial<Actor>, eventId = `e${offset}`): Event =>
  changeReported(
    {
      operation: 'PutSecretValue',
      targets: [{ type: 'aws_secretsmanager_secret_version', id: null }],
      actor: by({ eventIds: [eventId], ...actor }),
      providerEventId: eventId,
    },
    here(offset),
  );
const ALICE = { via: 'console', name: 'alice', certainty: 'high' } as const;
const SERVICE = { via: 'service', name: 'Rotation', session: 'Rotation', certainty: 'high' } as const;
const LAMBDA = { via: 'sdk', name: 'rotate-db', session: 'rotate-db', certainty: 'high' } as const;
const versions = (detector: Given) =>
  detector.open().filter(({ type }) => type === 'aws_secretsmanager_secret_version');
const withReads = (...events: Event[]): Given => {
  const detector = given({ reads: true });
  detector.inputs([SECRET, VERSION, ...events, statePublished({}, at(0))]);
  return detector;
};

describe('a secret whose value was replaced', () => {
  it('by a person is one drift, unverified with the reason once the read was refused', () => {
    const detector = withReads();
    detector.input(replaced(minute, ALICE));
    detector.input(
      readFailed(
        {
          type: 'aws_secretsmanager_secret_version',
          resourceId: `${ARN}|v1`,
          address: 'aws_secretsmanager_secret_version.db',
          code: 'reads-a-secret',
          reason: 'reading it returns a secret: allow the type to have it read',
        },
        here(minute + 1),
      ),
    );
    expect(detector.open()).toMatchObject([
      {
        type: 'aws_secretsmanager_secret_version',
        confidence: 'unverified',
        ignoredBy: null,
        note: expect.stringContaining('allow the type'),
        actors: [{ name: 'alice', operations: ['PutSecretValue'] }],
      },
    ]);
  });

  it.each([
    ['by a service itself', SERVICE, []],
    ['by the function of the rotation that is declared beside it', LAMBDA, [ROTATION]],
  ])('%s is recorded and ignored, however often', (_, actor, beside) => {
    const detector = withReads(...beside);
    detector.inputs([replaced(minute, actor), replaced(2 * minute, actor), replaced(3 * minute, actor)]);
    expect(versions(detector)).toMatchObject([{ ignoredBy: 'aws.co-managed.secret-rotation' }]);
    expect(versions(detector)).toHaveLength(1);
  });

  it.each([
    ['by that function where no rotation is declared', LAMBDA, []],
    ['by another function', { ...LAMBDA, name: 'other', session: 'other' }, [ROTATION]],
    [
      'by who is called like the function, in the console',
      { ...LAMBDA, via: 'console' as const },
      [ROTATION],
    ],
    ['by what only may be a service', { ...SERVICE, certainty: 'low' as const }, [ROTATION]],
  ])('%s counts', (_, actor, beside) => {
    const detector = withReads(...beside);
    detector.input(replaced(minute, actor));
    expect(versions(detector)).toMatchObject([{ ignoredBy: null }]);
  });

  it('by a rotation and then by a person counts, whichever is heard of first', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const detector = withReads();
      const both = [replaced(minute, SERVICE), replaced(2 * minute, ALICE)];
      detector.inputs(order.map((i) => both[i]!));
      expect(versions(detector)).toMatchObject([{ ignoredBy: null, actors: [{}, { name: 'alice' }] }]);
    }
  });
});
