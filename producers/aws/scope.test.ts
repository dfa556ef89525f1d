import { describe, expect, it } from 'vitest';
import { aws } from './index.ts';

const own = '123456789012';
const other = '999999999999';

describe('the account and region an instance tells of itself', () => {
  it('come from ARNs first, then from owner and zone', () => {
    expect(aws.scopeOf('aws_sns_topic', { arn: `arn:aws:sns:eu-west-1:${own}:news` })).toEqual({
      account: own,
      region: 'eu-west-1',
    });
    expect(aws.scopeOf('aws_subnet', { owner_id: own, availability_zone: 'eu-west-1b' })).toEqual({
      account: own,
      region: 'eu-west-1',
    });
    expect(aws.scopeOf('aws_s3_access_point', { account_id: own }).account).toBe(own);
  });

  it('are not those of the account that something is shared with', () => {
    for (const type of ['aws_snapshot_create_volume_permission', 'aws_ami_launch_permission'])
      expect(aws.scopeOf(type, { id: 'x', account_id: other }).account).toBeNull();
    expect(aws.scopeOf('aws_guardduty_member', { account_id: other }).account).toBeNull();
  });
});
