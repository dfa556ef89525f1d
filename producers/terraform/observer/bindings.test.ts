import { describe, expect, it } from 'vitest';
import { bindingsOf, type ReaderRow } from './bindings.ts';
import { fromEnvironment } from './from-environment.ts';

const AWS = 'provider["registry.terraform.io/hashicorp/aws"]';
const row = (more: Partial<ReaderRow>): ReaderRow => ({
  workspace: '*',
  provider: 'aws',
  environment: {},
  configuration: {},
  allow: [],
  ...more,
});
const whose = { workspace: 'team/prod', account: null, region: null };
const found = (rows: Partial<ReaderRow>[], address = AWS, of: Partial<typeof whose> = {}): number | null =>
  bindingsOf(rows.map(row)).find({ ...whose, ...of } as typeof whose, address)?.number ?? null;

describe('which reader serves an instance', () => {
  it.each([
    ['aws', AWS, true],
    ['hashicorp/aws', AWS, true],
    ['registry.terraform.io/hashicorp/aws', AWS, true],
    [AWS, AWS, true],
    ['registry.opentofu.org/hashicorp/aws', AWS, false],
    ['acme/aws', AWS, false],
    ['aws', 'provider["example.com/acme/aws"]', true],
    ['google', AWS, false],
    ['aws', `module.net.${AWS}`, true],
    ['aws', 'provider.aws', true],
    ['aws', `${AWS}.west`, false],
    [`${AWS}.west`, `${AWS}.west`, true],
    ['aws', 'nonsense', false],
  ])('%s serves %s: %s', (provider, address, serves) => {
    expect(found([{ provider }], address)).toBe(serves ? 0 : null);
  });

  it('an alias only where it is named, or any is meant', () => {
    expect(found([{ alias: 'west' }], `${AWS}.west`)).toBe(0);
    expect(found([{ alias: 'west' }], AWS)).toBeNull();
    expect(found([{ alias: '*' }], `${AWS}.east`)).toBe(0);
    expect(found([{ alias: '*' }], AWS)).toBe(0);
  });

  it('the first row that fits: by workspace, and by account and region where both are known', () => {
    const rows = [
      { workspace: 'staging*' },
      { account: '111111111111', region: 'eu-west-1' },
      { account: '222222222222' },
      { workspace: 'team/*' },
    ];
    expect(found(rows, AWS, { account: '111111111111', region: 'eu-west-1' } as never)).toBe(1);
    expect(found(rows, AWS, { account: '222222222222', region: 'us-east-1' } as never)).toBe(2);
    expect(found(rows, AWS, { account: '111111111111', region: 'us-east-1' } as never)).toBe(3);
    expect(found(rows, AWS)).toBe(1);
    expect(found(rows, AWS, { workspace: 'staging-1' })).toBe(0);
  });

  it('tells what can be read at all, by the names that declarations say', () => {
    const { readable } = bindingsOf([
      row({ workspace: 'prod*', provider: 'hashicorp/google' }),
      row({ provider: `${AWS}.west` }),
    ]);
    expect(readable('prod-1', 'google')).toBe(true);
    expect(readable('staging', 'google')).toBe(false);
    expect(readable('staging', 'aws')).toBe(true);
    expect(readable('prod-1', 'azurerm')).toBe(false);
    expect(bindingsOf([]).readable('prod', 'aws')).toBe(false);
  });
});

describe('credentials of a reader', () => {
  it('are taken from our environment where a value is $NAME, at any depth; all else stays as it is', () => {
    const given = {
      environment: {
        AWS_SECRET_ACCESS_KEY: '$PROD_SECRET',
        AWS_REGION: 'eu-west-1',
        PRICE: '$5',
        TEXT: 'a$B',
      },
      configuration: {
        token: '$TOKEN',
        assume_role: [{ role_arn: 'arn:x', external_id: '$EXTERNAL' }],
        n: 3,
      },
    };
    expect(fromEnvironment(given, { PROD_SECRET: 's1', TOKEN: 't1', EXTERNAL: 'e1', OTHER: 'o' })).toEqual({
      environment: { AWS_SECRET_ACCESS_KEY: 's1', AWS_REGION: 'eu-west-1', PRICE: '$5', TEXT: 'a$B' },
      configuration: { token: 't1', assume_role: [{ role_arn: 'arn:x', external_id: 'e1' }], n: 3 },
    });
  });

  it('all that are missing are named, and none of those that are there', () => {
    const given = { environment: { A: '$ONE', B: '$TWO' }, configuration: { c: '$THREE' } };
    expect(() => fromEnvironment(given, { TWO: 'value-of-two', THREE: '' })).toThrow(
      /ONE, THREE.*they are not set/,
    );
    expect(() => fromEnvironment(given, { TWO: 'value-of-two' })).not.toThrow(/value-of-two/);
  });
});
