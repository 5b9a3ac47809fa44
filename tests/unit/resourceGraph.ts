import { createRequire } from 'node:module';
import * as pulumi from '@pulumi/pulumi';
import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb';
import type { MockCallArgs, MockResourceArgs } from '@pulumi/pulumi/runtime';

/** A module of the SDK itself; its types leave out what it calls internal. */
const sdk = createRequire(__filename)('@pulumi/pulumi/runtime/debuggable') as {
  debuggablePromise: <T>(promise: Promise<T>, about: unknown) => Promise<T>;
};
const { debuggablePromise } = sdk;
/**
 * The SDK notes where each promise was made, in case that it is never settled, and to find that by the source maps of
 * the tests takes longer than all the rest of a graph. An error of a program keeps its own stack.
 */
sdk.debuggablePromise = (promise, about) => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return debuggablePromise(promise, about);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** A resource that a program registered, with its inputs as the engine would get them. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  /** Names of the inputs that the engine is told to keep secret. */
  readonly secretInputs: readonly string[];
  /** One that exists already, which is read by its id and not made. */
  readonly isRead?: true;
}

/** What the engine is told of a resource beside its inputs. */
export interface Options {
  /** As `TYPE NAME`: what it is made after and deleted before. */
  readonly dependsOn: readonly string[];
  readonly ignoreChanges: readonly string[];
  /** As `TYPE NAME`: where that is deleted too, this one's deletion does nothing. */
  readonly deletedWith: string;
}

/** Stands in for the engine: records what is registered and answers with the inputs and a few computed properties. */
export class ResourceGraph {
  readonly resources: Registered[] = [];
  private readonly options = new Map<string, Options>();

  /** The functions that were called, with what they were asked. */
  readonly calls: { readonly token: string; readonly inputs: Record<string, unknown> }[] = [];

  /** `answers`: what functions give, and what resources of a type have beside what is told below, by their tokens. */
  constructor(private readonly answers: Readonly<Record<string, Record<string, unknown>>> = {}) {
    void pulumi.runtime.setMocks(
      {
        newResource: (args) => this.register(args),
        call: (args) => {
          this.calls.push({ token: args.token, inputs: plain(args.inputs) });
          return answers[args.token] ?? answer(args);
        },
      },
      'emqx-haproxy',
      'unit',
      false,
    );
    this.recordOptions();
  }

  /** The only resource with this type and name. */
  one(type: string, name: string): Registered {
    const found = this.resources.filter((resource) => resource.type === type && resource.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(
        `${found.length} resources ${type} named ${name}; there are: ${this.namesOf(type).join(', ')}`,
      );
    return only;
  }

  optionsOf(type: string, name: string): Options {
    const found = this.options.get(`${type} ${name}`);
    if (found === undefined) throw new Error(`no resource ${type} named ${name}`);
    return found;
  }

  /** Everything that a resource waits for, directly or through others, as `TYPE NAME`. */
  ancestorsOf(type: string, name: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const visit = (key: string) => {
      for (const next of this.options.get(key)?.dependsOn ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
    };
    visit(`${type} ${name}`);
    return seen;
  }

  namesOf(type: string): readonly string[] {
    return this.resources.filter((resource) => resource.type === type).map(({ name }) => name);
  }

  /** The mocks are told of inputs alone. */
  private recordOptions(): void {
    const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, callback) => {
      this.options.set(`${request.getType()} ${request.getName()}`, {
        dependsOn: request.getDependenciesList().map(keyOf),
        ignoreChanges: request.getIgnorechangesList(),
        deletedWith: keyOf(request.getDeletedwith()),
      });
      return register(request, callback);
    };
  }

  private register(args: MockResourceArgs): { id: string; state: Record<string, unknown> } {
    const inputs = plain(args.inputs);
    const isRead = args.id !== undefined && args.id !== '';
    this.resources.push({
      type: args.type,
      name: args.name,
      inputs: Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, opened(value)])),
      secretInputs: Object.keys(inputs).filter((key) => isEnvelope(inputs[key])),
      ...(isRead ? { isRead } : {}),
    });
    const id = isRead ? String(args.id) : `${args.name}-id`;
    return { id, state: { ...inputs, ...computed(args, id), ...this.answers[args.type] } };
  }
}

interface MockMonitor {
  registerResource(request: RegisterResourceRequest, callback: unknown): unknown;
}

/** urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME */
function keyOf(urn: string): string {
  const [, , types = '', name = ''] = urn.split('::');
  return `${types.split('$').at(-1) ?? ''} ${name}`;
}

/** Registers everything, waits until it is, and gives the graph back. */
export async function graphOf(
  program: () => unknown,
  answers?: Readonly<Record<string, Record<string, unknown>>>,
): Promise<ResourceGraph> {
  const graph = new ResourceGraph(answers);
  await program();
  await settled();
  return graph;
}

/** What a program that is refused says; fails when it is not. */
export async function refusalOf(program: () => unknown): Promise<string> {
  const graph = new ResourceGraph();
  try {
    program();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    // A component registers itself before it looks at its arguments.
    await settled();
  }
  throw new Error(`the program was not refused, and made ${graph.resources.length} resources`);
}

/** The value of an Output in a test. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => {
      // An Output's value is unwrapped already; the SDK's type cannot say so for a T that is unknown here.
      resolve(value);
    });
  });
}

export async function isSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  return pulumi.isSecret(output);
}

async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
}

/** The SDK types a mock's inputs as any. */
function plain(inputs: unknown): Record<string, unknown> {
  return inputs as Record<string, unknown>;
}

/** The engine's mark of a secret value. */
const secretSignature = '4dabf18193072939515e22adb298388d';

function isEnvelope(value: unknown): value is { readonly value: unknown } {
  return typeof value === 'object' && value !== null && secretSignature in value;
}

function opened(value: unknown): unknown {
  return isEnvelope(value) ? value.value : value;
}

function computed(args: MockResourceArgs, id: string): Record<string, unknown> {
  const arn = `arn:aws:mock:eu-central-1:123456789012:${id}`;
  switch (args.type) {
    case 'aws:ec2/eip:Eip':
      return { publicIp: '198.51.100.10', allocationId: id };
    case 'aws:secretsmanager/secretVersion:SecretVersion':
      return { arn, versionId: `${id}-1` };
    case 'tls:index/privateKey:PrivateKey':
      return {
        privateKeyPem: `${args.name} pem`,
        privateKeyPemPkcs8: `${args.name} pkcs8`,
        privateKeyOpenssh: `${args.name} openssh`,
        publicKeyOpenssh: `ssh-ed25519 ${args.name}\n`,
      };
    case 'tls:index/selfSignedCert:SelfSignedCert':
    case 'tls:index/locallySignedCert:LocallySignedCert':
      return { certPem: pem('CERTIFICATE', args.name) };
    case 'tls:index/certRequest:CertRequest':
      return { certRequestPem: `${args.name} request` };
    case 'random:index/randomPassword:RandomPassword':
      return { result: `${args.name}-value` };
    default:
      return { arn, name: args.name, keyName: args.name };
  }
}

function pem(kind: string, content: string): string {
  return `-----BEGIN ${kind}-----\n${Buffer.from(content).toString('base64')}\n-----END ${kind}-----\n`;
}

function answer(args: MockCallArgs): Record<string, unknown> {
  const { name } = plain(args.inputs);
  switch (args.token) {
    case 'aws:index/getRegion:getRegion':
      return { region: 'eu-central-1' };
    case 'aws:index/getPartition:getPartition':
      return { partition: 'aws', dnsSuffix: 'amazonaws.com' };
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] };
    case 'aws:ssm/getParameter:getParameter':
      return { insecureValue: `ami for ${String(name)}` };
    case 'aws:ec2/getInstances:getInstances':
    case 'aws:ec2/getNetworkInterfaces:getNetworkInterfaces':
      return { ids: [] };
    case 'aws:ec2/getSubnet:getSubnet':
      return { availabilityZone: 'eu-central-1a' };
    default:
      throw new Error(`unexpected call of ${args.token}`);
  }
}
