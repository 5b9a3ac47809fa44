/**
 * What the parts of the lab tell each other. The API front owns the truth about EC2 and hands it on as plain
 * values: a `Vpc` to the fabric, which makes the network so, and a `MachineSpec` to the machines.
 */

export interface Vpc {
  readonly vpcId: string;
  readonly cidr: string;
  readonly subnets: readonly Subnet[];
  readonly routeTables: readonly RouteTable[];
  readonly interfaces: readonly NetworkInterface[];
  readonly elasticIps: readonly ElasticIp[];
  readonly natGateways: readonly NatGateway[];
  readonly securityGroups: readonly SecurityGroup[];
}

export interface Subnet {
  readonly subnetId: string;
  readonly cidr: string;
  readonly routeTableId: string;
}

export interface RouteTable {
  readonly routeTableId: string;
  readonly routes: readonly Route[];
}

export interface Route {
  readonly destination: string;
  readonly target:
    | { readonly kind: 'internetGateway' }
    | { readonly kind: 'natGateway'; readonly natGatewayId: string }
    | { readonly kind: 'networkInterface'; readonly interfaceId: string };
}

export interface NetworkInterface {
  readonly interfaceId: string;
  readonly subnetId: string;
  readonly mac: string;
  /** The primary private address first, then the secondary ones. */
  readonly addresses: readonly string[];
  readonly sourceDestCheck: boolean;
  readonly securityGroupIds: readonly string[];
  /** Set while the interface is attached to an instance. */
  readonly instanceId?: string;
}

/** An Elastic IP that is associated; others are not routed. */
export interface ElasticIp {
  readonly publicIp: string;
  readonly privateIp: string;
  readonly interfaceId: string;
}

export interface NatGateway {
  readonly natGatewayId: string;
  readonly subnetId: string;
  readonly publicIp: string;
}

export interface SecurityGroup {
  readonly groupId: string;
  readonly ingress: readonly SecurityGroupRule[];
  readonly egress: readonly SecurityGroupRule[];
}

export interface SecurityGroupRule {
  /** tcp, udp, icmp, a protocol number, or -1 for all. */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly peer: { readonly cidr: string } | { readonly groupId: string };
}

/** How long after the API's answer an Elastic IP or a route takes effect, and what happens to open connections. */
export interface MoveBehaviour {
  readonly delayMs: number;
  /** How long tracked connections go on to the former holder; 0 drops them at the move. */
  readonly lingerMs: number;
}

/** What is dropped: everything, VRRP's adverts alone, or everything between the interface and one other. */
export type Cut = 'all' | 'vrrp' | { readonly from: string };

/** The network of one VPC, made of namespaces. Lab addresses are in lab/fabric/addresses.ts. */
export interface Fabric {
  /** Makes the network equal to `vpc`. Idempotent; only what differs from the last call is touched. */
  apply(vpc: Vpc): Promise<void>;
  setMoveBehaviour(behaviour: MoveBehaviour): void;
  /** Drops packets of an interface in both directions (a cable pulled; the guest sees no carrier change). */
  cut(interfaceId: string, what?: Cut): Promise<void>;
  /** Ends all cuts of the interface. */
  uncut(interfaceId: string): Promise<void>;
  /** The namespace that a machine with this interface boots in; made by `apply` for every attached interface. */
  namespaceOf(interfaceId: string): string;
}

export type OperatingSystem = 'debian-12' | 'debian-13';

export interface MachineSpec {
  readonly instanceId: string;
  readonly operatingSystem: OperatingSystem;
  /** A namespace of the fabric, with the interface ens5, its address and routes in place. */
  readonly namespace: string;
  /** As EC2 would name it, for example ip-10-20-0-5. */
  readonly hostname: string;
  /** The VPC's resolver, its base address + 2: what DHCP would tell the guest. */
  readonly resolver: string;
  /** As given to RunInstances, decoded from base64 and not unpacked. */
  readonly userData: Buffer;
  /** Authorized keys for the image's login user (admin). */
  readonly publicKeys: readonly string[];
  readonly rootVolumeGib: number;
}

export type MachineState = 'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** Booted machines: each a systemd-nspawn container with the disk, user data and life cycle of an EC2 instance. */
export interface Machines {
  run(spec: MachineSpec): Promise<void>;
  /** Orderly: the guest gets the power button; killed after 30 s. The disk stays. */
  stop(instanceId: string): Promise<void>;
  start(instanceId: string): Promise<void>;
  reboot(instanceId: string): Promise<void>;
  /** Orderly as `stop`, then the root disk goes. */
  terminate(instanceId: string): Promise<void>;
  attachVolume(instanceId: string, volumeId: string): Promise<void>;
  detachVolume(instanceId: string, volumeId: string): Promise<void>;
  createVolume(volumeId: string, sizeGib: number): Promise<void>;
  growVolume(volumeId: string, sizeGib: number): Promise<void>;
  deleteVolume(volumeId: string): Promise<void>;
  state(instanceId: string): MachineState;
  /** What the machine printed on its console, the newest 64 KiB. */
  consoleOutput(instanceId: string): Promise<string>;
  /** The host's process id of the guest's init, for nsenter; undefined while it does not run. */
  initPid(instanceId: string): number | undefined;
  /** Called when a machine changes state by itself (poweroff from inside, crash). */
  onStateChange(listener: (instanceId: string, state: MachineState) => void): void;
  /** Faults: dead at once (interface first), frozen by the cgroup freezer, thawed. */
  crash(instanceId: string): Promise<void>;
  freeze(instanceId: string): Promise<void>;
  thaw(instanceId: string): Promise<void>;
  /** Ends everything that belongs to the machines of this lab and removes what they leave. */
  removeAll(): Promise<void>;
}
