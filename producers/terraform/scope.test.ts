import { describe, expect, it } from 'vitest';
import { parseProvider } from './address.ts';
import { bindingsFor, createScopes } from './scope.ts';
import { AWS } from './testing/states.ts';

const NOWHERE = { account: null, region: null };
const HERE = { account: '111111111111', region: 'eu-west-1' };

describe('bindings', () => {
  const binding = { workspace: '*', provider: 'aws', ...HERE };
  const told = (more: object, address = AWS, workspace = 'prod') =>
    bindingsFor(workspace, [{ ...binding, ...more }])(address);

  it('count in workspaces whose name the glob matches, slashes or not', () => {
    expect(told({})).toEqual(HERE);
    expect(told({}, AWS, 'net/dev')).toEqual(HERE);
    expect(told({ workspace: 'net/*' }, AWS, 'net/dev')).toEqual(HERE);
    expect(told({ workspace: 'net/*' })).toEqual(NOWHERE);
  });

  it('without an alias are for the configuration without one, with `*` for all, in modules too', () => {
    expect(told({}, `${AWS}.eu`)).toEqual(NOWHERE);
    expect(told({ alias: 'eu' }, `${AWS}.eu`)).toEqual(HERE);
    expect(told({ alias: 'eu' })).toEqual(NOWHERE);
    expect(told({ alias: '*' }, `module.x.${AWS}.eu`)).toEqual(HERE);
    expect(told({}, `module.x.${AWS}`)).toEqual(HERE);
    expect(told({ provider: 'google' })).toEqual(NOWHERE);
    expect(told({ provider: `${AWS}.eu` }, `${AWS}.eu`)).toEqual(HERE);
  });

  it('complete each other, the first one that tells winning', () => {
    const of = bindingsFor('prod', [
      { workspace: 'prod', provider: 'aws', region: 'us-east-1' },
      { ...binding },
    ]);
    expect(of(AWS)).toEqual({ account: '111111111111', region: 'us-east-1' });
  });
});

describe('the scope of an instance', () => {
  const none = () => NOWHERE;
  it('is what it tells itself, else what its siblings agree on, else what is configured', () => {
    const scopes = createScopes();
    scopes.see(AWS, { account: '222222222222', region: null });
    expect(scopes.resolve(AWS, { account: '333333333333', region: 'us-west-2' }, () => HERE)).toEqual({
      account: '333333333333',
      region: 'us-west-2',
    });
    expect(scopes.resolve(AWS, NOWHERE, () => HERE)).toEqual({
      account: '222222222222',
      region: 'eu-west-1',
    });
    expect(scopes.resolve(`${AWS}.other`, NOWHERE, none)).toEqual(NOWHERE);
  });

  it('is not told by siblings that disagree, not even when a third agrees with one', () => {
    const scopes = createScopes();
    for (const region of ['us-east-1', 'eu-west-1', 'us-east-1']) scopes.see(AWS, { account: '1', region });
    expect(scopes.resolve(AWS, NOWHERE, none)).toEqual({ account: '1', region: null });
  });
});

it('provider addresses of all ages are understood', () => {
  expect(parseProvider(AWS)).toEqual({ name: 'aws', alias: null });
  expect(parseProvider(`module.a["x"].${AWS}.eu`)).toEqual({ name: 'aws', alias: 'eu' });
  expect(parseProvider('provider["registry.opentofu.org/hashicorp/aws"]')).toEqual({
    name: 'aws',
    alias: null,
  });
  expect(parseProvider('provider.aws')).toEqual({ name: 'aws', alias: null });
  expect(parseProvider('module.a.provider.aws.eu')).toEqual({ name: 'aws', alias: 'eu' });
  for (const other of ['', 'aws', 'provider[""]', 'provider["x/"]'])
    expect(parseProvider(other), other).toBeNull();
});
