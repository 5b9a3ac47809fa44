import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { MqttPlatform } from 'emqx-haproxy';
import { asked, made } from './mocks';

/** A larger stack: it has a network and a provider of its own, and hands both on as Outputs. */
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
    const used = made.filter(({ type }) => type.startsWith('aws:')).map(({ provider }) => provider);
    const providers = [...new Set([...used, ...asked])];
    process.stdout.write(
      JSON.stringify({ endpoints, providers, types: new Set(made.map(({ type }) => type)).size }),
    );
  });
});
