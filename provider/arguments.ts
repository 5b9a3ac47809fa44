import type * as pulumi from '@pulumi/pulumi';
import type {
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
  MqttPlatformArgs,
  NetworkArgs,
  NewNetworkArgs,
  AdoptedNetworkArgs,
  VirtualIpArgs,
} from '../components';

// The interfaces that are referred to, so that they can be derived by name.
export type * from '../components';

/** Every component that other languages can make, with what it takes. */
export interface ComponentArguments {
  /**
   * An EMQX cluster behind two HAProxy hosts with a virtual IP: network, certificates, brokers, balancers and the
   * address, composed.
   */
  MqttPlatform: MqttPlatformArgs;
  /**
   * A network for a platform: public subnets for balancers, private ones for brokers with a NAT gateway as their way
   * out; or an existing VPC, in whose subnets a block is reserved for planned addresses.
   */
  Network: NetworkAloneArgs;
  /** A CA and a server certificate for the balancers' addresses, made or given. */
  Certificates: CertificatesAloneArgs;
  /** The virtual IP: the address itself, apart from whoever holds it. */
  VirtualIp: VirtualIpAloneArgs;
}

/** Arguments of Network. Exactly one of the two forms is given; without either a network is made. */
export interface NetworkAloneArgs {
  /** A VPC to make. @default one of 10.20.0.0/16 over three zones */
  newNetwork?: Extract<NetworkArgs, NewNetworkArgs>;
  /** A VPC that exists already. @default none */
  adoptedNetwork?: Extract<NetworkArgs, AdoptedNetworkArgs>;
}

/** Arguments of Certificates. Exactly one of the two forms is given; without either they are made. */
export interface CertificatesAloneArgs {
  /** Addresses that clients connect to, the virtual IP among them: the server certificate names them. */
  ipAddresses: pulumi.Input<string>[];
  /** Certificates to make. @default a CA and a server certificate with the defaults of each */
  generatedCertificates?: GeneratedCertificatesArgs;
  /** A certificate of yours. @default none */
  givenCertificate?: GivenCertificateArgs;
}

/** Arguments of VirtualIp. */
export interface VirtualIpAloneArgs extends VirtualIpArgs {
  /** The platform whose balancers hold the address; it is in their tags. @default the component's name */
  platform?: string;
  /** The balancers' network; mode `elasticIp` needs none. @default none */
  network?: BalancerNetworkArgs;
  /** Keeps the address from being released by mistake. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Record<string, pulumi.Input<string>>;
}

/** The network that balancers are in. */
export interface BalancerNetworkArgs {
  /** The VPC's IPv4 range, known before anything is made. */
  vpcCidr: pulumi.Input<string>;
  /** The balancers' subnets, one or two. */
  balancerSubnets: BalancerSubnetArgs[];
}

/** A subnet that balancers are in. */
export interface BalancerSubnetArgs {
  /** Its id. */
  subnetId: pulumi.Input<string>;
  /** Its IPv4 range, known before anything is made. */
  cidr: pulumi.Input<string>;
}
