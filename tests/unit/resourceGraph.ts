import * as pulumi from '@pulumi/pulumi';
import type { MockCallArgs, MockResourceArgs } from '@pulumi/pulumi/runtime';

/** A resource that a program registered, with its inputs as the engine would get them. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Stands in for the engine: records what is registered and answers with the inputs and a few computed properties. */
export class ResourceGraph {
  readonly resources: Registered[] = [];

  constructor() {
    void pulumi.runtime.setMocks(
      {
        newResource: (args) => this.register(args),
        call: (args) => answer(args),
      },
      'emqx-haproxy',
      'unit',
      false,
    );
  }

  /** The only resource with this type and name. */
  one(type: string, name: string): Registered {
    const found = this.resources.filter((resource) => resource.type === type && resource.name === name);
    const [only] = found;
    if (only === undefined || found.length > 1)
      throw new Error(`${found.length} resources ${type} named ${name}; there are: ${this.namesOf(type).join(', ')}`);
    return only;
  }

  namesOf(type: string): readonly string[] {
    return this.resources.filter((resource) => resource.type === type).map(({ name }) => name);
  }

  private register(args: MockResourceArgs): { id: string; state: Record<string, unknown> } {
    this.resources.push({ type: args.type, name: args.name, inputs: args.inputs as Record<string, unknown> });
    const id = `${args.name}-id`;
    return { id, state: { ...args.inputs, ...computed(args, id) } };
  }
}

/** Registers everything, waits until it is, and gives the graph back. */
export async function graphOf(program: () => unknown): Promise<ResourceGraph> {
  const graph = new ResourceGraph();
  program();
  await settled();
  return graph;
}

/** The value of an Output in a test. */
export async function valueOf<T>(output: pulumi.Output<T>): Promise<pulumi.Unwrap<T>> {
  return new Promise((resolve) => output.apply((value) => resolve(value)));
}

export async function isSecret(output: pulumi.Output<unknown>): Promise<boolean> {
  return pulumi.isSecret(output);
}

async function settled(): Promise<void> {
  await pulumi.runtime.disconnect();
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
      return { certPem: `-----BEGIN CERTIFICATE-----\n${args.name}\n-----END CERTIFICATE-----\n` };
    case 'tls:index/certRequest:CertRequest':
      return { certRequestPem: `${args.name} request` };
    case 'random:index/randomPassword:RandomPassword':
      return { result: `${args.name}-value` };
    default:
      return { arn, name: args.name, keyName: args.name };
  }
}

function answer(args: MockCallArgs): Record<string, unknown> {
  switch (args.token) {
    case 'aws:index/getRegion:getRegion':
      return { region: 'eu-central-1' };
    case 'aws:index/getAvailabilityZones:getAvailabilityZones':
      return { names: ['eu-central-1a', 'eu-central-1b', 'eu-central-1c'] };
    case 'aws:ssm/getParameter:getParameter':
      return { insecureValue: `ami for ${String(args.inputs['name'])}` };
    case 'aws:ec2/getSubnet:getSubnet':
      return { availabilityZone: 'eu-central-1a' };
    default:
      throw new Error(`unexpected call of ${args.token}`);
  }
}
