// The gRPC methods of both protocol versions over one provider: names and messages differ, what they do does not.
import type {
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { ProtocolVersion } from '../../plugin/protocol/definitions.ts';
import { type Diagnostic, diagnosticOf, type PretendProvider } from './provider.ts';

interface Request {
  type_name: string;
  config: Bytes;
  current_state: Bytes;
  prior_state: Bytes;
  proposed_new_state: Bytes;
  planned_state: Bytes;
  private: Uint8Array;
  prior_private: Uint8Array;
  planned_private: Uint8Array;
  id: string;
  version: number;
  raw_state: { json: Uint8Array } | null;
  terraform_version: string;
  include_resource_object: boolean;
  limit: number;
}
interface Bytes {
  msgpack: Uint8Array;
  json: Uint8Array;
}
type Answer = Record<string, unknown>;

/** What it keeps beside every resource's state, and gets back with it: opaque to everyone else. */
const OWN = Buffer.from('{"pretend":"1"}');
const privateOf = (given: Uint8Array): Uint8Array => (given.length > 0 ? given : OWN);
/** Bytes that are empty and bytes that are not there differ to Terraform: its state would have changed. */
const kept = (given: Uint8Array): { private?: Uint8Array } => (given.length > 0 ? { private: given } : {});

/** Trouble is a diagnostic in the answer, never an error of gRPC: Terraform then says which resource it is about. */
const method =
  (
    perform: (request: Request) => Answer | Promise<Answer>,
    onTrouble: (request: Request) => Answer = () => ({}),
  ) =>
  async (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>): Promise<void> => {
    try {
      callback(null, await perform(call.request));
    } catch (error) {
      const diagnostics: Diagnostic[] = [diagnosticOf(error)];
      callback(null, { ...onTrouble(call.request), diagnostics });
    }
  };

const LIST = 'ListResource';
/** What a listing is configured with: nothing. */
const NOTHING = { version: 0, block: { attributes: [], block_types: [] } };

/** `lists`: tells that it can list every type, which Terraform's versions before 1.14 do not know. */
export function handlersOf(
  provider: PretendProvider,
  version: ProtocolVersion,
  lists: boolean,
): UntypedServiceImplementation {
  const schema = method(() => {
    const { provider: own, resources, data } = provider.schemas();
    return {
      provider: own,
      resource_schemas: resources,
      data_source_schemas: data,
      list_resource_schemas: lists
        ? Object.fromEntries(Object.keys(resources).map((name) => [name, NOTHING]))
        : {},
      server_capabilities: { get_provider_schema_optional: true },
    };
  });
  const configure = method(async (request) => {
    await provider.configure(request.config, request.terraform_version);
    return {};
  });
  const valid = method(() => ({}));
  const stop = (_: unknown, callback: sendUnaryData<Answer>): void => {
    provider.stop();
    callback(null, {});
  };
  const list = async (call: ServerWritableStream<Request, Answer>): Promise<void> => {
    const { type_name, limit, include_resource_object } = call.request;
    try {
      for (const { name, object } of await provider.list(type_name, limit))
        call.write({ display_name: name, resource_object: include_resource_object ? object : null });
    } catch (error) {
      call.write({ display_name: '', diagnostic: [diagnosticOf(error)] });
    }
    call.end();
  };
  const either: UntypedServiceImplementation = {
    PlanResourceChange: method((request) => {
      const { planned, replace } = provider.plan(
        request.type_name,
        request.prior_state,
        request.proposed_new_state,
      );
      return {
        planned_state: planned,
        requires_replace: replace.map((name) => ({ steps: [{ attribute_name: name }] })),
        planned_private: privateOf(request.prior_private),
      };
    }),
    // What is not done leaves the state as it was: a resource whose change failed is still there.
    ApplyResourceChange: method(
      async (request) => ({
        new_state: await provider.apply(request.type_name, request.prior_state, request.planned_state),
        ...kept(request.planned_private),
      }),
      (request) => ({ new_state: request.prior_state, ...kept(request.planned_private) }),
    ),
    ReadResource: method(
      async (request) => ({
        new_state: await provider.read(request.type_name, request.current_state),
        ...kept(request.private),
      }),
      (request) => ({ new_state: request.current_state, ...kept(request.private) }),
    ),
    ImportResourceState: method((request) => ({
      imported_resources: [
        {
          type_name: request.type_name,
          state: provider.import(request.type_name, request.id),
          private: OWN,
        },
      ],
    })),
    UpgradeResourceState: method((request) => ({
      upgraded_state: provider.upgrade(
        request.type_name,
        request.version,
        request.raw_state?.json ?? new Uint8Array(),
      ),
    })),
    ...(lists ? { [LIST]: list } : {}),
    ReadDataSource: method(async (request) => ({ state: await provider.readData(request.type_name) })),
  };
  return version === 5
    ? {
        ...either,
        GetSchema: schema,
        PrepareProviderConfig: method((request) => ({ prepared_config: request.config })),
        ValidateResourceTypeConfig: valid,
        ValidateDataSourceConfig: valid,
        Configure: configure,
        Stop: stop,
      }
    : {
        ...either,
        GetProviderSchema: schema,
        ValidateProviderConfig: valid,
        ValidateResourceConfig: valid,
        ValidateDataResourceConfig: valid,
        ConfigureProvider: configure,
        StopProvider: stop,
      };
}
