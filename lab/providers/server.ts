import { setMaxListeners } from 'node:events';
import type * as grpc from '@grpc/grpc-js';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import * as messages from '@pulumi/pulumi/proto/provider_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { withDeadline } from './deadline';
import { checkFailures, fromStruct, serveEngine, toStruct, unary } from './engineWire';
import { connectLog, type Log } from './log';
import type { Properties } from './values';

/** What a provider is told beside the properties of one operation. */
export interface Operation {
  /** In a preview nothing may be changed, and what is not known is `unknownValue`. */
  readonly preview: boolean;
  /** Aborted when the user interrupts the engine, and when the resource's customTimeouts say so. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

export interface CheckResult {
  readonly inputs?: Properties;
  readonly failures?: readonly { readonly property: string; readonly reason: string }[];
}

export interface DiffResult {
  readonly changes?: boolean;
  /** The properties that ask for a replacement. */
  readonly replaces?: readonly string[];
  /** The properties that changed. */
  readonly diffs?: readonly string[];
  readonly stables?: readonly string[];
  readonly deleteBeforeReplace?: boolean;
}

/**
 * A resource provider as the engine sees it. The shape is that of `pulumi.provider.Provider`, with what that leaves
 * out and a faithful preview needs: the provider's configuration, the resource's old inputs, and previews of creates
 * and updates (without them every output of a changed resource is unknown, and so is all that follows from it).
 */
export interface ResourceProvider {
  readonly version: string;
  configure?(configuration: Properties): Promise<void>;
  check(urn: string, olds: Properties, news: Properties): Promise<CheckResult>;
  diff(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
    oldInputs: Properties,
  ): Promise<DiffResult>;
  create(urn: string, inputs: Properties, operation: Operation): Promise<{ id: string; outs: Properties }>;
  /** Without it a refresh takes the state as it is. An empty id says that the resource is gone. */
  read?(id: string, urn: string, state: Properties, inputs: Properties): Promise<ReadResult>;
  update(
    id: string,
    urn: string,
    olds: Properties,
    news: Properties,
    operation: Operation,
  ): Promise<{ outs: Properties }>;
  delete(id: string, urn: string, state: Properties, operation: Operation): Promise<void>;
  invoke?(token: string, args: Properties): Promise<{ outputs: Properties }>;
}

export interface ReadResult {
  readonly id: string;
  readonly props?: Properties;
  readonly inputs?: Properties;
}

/** Serves a provider to the engine that started this process. */
export function serveProvider(provider: ResourceProvider): void {
  const cancelled = new AbortController();
  // The engine's address is the last: an option before it may have a value of its own.
  const log = connectLog(process.argv.slice(2).findLast((argument) => !argument.startsWith('-')));
  // One listener for each operation under way.
  setMaxListeners(0, cancelled.signal);
  const during: During = (request, preview, work) =>
    withDeadline(cancelled.signal, request.getTimeout(), (signal) =>
      work({
        preview,
        signal,
        log: (severity, message) => log(severity, message, request.getUrn()),
      }),
    );
  serveEngine({ ...lifeCycle(provider, cancelled), ...resources(provider, during) });
}

interface TimedRequest {
  getUrn(): string;
  getTimeout(): number;
}
type During = <T>(
  request: TimedRequest,
  preview: boolean,
  work: (operation: Operation) => Promise<T>,
) => Promise<T>;

function lifeCycle(
  provider: ResourceProvider,
  cancelled: AbortController,
): grpc.UntypedServiceImplementation {
  return {
    getPluginInfo: unary(() => new PluginInfo().setVersion(provider.version)),
    getSchema: unary(() => new messages.GetSchemaResponse().setSchema('{}')),
    attach: unary(() => new Empty()),
    cancel: unary(() => {
      cancelled.abort();
      return new Empty();
    }),
    configure: unary(async (request: messages.ConfigureRequest) => {
      await provider.configure?.(fromStruct(request.getArgs()));
      return new messages.ConfigureResponse()
        .setAcceptsecrets(true)
        .setSupportspreview(true)
        .setAcceptresources(false)
        .setAcceptoutputs(false);
    }),
    invoke: unary(async (request: messages.InvokeRequest) => {
      if (provider.invoke === undefined) throw new Error(`unknown function ${request.getTok()}`);
      const result = await provider.invoke(request.getTok(), fromStruct(request.getArgs()));
      return new messages.InvokeResponse().setReturn(toStruct(result.outputs));
    }),
  };
}

function resources(provider: ResourceProvider, during: During): grpc.UntypedServiceImplementation {
  return {
    check: unary(async (request: messages.CheckRequest) => {
      const news = fromStruct(request.getNews());
      const result = await provider.check(request.getUrn(), fromStruct(request.getOlds()), news);
      return new messages.CheckResponse()
        .setInputs(toStruct(result.inputs ?? news))
        .setFailuresList(checkFailures(result.failures ?? []));
    }),
    diff: unary(async (request: messages.DiffRequest) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const oldInputs = fromStruct(request.getOldInputs());
      return diffResponse(await provider.diff(request.getId(), request.getUrn(), olds, news, oldInputs));
    }),
    create: unary(async (request: messages.CreateRequest) => {
      const properties = fromStruct(request.getProperties());
      const result = await during(request, request.getPreview(), (operation) =>
        provider.create(request.getUrn(), properties, operation),
      );
      return new messages.CreateResponse().setId(result.id).setProperties(toStruct(result.outs));
    }),
    read: unary(async (request: messages.ReadRequest) => {
      const state = fromStruct(request.getProperties());
      const inputs = fromStruct(request.getInputs());
      const result = (await provider.read?.(request.getId(), request.getUrn(), state, inputs)) ?? {
        id: request.getId(),
      };
      return new messages.ReadResponse()
        .setId(result.id)
        .setProperties(toStruct(result.props ?? state))
        .setInputs(toStruct(result.inputs ?? inputs));
    }),
    update: unary(async (request: messages.UpdateRequest) => {
      const [olds, news] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
      const result = await during(request, request.getPreview(), (operation) =>
        provider.update(request.getId(), request.getUrn(), olds, news, operation),
      );
      return new messages.UpdateResponse().setProperties(toStruct(result.outs));
    }),
    delete: unary(async (request: messages.DeleteRequest) => {
      const state = fromStruct(request.getProperties());
      await during(request, false, (operation) =>
        provider.delete(request.getId(), request.getUrn(), state, operation),
      );
      return new Empty();
    }),
  };
}

function diffResponse(result: DiffResult): messages.DiffResponse {
  const { DIFF_NONE, DIFF_SOME, DIFF_UNKNOWN } = messages.DiffResponse.DiffChanges;
  return new messages.DiffResponse()
    .setChanges(result.changes === undefined ? DIFF_UNKNOWN : result.changes ? DIFF_SOME : DIFF_NONE)
    .setReplacesList([...(result.replaces ?? [])])
    .setDiffsList([...(result.diffs ?? [])])
    .setStablesList([...(result.stables ?? [])])
    .setDeletebeforereplace(result.deleteBeforeReplace ?? false);
}
