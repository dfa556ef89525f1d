// The gRPC methods of both protocol versions over one provider: names and messages differ, what they do does not.
import type { ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
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

export function handlersOf(
  provider: PretendProvider,
  version: ProtocolVersion,
): UntypedServiceImplementation {
  const schema = method(() => {
    const { provider: own, resources, data } = provider.schemas();
    return {
      provider: own,
      resource_schemas: resources,
      data_source_schemas: data,
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
