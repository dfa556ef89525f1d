// A plugin for tests of the host, as a process: it serves the protocol as asked, or misbehaves in one way.
// Usage: pretend-plugin.ts '{"protocol":5,"mode":"serve",…}'. What it serves: one type, `pretend_thing`.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { ownCertificate } from '../host/certificate.ts';
import { CONTROLLER, MAGIC_COOKIE, MAX_MESSAGE_BYTES, providerService } from '../protocol/definitions.ts';
import { decode } from '../values/decode.ts';
import { encode } from '../values/encode.ts';
import { type Attribute, type Block, typeOfBlock } from '../values/schema.ts';
import { NUMBER, STRING, type Type, typeToBytes } from '../values/type.ts';
import type { ValueObject } from '../values/value.ts';
import { schemaToWire } from '../values/wire-schema.ts';
import type { PretendOptions } from './pretend-options.ts';

const attribute = (name: string, of: Type, more: Partial<Attribute> = {}): Attribute => ({
  name,
  of,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  writeOnly: false,
  deprecated: false,
  ...more,
});
const block = (attributes: Attribute[]): Block => ({ attributes, blocks: [], deprecated: false });
const THING = block([
  attribute('id', STRING, { computed: true }),
  attribute('size', NUMBER),
  attribute('note', STRING),
]);
const PROVIDER = block([attribute('token', STRING, { sensitive: true }), attribute('region', STRING)]);
/** How often it was asked to check its configuration. */
const CHECKS = block([attribute('count', NUMBER, { computed: true })]);
const IDENTITY: Type = { kind: 'object', attributes: { id: STRING }, optional: [] };
const type = typeOfBlock(THING);

const options = JSON.parse(process.argv[2] ?? '{}') as PretendOptions;
const { protocol, mode } = options;
const crash = (): void => {
  process.stderr.write(`panic: nil map, token ${process.env.PRETEND_TOKEN}\n\ngoroutine 1\n`);
  process.kill(process.pid, 'SIGKILL');
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);

if (process.env[MAGIC_COOKIE.name] !== MAGIC_COOKIE.value) {
  process.stderr.write('This binary is a plugin.\n');
  process.exit(1);
}
if (mode === 'garbage') say(`Welcome! Your token is ${process.env.PRETEND_TOKEN}`);
if (mode === 'endless') setInterval(() => process.stdout.write('x'.repeat(100_000)), 5);
if (mode === 'old-protocol') say('1|4|unix|/nowhere|grpc|');
if (mode === 'old-handshake') say('2|5|unix|/nowhere|grpc|');
if (mode === 'netrpc') say('1|5|unix|/nowhere');
if (mode === 'open-port') say('1|5|tcp|127.0.0.1:35999|grpc|');
if (mode === 'ends') {
  process.stderr.write(
    `{"@level":"error","@message":"no such region, token ${process.env.PRETEND_TOKEN}"}\n`,
  );
  process.exit(3);
}
if (mode === 'serve') serve();
// Those that serve nothing wait to be ended.
else setInterval(() => {}, 1_000);

/** The fields of all requests that are served here. */
interface Fields {
  type_name: string;
  version: number;
  raw_state: { json: Buffer };
  config: { msgpack: Buffer };
  current_state: { msgpack: Buffer };
  private: Buffer;
  id: string;
  limit: number;
  include_resource_object: boolean;
}
type Answer = sendUnaryData<object>;
type Asked = ServerUnaryCall<Fields, object>;

const failure = (summary: string, detail = ''): object => ({
  diagnostics: [{ severity: 'ERROR', summary, detail }],
});

function serve(): void {
  if (options.ignoresTerm) process.on('SIGTERM', () => {});
  const version = options.schemaVersion ?? 1;
  const things = new Map<string, number>(Object.entries(options.things ?? {}));
  let configured: ValueObject | null = null;
  let checks = 0;

  const schema = (_: Asked, answer: Answer): void =>
    answer(
      null,
      options.schemaError
        ? failure('the schema is broken')
        : {
            provider: schemaToWire({ version: 0, block: PROVIDER }),
            resource_schemas: { pretend_thing: schemaToWire({ version, block: THING }) },
            data_source_schemas: { pretend_checks: schemaToWire({ version: 0, block: CHECKS }) },
            list_resource_schemas: options.lists
              ? { pretend_thing: schemaToWire({ version: 0, block: block([]) }) }
              : {},
            server_capabilities: { get_provider_schema_optional: true },
          },
    );
  const configure = ({ request }: Asked, answer: Answer): void => {
    configured = decode(typeOfBlock(PROVIDER), request.config) as ValueObject;
    answer(
      null,
      configured.token === 'worn-out-token'
        ? failure('Invalid credentials', `the token ${process.env.PRETEND_TOKEN} is expired`)
        : { diagnostics: [{ severity: 'WARNING', summary: 'region is deprecated', detail: '' }] },
    );
  };
  const upgrade = ({ request }: Asked, answer: Answer): void => {
    const attributes = JSON.parse(String(request.raw_state.json)) as ValueObject;
    answer(
      null,
      request.version > version
        ? failure('Resource instance managed by newer provider version')
        : { upgraded_state: encode(type, { size: null, note: null, ...attributes }) },
    );
  };
  const read = ({ request }: Asked, answer: Answer): void => {
    const state = decode(type, request.current_state) as ValueObject;
    const id = String(state.id);
    const size = things.get(id);
    const seen = size === undefined ? null : { ...state, size, note: String(configured?.region ?? null) };
    if (!configured) answer(null, failure('not configured'));
    else if (id === 'crash') setTimeout(crash, 30);
    else if (id === 'stuck')
      for (;;); // no event loop any more: nothing is answered, not even a sign of life
    else if (id === 'denied')
      answer(null, failure('AccessDenied', `${process.env.PRETEND_TOKEN} may not read it`));
    else if (id === 'not-a-value') answer(null, { new_state: { msgpack: Buffer.from([0x81, 0xa1]) } });
    else if (id !== 'hang')
      setTimeout(
        () =>
          answer(null, {
            new_state: encode(type, seen),
            private: Buffer.concat([request.private, Buffer.from('+')]),
          }),
        options.readMs ?? 0,
      );
  };
  const bring = ({ request: { id } }: Asked, answer: Answer): void => {
    const state = encode(type, { id, size: null, note: null });
    answer(
      null,
      things.has(id)
        ? { imported_resources: [{ type_name: 'pretend_thing', state, private: Buffer.from('imported') }] }
        : failure(`${id} does not exist`),
    );
  };
  const list = (call: ServerWritableStream<Fields, object>): void => {
    const { limit, include_resource_object } = call.request;
    for (const [id, size] of [...things].slice(0, limit || undefined))
      call.write({
        identity: { identity_data: encode(IDENTITY, { id }) },
        display_name: id,
        resource_object: include_resource_object ? encode(type, { id, size, note: null }) : null,
      });
    call.end();
  };
  const identities = (_: Asked, answer: Answer): void => {
    const attributes = [{ name: 'id', type: typeToBytes(STRING), required_for_import: true }];
    answer(null, { identity_schemas: { pretend_thing: { version: 0, identity_attributes: attributes } } });
  };
  const stop = (_: Asked, answer: Answer): void => answer(null, {});
  const refused = (_: Asked, answer: Answer): void =>
    answer({ code: 12, details: 'unknown method' } as never);

  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(providerService(protocol), {
    GetMetadata: refused,
    UpgradeResourceState: upgrade,
    ReadResource: read,
    ImportResourceState: bring,
    ReadDataSource: (_: Asked, answer: Answer) =>
      answer(null, { state: encode(typeOfBlock(CHECKS), { count: checks }) }),
    ...(options.lists ? { ListResource: list, GetResourceIdentitySchemas: identities } : {}),
    ...(protocol === 5
      ? {
          GetSchema: schema,
          Configure: configure,
          Stop: stop,
          PrepareProviderConfig: ({ request }: Asked, answer: Answer) => {
            checks++;
            answer(null, { prepared_config: request.config });
          },
        }
      : {
          GetProviderSchema: schema,
          ConfigureProvider: configure,
          StopProvider: stop,
          ValidateProviderConfig: (_: Asked, answer: Answer) => {
            checks++;
            answer(null, {});
          },
        }),
  } as never);
  server.addService(CONTROLLER, {
    Shutdown(_: Asked, answer: sendUnaryData<Buffer>) {
      answer(null, Buffer.alloc(0));
      if (!options.ignoresShutdown) setTimeout(() => process.exit(0), 10);
    },
  } as never);
  const folder = mkdtempSync(join(process.env.PLUGIN_UNIX_SOCKET_DIR ?? tmpdir(), 'p-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const socket = join(folder, 's');
  const own = options.secure ? ownCertificate(Date.now()) : null;
  const credentials = own
    ? ServerCredentials.createSsl(
        Buffer.from(process.env.PLUGIN_CLIENT_CERT ?? ''),
        [{ cert_chain: Buffer.from(own.certificate), private_key: Buffer.from(own.key) }],
        true,
      )
    : ServerCredentials.createInsecure();
  const shown = own ? new X509Certificate(own.certificate).raw.toString('base64').replace(/=+$/, '') : '';
  server.bindAsync(`unix:${socket}`, credentials, (failed) => {
    if (failed) throw failed;
    process.stderr.write(`{"@level":"info","@message":"serving with ${process.env.PRETEND_TOKEN}"}\n`);
    say(`1|${protocol}|unix|${socket}|grpc|${shown}`);
  });
}
