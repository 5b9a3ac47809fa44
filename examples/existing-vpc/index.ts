import * as awsx from '@pulumi/awsx';
import * as pulumi from '@pulumi/pulumi';
import { MqttPlatform } from 'emqx-haproxy';

/** Written down, since a preview plans every host's address within them before the VPC is there. */
const ranges = {
  vpc: '10.1.0.0/16',
  public: ['10.1.0.0/24', '10.1.1.0/24'],
  private: ['10.1.10.0/24', '10.1.11.0/24'],
};

const vpc = new awsx.ec2.Vpc('shared', {
  cidrBlock: ranges.vpc,
  numberOfAvailabilityZones: ranges.public.length,
  natGateways: { strategy: awsx.ec2.NatGatewayStrategy.Single },
  subnetStrategy: awsx.ec2.SubnetAllocationStrategy.Auto,
  subnetSpecs: [
    { type: awsx.ec2.SubnetType.Public, cidrBlocks: ranges.public },
    { type: awsx.ec2.SubnetType.Private, cidrBlocks: ranges.private },
  ],
});

/** awsx gives the ids of subnets in the order of their zones, as the ranges are. */
function subnets(ids: pulumi.Output<string[]>, cidrs: readonly string[]) {
  return cidrs.map((cidr, zone) => ({ subnetId: ids.apply((all) => all[zone] ?? ''), cidr }));
}

const mqtt = new MqttPlatform(
  'mqtt',
  {
    network: {
      vpcId: vpc.vpcId,
      vpcCidr: ranges.vpc,
      balancerSubnets: subnets(vpc.publicSubnetIds, ranges.public),
      brokerSubnets: subnets(vpc.privateSubnetIds, ranges.private),
      // Brokers install their packages through the VPC's NAT gateway.
      egress: 'nat',
    },
    ssh: { allowedCidrs: [new pulumi.Config().require('sshCidr')] },
    listeners: { mqtts: { maxConnections: 2000 } },
    emqx: {
      authentication: [{ users: { device: {} } }],
      authorization: { rules: [{ permission: 'allow', topics: ['${username}/#'] }] },
    },
  },
  // The subnets' routes to the internet have to be there before a host boots.
  { dependsOn: vpc },
);

export const { endpoints, caCertificate } = mqtt;
export const { users } = mqtt.cluster;
