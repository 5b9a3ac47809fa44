import * as grpc from '@grpc/grpc-js';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb.js';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { Status } from '@pulumi/pulumi/proto/status_pb';
import { errorText } from './call';
import type { Failure } from './check';
import { NotReady } from './provider';
import type { Properties, Value } from './shape';

/** How the engine marks a value as a secret. */
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

/** The properties of a message. */
export function fromStruct(struct: Struct | undefined): Properties {
  // A Struct holds JSON values and nothing else.
  return struct?.toJavaScript() ?? {};
}

/** Properties as a message; what is undefined is left out, since protobuf has no word for it. */
export function toStruct(properties: Properties): Struct {
  return Struct.fromJavaScript(JSON.parse(JSON.stringify(properties)) as Record<string, never>);
}

/** The properties with those of the given names marked as secret. */
export function sealed(properties: Properties, names: readonly string[]): Properties {
  const marked = names.flatMap((name): [string, Value][] => {
    const value = properties[name];
    return value === undefined ? [] : [[name, { [signatureKey]: secretSignature, value }]];
  });
  return { ...properties, ...Object.fromEntries(marked) };
}

export function checkFailures(failures: readonly Failure[]): proto.CheckFailure[] {
  return failures.map(({ property, reason }) => {
    const failure = new proto.CheckFailure();
    failure.setProperty(property);
    failure.setReason(reason);
    return failure;
  });
}

/** An error for the engine; of a resource that exists and is not ready it records what there is. */
export function grpcError(error: unknown): grpc.ServiceError {
  const message = errorText(error);
  const metadata = new grpc.Metadata();
  if (error instanceof NotReady) {
    const detail = new proto.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(toStruct(error.state));
    detail.setInputs(toStruct(error.inputs));
    detail.setReasonsList([error.message]);
    const packed = new Any();
    packed.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
    const status = new Status();
    status.setCode(grpc.status.UNKNOWN);
    status.setMessage(error.message);
    status.addDetails(packed);
    metadata.add('grpc-status-details-bin', Buffer.from(status.serializeBinary()));
  }
  return Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message, metadata });
}
