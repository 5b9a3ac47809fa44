import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { MqttPlatform } from 'emqx-haproxy';

/** A larger stack: it has a network and a provider of its own, and hands both on as Outputs. */
const providers = new Set<string>();
const types = new Set<string>();

void pulumi.runtime.setMocks({
  newResource: ({ type, name, inputs, provider }) => {
    types.add(type);
    if (type.startsWith('aws:')) providers.add(provider ?? 'none');
    const computed = {
      'aws:ec2/eip:Eip': { publicIp: '198.51.100.10', allocationId: `${name}-id` },
      'random:index/randomPassword:RandomPassword': { result: 'random' },
      'tls:index/privateKey:PrivateKey': { publicKeyOpenssh: 'ssh-ed25519 key', privateKeyPemPkcs8: 'key' },
      'tls:index/selfSignedCert:SelfSignedCert': { certPem: pem(name) },
      'tls:index/locallySignedCert:LocallySignedCert': { certPem: pem(name) },
    }[type];
    return { id: `${name}-id`, state: { ...inputs, arn: `arn:aws:mock:::${name}`, ...computed } };
  },
  call: ({ token, provider }) => {
    providers.add(provider ?? 'none');
    return token.endsWith('getRegion')
      ? { region: 'eu-west-1' }
      : { insecureValue: 'ami-1', availabilityZone: 'eu-west-1a', ids: [] };
  },
});

const provider = new aws.Provider('west', { region: 'eu-west-1' });
const vpc = new aws.ec2.Vpc('own', { cidrBlock: '10.1.0.0/16' }, { provider });
const subnet = new aws.ec2.Subnet('own', { vpcId: vpc.id, cidrBlock: '10.1.1.0/24' }, { provider });

const mqtt = new MqttPlatform(
  'mqtt',
  {
    network: {
      vpcId: vpc.id,
      vpcCidr: '10.1.0.0/16',
      balancerSubnets: [{ subnetId: subnet.id, cidr: '10.1.1.0/24' }],
      brokerSubnets: [{ subnetId: subnet.id, cidr: '10.1.1.0/24' }],
      egress: 'nat',
    },
    emqx: { brokers: 2, dashboardPassword: pulumi.secret('given') },
    ssh: { allowedCidrs: ['198.51.100.7/32'] },
    tags: { owner: vpc.id },
  },
  { provider },
);

mqtt.endpoints.apply((endpoints) => {
  process.on('exit', () => {
    process.stdout.write(JSON.stringify({ endpoints, providers: [...providers], types: types.size }));
  });
});

function pem(name: string): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(name).toString('base64')}\n-----END CERTIFICATE-----\n`;
}
