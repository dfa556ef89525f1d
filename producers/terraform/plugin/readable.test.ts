import { describe, expect, it } from 'vitest';
import { parseSource } from './find/source.ts';
import { whyNotConfigurable, whyNotRead } from './readable.ts';

describe('what is not asked of a provider', () => {
  it('reads that hand out secrets, unless the type is allowed by name', () => {
    expect(whyNotRead('aws_secretsmanager_secret_version', new Set())).toMatch(/allow the type/);
    expect(
      whyNotRead('aws_secretsmanager_secret_version', new Set(['aws_secretsmanager_secret_version'])),
    ).toBeNull();
    expect(whyNotRead('aws_secretsmanager_secret', new Set())).toBeNull();
  });

  it('providers whose configuration comes from other resources, unless the binding has one of its own', () => {
    const kubernetes = parseSource('hashicorp/kubernetes')!;
    expect(whyNotConfigurable(kubernetes, [], [])).toMatch(
      /^provider not configurable: hashicorp\/kubernetes is told/,
    );
    expect(whyNotConfigurable(kubernetes, [], ['token', 'host'])).toMatch(
      /takes host, token from other resources/,
    );
    expect(whyNotConfigurable(kubernetes, ['host', 'token'], [])).toBeNull();
    expect(whyNotConfigurable(parseSource('aws')!, [], [])).toBeNull();
  });
});
