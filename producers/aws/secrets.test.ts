// Another value of a secret is another version: whichever versions are declared are then no longer what it holds.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../schemas/index.ts';
import { attribution } from './attribution.ts';
import { type ChangeEvent, normalize } from './normalize.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf';
const VERSION = 'aws_secretsmanager_secret_version';

function changesOf(eventName: string, responseElements: JsonObject | null): ChangeEvent[] {
  const record = {
    eventVersion: '1.11',
    userIdentity: { type: 'IAMUser', arn: 'arn:aws:iam::123456789012:user/alice', userName: 'alice' },
    eventTime: '2026-01-01T00:00:00Z',
    eventSource: 'secretsmanager.amazonaws.com',
    eventName,
    awsRegion: 'eu-central-1',
    sourceIPAddress: '198.51.100.7',
    userAgent: 'aws-cli/2.27.1',
    requestParameters: { secretId: ARN },
    responseElements,
    eventID: 'b7c1d2f0-1d62-4b59-9a11-5f5f3c0f7d11',
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: '123456789012',
    eventCategory: 'Management',
  };
  const normalized = normalize(record, {
    org: 'default',
    attribution: attribution({ pipelines: [], applyIdentities: [] }),
  });
  if (!('changes' in normalized)) throw new Error(`${eventName} says nothing: ${JSON.stringify(normalized)}`);
  return normalized.changes;
}
const ofEach = (changes: readonly ChangeEvent[]): ChangeEvent[] =>
  changes.filter(({ body }) => body.targets.some(({ type, id }) => type === VERSION && id === null));

describe('a call on a secret', () => {
  it.each([
    ['PutSecretValue', { aRN: ARN, versionId: 'v2' }],
    ['UpdateSecret', { aRN: ARN, versionId: 'v2' }],
    ['UpdateSecretVersionStage', { aRN: ARN }],
  ])('%s that replaces its value concerns every declared version, by a change of its own', (name, answer) => {
    const changes = changesOf(name, answer);
    expect(ofEach(changes).map(({ body }) => [body.verb, body.targets])).toEqual([
      ['update', [{ type: VERSION, id: null }]],
    ]);
    expect(new Set(changes.map(({ id }) => id)).size).toBe(changes.length);
    expect(new Set(changes.map(({ objectKey }) => objectKey)).size).toBe(1);
  });

  it.each([
    ['UpdateSecret', { aRN: ARN }],
    ['UpdateSecret', null],
    ['TagResource', null],
    ['PutResourcePolicy', { aRN: ARN }],
  ])('%s that leaves its value concerns none', (name, answer) => {
    const changes = changesOf(name, answer);
    expect(changes.length).toBeGreaterThan(0);
    expect(changes.flatMap(({ body }) => body.targets).filter(({ type }) => type === VERSION)).toEqual([]);
  });
});
