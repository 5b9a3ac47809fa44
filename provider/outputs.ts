import * as pulumi from '@pulumi/pulumi';
import type {
  AccessPromise,
  Certificates,
  EmqxCluster,
  HaproxyPair,
  Host,
  Network,
  VirtualIp,
} from '../components';
import { endpointUrls } from '../components/listeners/endpoints';
import type { ApiKeyOutput, StackOutputs, UserOutput } from '../infra/outputs';

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
  /** Two balancers and their address. */
  HaproxyPair: HaproxyPairOutputs;
  /** Brokers. */
  EmqxCluster: EmqxClusterOutputs;
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
  /** Ranges of the balancers' subnets: known in every language when a preview runs, also while the subnets' ids are not. */
  readonly balancerCidrs: readonly string[];
  /** Ranges of the brokers' subnets, likewise. */
  readonly brokerCidrs: readonly string[];
  /** Every route table that was made, by name; none where the network was adopted. */
  readonly routeTableIds: Readonly<Record<string, pulumi.Output<string>>>;
}

export interface SubnetOutputs {
  /** The subnet's id. */
  readonly subnetId: pulumi.Output<string>;
  /** Its IPv4 range. */
  readonly cidr: string;
  /** The /27 of it that hosts get their addresses from, where one was chosen. */
  readonly plannedBlock?: string;
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

export interface HaproxyPairOutputs {
  /** The address that clients use. */
  readonly endpoint: pulumi.Output<string>;
  /** A URL for each listener, by its name. */
  readonly endpoints: pulumi.Output<Record<string, string>>;
  /** The balancers. */
  readonly balancers: readonly PairBalancerOutputs[];
  /** The balancers' security group: the brokers' `clientsGroupId`. */
  readonly securityGroupId: pulumi.Output<string>;
  /** The user to log in as. */
  readonly loginUser: string;
  /** The balancer that is active when both are well at their start. */
  readonly preferred: string;
  /** The statistics page's user. */
  readonly statsUser: string;
  /** The statistics page's password. @secret */
  readonly statsPassword: pulumi.Output<string>;
}

export interface PairBalancerOutputs extends HostOutputs {
  /** Its own public address, where it has one. */
  readonly publicIp: pulumi.Output<string> | undefined;
}

export interface HostOutputs {
  /** Its name. */
  readonly name: string;
  /** Its instance's id. */
  readonly instanceId: pulumi.Output<string>;
  /** Its private address. */
  readonly privateIp: string;
  /** Its SSH host key. */
  readonly hostKey: pulumi.Output<string>;
  /** SHA-256 of the file set that should be on it. */
  readonly fileSetHash: pulumi.Output<string>;
}

export interface EmqxClusterOutputs {
  /** The brokers. */
  readonly brokers: readonly ClusterBrokerOutputs[];
  /** The brokers' security group. */
  readonly securityGroupId: pulumi.Output<string>;
  /** The password of `admin` on EMQX's dashboard. @secret */
  readonly dashboardPassword: pulumi.Output<string>;
  /** The users of EMQX's built-in database that the arguments name. @secret */
  readonly users: pulumi.Output<readonly UserOutput[]>;
  /** The keys of EMQX's REST API that the arguments name. @secret */
  readonly apiKeys: pulumi.Output<readonly ApiKeyOutput[]>;
  /** How each listener finds out who a client is, and what clients may do. */
  readonly access: AccessPromise;
}

export interface ClusterBrokerOutputs extends HostOutputs {
  /** Its name among EMQX's nodes. */
  readonly nodeName: string;
}

export function haproxyPairOutputs(pair: HaproxyPair): HaproxyPairOutputs {
  const { securityGroupId, loginUser, preferred, statsUser, statsPassword, listeners, virtualIp } = pair;
  return {
    endpoint: virtualIp.address,
    endpoints: virtualIp.address.apply((address) => endpointUrls(listeners, address)),
    balancers: pair.balancers.map(({ name, host }) => ({
      ...hostOutputs(name, host),
      publicIp: host.publicAddress,
    })),
    securityGroupId,
    loginUser,
    preferred,
    statsUser,
    statsPassword,
  };
}

export function emqxClusterOutputs(cluster: EmqxCluster): EmqxClusterOutputs {
  const { securityGroupId, dashboardPassword, apiKeys, access } = cluster;
  return {
    brokers: cluster.brokers.map(({ name, host, nodeName }) => ({ ...hostOutputs(name, host), nodeName })),
    securityGroupId,
    dashboardPassword,
    users: pulumi.secret(
      cluster.users.apply((users) => users.map(({ username, password }) => ({ username, password }))),
    ),
    apiKeys,
    access,
  };
}

function hostOutputs(name: string, host: Host): HostOutputs {
  const { instanceId, privateAddress: privateIp, hostKey, fileSetHash } = host;
  return { name, instanceId, privateIp, hostKey, fileSetHash };
}

export function networkOutputs(network: Network): NetworkOutputs {
  const { vpcId, vpcCidr, balancerSubnets, brokerSubnets, routeTableIds } = network;
  return {
    vpcId,
    vpcCidr,
    balancerSubnets,
    brokerSubnets,
    balancerCidrs: balancerSubnets.map(({ cidr }) => cidr),
    brokerCidrs: brokerSubnets.map(({ cidr }) => cidr),
    routeTableIds,
  };
}

export function certificatesOutputs(certificates: Certificates): CertificatesOutputs {
  const { caCertificate, certificateChain, privateKey } = certificates;
  return { caCertificate, certificateChain, privateKey };
}

export function virtualIpOutputs(virtualIp: VirtualIp): VirtualIpOutputs {
  const { mode, address, allocationId, clientCidrs } = virtualIp;
  return { mode, address, allocationId, clientCidrs };
}
