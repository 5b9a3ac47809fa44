import * as grpc from '@grpc/grpc-js';
import { ResourceProviderService } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as messages from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { Any } from 'google-protobuf/google/protobuf/any_pb';
import { Struct, type JavaScriptValue } from 'google-protobuf/google/protobuf/struct_pb';
import { exitWithParent } from '../engine/parent';

/** A resource exists but is not what was asked for: the engine keeps it, with this state, as failed. */
export class ResourceInitFailed extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly properties: object,
    /** What the engine takes as the inputs that were carried out. Defaults to those of the program. */
    readonly inputs?: object,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Answers the engine that started this process, and ends with it. */
export function serveEngine(service: grpc.UntypedServiceImplementation): void {
  const server = new grpc.Server({
    'grpc.max_receive_message_length': -1,
    'grpc.max_send_message_length': -1,
  });
  server.addService(ResourceProviderService, service);
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    // The engine reads the port from the first line of standard output.
    process.stdout.write(`${port}\n`);
  });
  exitWithParent();
}

/** A gRPC method by a function of the request that returns, or promises, the response. */
export function unary<Request, Response>(
  respond: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, answer) => {
    Promise.resolve(call.request)
      .then(respond)
      .then(
        (response) => answer(null, response),
        (error: unknown) => answer(failure(error)),
      );
  };
}

/** The properties of a message. */
export function fromStruct(message: Struct | undefined): Record<string, JavaScriptValue> {
  return message?.toJavaScript() ?? {};
}

/** Properties as a message; a Struct is JSON, and going through its text drops what is undefined, at any depth. */
export function toStruct(values: object): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(values)) as Record<string, JavaScriptValue>);
}

/** What a program gave that cannot be, by property. */
export function checkFailures(
  failures: readonly { readonly property: string; readonly reason: string }[],
): messages.CheckFailure[] {
  return failures.map(({ property, reason }) =>
    new messages.CheckFailure().setProperty(property).setReason(reason),
  );
}

function failure(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof ResourceInitFailed) {
    const detail = new messages.ErrorResourceInitFailed()
      .setId(error.id)
      .setProperties(toStruct(error.properties))
      .setReasonsList([message]);
    if (error.inputs !== undefined) detail.setInputs(toStruct(error.inputs));
    const wrapped = new Any();
    wrapped.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const status = new Status().setCode(grpc.status.UNKNOWN).setMessage(message).setDetailsList([wrapped]);
    metadata.add('grpc-status-details-bin', Buffer.from(status.serializeBinary()));
  }
  return { code: grpc.status.UNKNOWN, details: message, metadata };
}
