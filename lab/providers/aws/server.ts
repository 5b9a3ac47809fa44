import type * as grpc from '@grpc/grpc-js';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb.js';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import type { IResourceProviderServer } from '@pulumi/pulumi/proto/provider_grpc_pb';
import * as proto from '@pulumi/pulumi/proto/provider_pb';
import { checkFailures, fromStruct, serveEngine, toStruct, unary } from '../engineWire';
import { sealSecrets } from '../values';
import { errorText } from './call';
import { topLevel, type Change } from './compare';
import { readConfiguration } from './configuration';
import { NotReady, type AwsProvider } from './provider';

/** The version that the program's SDK asks for. */
export const providerVersion = '7.48.0';

/**
 * Serves the provider to the engine. Not by `serveProvider`: its resources differ in what that leaves out, which is
 * detailed diffs, random seeds and timeouts.
 */
export function serve(provider: AwsProvider): void {
  serveEngine({ ...handlers(provider) });
}

type Handlers = Pick<
  IResourceProviderServer,
  | 'getPluginInfo'
  | 'attach'
  | 'getSchema'
  | 'checkConfig'
  | 'diffConfig'
  | 'configure'
  | 'check'
  | 'diff'
  | 'create'
  | 'read'
  | 'update'
  | 'delete'
  | 'invoke'
  | 'cancel'
>;

function handlers(provider: AwsProvider): Handlers {
  return {
    getPluginInfo: answer(() => {
      const info = new PluginInfo();
      info.setVersion(providerVersion);
      return info;
    }),
    attach: answer(() => new Empty()),
    getSchema: answer(() => {
      const response = new proto.GetSchemaResponse();
      response.setSchema(JSON.stringify({ name: 'aws', version: providerVersion }));
      return response;
    }),
    checkConfig: answer((request: proto.CheckRequest) => {
      const news = fromStruct(request.getNews());
      const response = new proto.CheckResponse();
      response.setInputs(toStruct(news));
      response.setFailuresList(checkFailures(readConfiguration(news).failures));
      return response;
    }),
    diffConfig: answer((request: proto.DiffRequest) => {
      const [before, after] = [fromStruct(request.getOldInputs()), fromStruct(request.getNews())];
      const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
        (name) => name !== 'version' && JSON.stringify(before[name]) !== JSON.stringify(after[name]),
      );
      // Resources stay where they are: another region is another provider.
      const changes = names.map((path) => ({ path, kind: 'update' as const, replaces: path === 'region' }));
      return diffResponse(changes, false);
    }),
    configure: answer((request: proto.ConfigureRequest) => {
      provider.configure(fromStruct(request.getArgs()));
      const response = new proto.ConfigureResponse();
      response.setSupportspreview(true);
      // Without accepting secrets: the engine then marks by itself what came from a secret.
      return response;
    }),
    check: answer((request: proto.CheckRequest) => {
      const { inputs, failures } = provider.check(
        request.getType(),
        request.getName(),
        request.getRandomseed_asU8(),
        fromStruct(request.getOlds()),
        fromStruct(request.getNews()),
      );
      const response = new proto.CheckResponse();
      response.setInputs(toStruct(inputs));
      response.setFailuresList(checkFailures(failures));
      return response;
    }),
    diff: answer((request: proto.DiffRequest) => {
      const before = { state: fromStruct(request.getOlds()), inputs: fromStruct(request.getOldInputs()) };
      const target = { type: request.getType(), id: request.getId() };
      const news = fromStruct(request.getNews());
      const { changes, deleteFirst } = provider.diff(target, before, news, request.getIgnorechangesList());
      return diffResponse(changes, deleteFirst);
    }),
    create: answer(async (request: proto.CreateRequest) => {
      const type = request.getType();
      const options = { preview: request.getPreview(), timeoutSeconds: request.getTimeout() };
      const { id, state } = await provider.create(type, fromStruct(request.getProperties()), options);
      const response = new proto.CreateResponse();
      response.setId(id);
      response.setProperties(toStruct(sealSecrets(state, provider.secretNames(type))));
      return response;
    }),
    read: answer(async (request: proto.ReadRequest) => {
      const target = { type: request.getType(), id: request.getId() };
      const [state, inputs] = [fromStruct(request.getProperties()), fromStruct(request.getInputs())];
      const found = await provider.read(target, state, inputs);
      const response = new proto.ReadResponse();
      // An empty id says that the resource is gone.
      if (found === undefined) return response;
      const secrets = provider.secretNames(target.type);
      response.setId(found.id);
      response.setProperties(toStruct(sealSecrets(found.state, secrets)));
      response.setInputs(toStruct(sealSecrets(found.inputs, secrets)));
      return response;
    }),
    update: answer(async (request: proto.UpdateRequest) => {
      const target = { type: request.getType(), id: request.getId() };
      const before = { state: fromStruct(request.getOlds()), inputs: fromStruct(request.getOldInputs()) };
      const options = { preview: request.getPreview(), timeoutSeconds: request.getTimeout() };
      const news = fromStruct(request.getNews());
      const state = await provider.update(target, before, news, options, request.getIgnorechangesList());
      const response = new proto.UpdateResponse();
      response.setProperties(toStruct(sealSecrets(state, provider.secretNames(target.type))));
      return response;
    }),
    delete: answer(async (request: proto.DeleteRequest) => {
      const target = { type: request.getType(), id: request.getId() };
      await provider.delete(target, fromStruct(request.getProperties()), request.getTimeout());
      return new Empty();
    }),
    invoke: answer(async (request: proto.InvokeRequest) => {
      const { result, secrets, failures } = await provider.invoke(
        request.getTok(),
        fromStruct(request.getArgs()),
      );
      const response = new proto.InvokeResponse();
      response.setReturn(toStruct(sealSecrets(result, secrets)));
      response.setFailuresList(checkFailures(failures));
      return response;
    }),
    cancel: answer(() => {
      provider.cancel();
      return new Empty();
    }),
  };
}

/** A gRPC method whose error begins with AWS's code. */
function answer<Request, Response>(
  work: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return unary(async (request: Request) => {
    try {
      return await work(request);
    } catch (error) {
      throw error instanceof NotReady ? error : new Error(errorText(error), { cause: error });
    }
  });
}

const kinds = {
  add: [proto.PropertyDiff.Kind.ADD, proto.PropertyDiff.Kind.ADD_REPLACE],
  delete: [proto.PropertyDiff.Kind.DELETE, proto.PropertyDiff.Kind.DELETE_REPLACE],
  update: [proto.PropertyDiff.Kind.UPDATE, proto.PropertyDiff.Kind.UPDATE_REPLACE],
} as const;

function diffResponse(changes: readonly Change[], deleteFirst: boolean): proto.DiffResponse {
  const response = new proto.DiffResponse();
  const { DIFF_SOME, DIFF_NONE } = proto.DiffResponse.DiffChanges;
  response.setChanges(changes.length > 0 ? DIFF_SOME : DIFF_NONE);
  response.setDiffsList([...new Set(changes.map(({ path }) => topLevel(path)))]);
  const replaces = changes.filter((change) => change.replaces).map(({ path }) => topLevel(path));
  response.setReplacesList([...new Set(replaces)]);
  response.setDeletebeforereplace(replaces.length > 0 && deleteFirst);
  response.setHasdetaileddiff(true);
  for (const { path, kind, replaces: replacing } of changes) {
    const property = new proto.PropertyDiff();
    property.setKind(kinds[kind][replacing ? 1 : 0]);
    property.setInputdiff(true);
    response.getDetaileddiffMap().set(path, property);
  }
  return response;
}
