import * as grpc from '@grpc/grpc-js';
import { EngineClient } from '@pulumi/pulumi/proto/engine_grpc_pb';
import { LogRequest, LogSeverity } from '@pulumi/pulumi/proto/engine_pb';

/** `status` is shown beside its resource while that is under way, and forgotten afterwards. */
export type Severity = 'debug' | 'status' | 'info' | 'warning' | 'error';
export type Log = (severity: Severity, message: string) => void;

const severities: Readonly<Record<Severity, LogSeverity>> = {
  debug: LogSeverity.DEBUG,
  status: LogSeverity.INFO,
  info: LogSeverity.INFO,
  warning: LogSeverity.WARNING,
  error: LogSeverity.ERROR,
};

/** Lines that the engine shows under the resource they belong to. */
export function connectLog(
  engineAddress: string | undefined,
): (severity: Severity, message: string, urn: string) => void {
  if (engineAddress === undefined)
    return (severity, message) => process.stderr.write(`${severity}: ${message}\n`);
  const engine = new EngineClient(engineAddress, grpc.credentials.createInsecure());
  let last = Promise.resolve();
  return (severity, message, urn) => {
    const request = new LogRequest()
      .setSeverity(severities[severity])
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(severity === 'status');
    // One after the other, or the engine shows them in any order. A line that it no longer takes (it is going away)
    // must not fail the operation that wrote it.
    last = last.then(() => new Promise((done) => engine.log(request, () => done())));
  };
}
