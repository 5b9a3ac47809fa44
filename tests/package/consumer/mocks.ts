import * as pulumi from '@pulumi/pulumi';

/** What was registered with the engine, and the providers that functions were asked of. */
export const made: {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
  readonly provider: string;
}[] = [];
export const asked = new Set<string>();

/** Stands in for the engine and AWS: answers with the inputs and a few computed properties. */
void pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs, provider }) => {
    made.push({ type, name, inputs, provider: provider ?? 'none' });
    const computed = {
      'aws:ec2/eip:Eip': { publicIp: '198.51.100.10', allocationId: `${name}-id` },
      'awsx:ec2:Vpc': {
        vpcId: 'vpc-1',
        publicSubnetIds: ['subnet-public-a', 'subnet-public-b'],
        privateSubnetIds: ['subnet-private-a', 'subnet-private-b'],
      },
      'random:index/randomPassword:RandomPassword': { result: 'random' },
      'tls:index/privateKey:PrivateKey': { publicKeyOpenssh: 'ssh-ed25519 key', privateKeyPemPkcs8: 'key' },
      'tls:index/selfSignedCert:SelfSignedCert': { certPem: pem(name) },
      'tls:index/locallySignedCert:LocallySignedCert': { certPem: pem(name) },
    }[type];
    return { id: `${name}-id`, state: { ...inputs, arn: `arn:aws:mock:::${name}`, ...computed } };
  },
  call: ({ token, provider }) => {
    asked.add(provider ?? 'none');
    return token.endsWith('getRegion')
      ? { region: 'eu-west-1' }
      : { insecureValue: 'ami-1', availabilityZone: 'eu-west-1a', ids: [] };
  },
});

function pem(name: string): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString('base64')}\n-----END CERTIFICATE-----\n`;
}
