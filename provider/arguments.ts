import type * as pulumi from '@pulumi/pulumi';
import type {
  AccountArgs,
  AdoptedNetworkArgs,
  BrokersArgs,
  EmqxArgs,
  FurtherCertificateArgs,
  GeneratedCertificatesArgs,
  GivenCertificateArgs,
  HaproxyArgs,
  JumpHostArgs,
  ListenersArgs,
  MqttPlatformArgs,
  NetworkArgs,
  NewNetworkArgs,
  SshArgs,
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
  /**
   * Two HAProxy hosts, of which Keepalived makes one active, and the virtual IP that the active one takes.
   */
  HaproxyPair: HaproxyPairAloneArgs;
  /**
   * EMQX brokers without public addresses, each with a data volume that outlives its instance, behind balancers. Whatever
   * leads their subnets out, such as a NAT gateway and its routes, has to be there first: name it in `dependsOn`.
   */
  EmqxCluster: EmqxClusterAloneArgs;
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
  balancerSubnets: PlacedSubnetArgs[];
}

/** A subnet that hosts are placed in. */
export interface PlacedSubnetArgs {
  /** Its id. */
  subnetId: pulumi.Input<string>;
  /** Its IPv4 range, a /26 or larger, known before anything is made. */
  cidr: pulumi.Input<string>;
  /** A /27 of it, not its first, that hosts get their addresses from. @default .32 to .63 of the subnet */
  plannedBlock?: string;
}

/** What components that bring hosts have in common. */
export interface HostsAloneArgs extends AccountArgs {
  /** The platform that the hosts belong to, in their names and tags: the same for a cluster and the pair before it. @default the component's name */
  platform?: string;
  /** The VPC's id. */
  vpcId: pulumi.Input<string>;
  /** The listeners that clients connect to: the same for a cluster and the pair before it. */
  listeners: ListenersArgs;
  /** PROXY protocol v2 between balancers and brokers: the same for a cluster and the pair before it. @default true */
  proxyProtocol?: boolean;
  /** The SSH key pair for logging in. */
  login: LoginArgs;
  /** Ranges that hosts reach package repositories and AWS's API in, over HTTP and HTTPS. @default everywhere */
  webCidrs?: string[];
  /** Keeps volumes, interfaces, addresses and secrets from being deleted by mistake; instances never are. @default false */
  protect?: boolean;
  /** Tags on everything that can carry them. @default none */
  tags?: Record<string, pulumi.Input<string>>;
}

/** An SSH key pair for logging in. */
export interface LoginArgs {
  /** The name of the key pair in EC2. */
  keyName: pulumi.Input<string>;
  /** Its private key, OpenSSH format. @secret */
  privateKey: pulumi.Input<string>;
}

/** Arguments of HaproxyPair. */
export interface HaproxyPairAloneArgs extends HaproxyArgs, HostsAloneArgs {
  /** The VPC's IPv4 range, known before anything is made. */
  vpcCidr: pulumi.Input<string>;
  /** Further IPv4 ranges of the VPC, in which subnets may lie too. @default none */
  furtherVpcCidrs?: string[];
  /** Where the balancers are placed: one subnet, or two in different zones. */
  subnets: PlacedSubnetArgs[];
  /** The brokers behind, as the EmqxCluster is told of them: their addresses follow from it. @default 3 */
  brokers?: BrokersArgs;
  /** Where these are placed, as the EmqxCluster is told. */
  brokerSubnets: PlacedSubnetArgs[];
  /** The address that clients use. @default a new Elastic IP */
  virtualIp?: VirtualIpArgs;
  /** The server certificate, such as one of Certificates. */
  certificates: PairCertificatesArgs;
  /** How `pulumi up` reaches the balancers for later changes. */
  ssh: SshArgs;
  /** False: the subnets have another way out, and balancers get no Elastic IPs of their own; not with a public virtual IP. @default true */
  publicAddresses?: boolean;
  /** The balancer that holds the virtual IP at this moment, by name: its files are changed last. @default the preferred one */
  activeBalancer?: string;
}

/** Certificates for balancers. */
export interface PairCertificatesArgs {
  /** PEM of the server certificate and what leads to its CA. */
  certificateChain: pulumi.Input<string>;
  /** PEM of its private key. @secret */
  privateKey: pulumi.Input<string>;
  /** Further certificates, chosen by the name that a client asks for or by the kind of key. @default none */
  further?: FurtherCertificateArgs[];
}

/** Arguments of EmqxCluster. */
export interface EmqxClusterAloneArgs extends EmqxArgs, HostsAloneArgs {
  /** Where the brokers are placed, in turn. */
  subnets: PlacedSubnetArgs[];
  /** The balancers' security group: who may reach the brokers' listeners, and is given rules that lead there. */
  clientsGroupId: pulumi.Input<string>;
  /** Ranges that may reach port 22. @default the balancers' group, through which `jump` leads */
  sshCidrs?: string[];
  /** The host that `pulumi up` goes through to the brokers, such as a balancer by its public address. @default none: it has a route to private addresses */
  jump?: JumpHostArgs;
}
