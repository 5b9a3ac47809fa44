import type * as pulumi from '@pulumi/pulumi';
import type { Certificates, Network, VirtualIp } from '../components';
import type { StackOutputs } from '../infra/outputs';

/** What each component that other languages can make tells them. */
export interface ComponentOutputs {
  /** What a stack of this package puts out: `verify` proves a platform from it. */
  MqttPlatform: StackOutputs;
  /** A network, made or adopted. */
  Network: NetworkOutputs;
  /** Certificates, made or given. */
  Certificates: CertificatesOutputs;
  /** The address. */
  VirtualIp: VirtualIpOutputs;
}

export interface NetworkOutputs {
  /** The VPC's id. */
  readonly vpcId: pulumi.Output<string>;
  /** The VPC's IPv4 range. */
  readonly vpcCidr: string;
  /** Subnets for balancers, one or two. */
  readonly balancerSubnets: readonly SubnetOutputs[];
  /** Subnets for brokers. */
  readonly brokerSubnets: readonly SubnetOutputs[];
  /** Every route table that was made, by name; none where the network was adopted. */
  readonly routeTableIds: Readonly<Record<string, pulumi.Output<string>>>;
}

export interface SubnetOutputs {
  /** The subnet's id. */
  readonly subnetId: pulumi.Output<string>;
  /** Its IPv4 range. */
  readonly cidr: string;
}

export interface CertificatesOutputs {
  /** PEM of the CA that clients trust. */
  readonly caCertificate: pulumi.Output<string>;
  /** PEM of the server certificate and what leads to the CA. */
  readonly certificateChain: pulumi.Output<string>;
  /** PEM of the server's private key. @secret */
  readonly privateKey: pulumi.Output<string>;
}

export interface VirtualIpOutputs {
  /** How the address moves: `elasticIp`, `route` or `privateIp`. */
  readonly mode: string;
  /** The address that clients use. */
  readonly address: pulumi.Output<string>;
  /** The Elastic IP's allocation id, where there is one. */
  readonly allocationId: pulumi.Output<string> | undefined;
  /** Ranges that can reach the address at all. */
  readonly clientCidrs: readonly string[];
}

export function networkOutputs(network: Network): NetworkOutputs {
  const { vpcId, vpcCidr, balancerSubnets, brokerSubnets, routeTableIds } = network;
  return { vpcId, vpcCidr, balancerSubnets, brokerSubnets, routeTableIds };
}

export function certificatesOutputs(certificates: Certificates): CertificatesOutputs {
  const { caCertificate, certificateChain, privateKey } = certificates;
  return { caCertificate, certificateChain, privateKey };
}

export function virtualIpOutputs(virtualIp: VirtualIp): VirtualIpOutputs {
  const { mode, address, allocationId, clientCidrs } = virtualIp;
  return { mode, address, allocationId, clientCidrs };
}
