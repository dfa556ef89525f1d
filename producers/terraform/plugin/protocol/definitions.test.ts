import { describe, expect, it } from 'vitest';
import { PROTOCOL_VERSIONS, providerService } from './definitions.ts';

const BOTH = [
  'GetResourceIdentitySchemas',
  'UpgradeResourceState',
  'ReadResource',
  'ImportResourceState',
  'ListResource',
];

describe('the definitions of the plugin protocol', () => {
  it.each(PROTOCOL_VERSIONS)('version %i holds every call the host makes', (version) => {
    const service = providerService(version);
    const own =
      version === 5
        ? ['GetSchema', 'PrepareProviderConfig', 'Configure', 'Stop']
        : ['GetProviderSchema', 'ValidateProviderConfig', 'ConfigureProvider', 'StopProvider'];
    for (const name of [...BOTH, ...own])
      expect(service[name]?.path).toBe(`/tfplugin${version}.Provider/${name}`);
    expect(service.ListResource!.responseStream).toBe(true);
  });

  it('messages keep bytes, numbers and the names of the definition', () => {
    const method = providerService(6).ReadResource!;
    const sent = method.requestSerialize({
      type_name: 'pretend_thing',
      current_state: { msgpack: Buffer.from([0x80]) },
      private: Buffer.from('opaque'),
    });
    expect(method.requestDeserialize(sent)).toMatchObject({
      type_name: 'pretend_thing',
      current_state: { msgpack: Buffer.from([0x80]) },
      private: Buffer.from('opaque'),
      provider_meta: null,
    });
  });
});
