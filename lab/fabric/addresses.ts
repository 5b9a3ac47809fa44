/** Addresses and names of the lab's network. Everything else follows from the VPC that the API front describes. */

/** One lab per machine: every namespace of it begins so. */
export const namespacePrefix = 'ec2lab-';
/** The internet gateway: the AWS API and the rest of the region answer in here. */
export const igwNamespace = `${namespacePrefix}igw`;
/** The VPC's router: routes, security groups, source/dest check. */
export const routerNamespace = `${namespacePrefix}router`;

/** The region's own address, and the runner's, with which the root namespace is connected to it. */
export const apiAddress = '203.0.113.2';
export const runnerAddress = '203.0.113.1';
export const runnerPrefixLength = 30;
/** Between internet gateway and router, known to these two only. */
export const igwTransitAddress = '203.0.113.5';
export const routerTransitAddress = '203.0.113.6';
export const transitPrefixLength = 30;

/**
 * What holds the addresses above. No wider: a machine may have its package mirror in the rest of 203.0.113.0/24, and
 * the guard route would cut it off.
 */
export const regionNetwork = '203.0.113.0/29';
export const elasticIpNetwork = '198.51.100.0/24';

/** The plain API, for the runner only; hosts ask these ports, and are seen there with their public address. */
export const runnerApiPort = 4566;
export const hostApiPorts = [80, 443] as const;

/** Instance metadata: hosts ask `address`:`port`; the region hears it on `servedOn` with the private source. */
export const metadataService = { address: '169.254.169.254', port: 80, servedOn: 8169 } as const;
/** The VPC's resolver, at the VPC's base plus `offset` and at a link-local address; the source is kept too. */
export const resolverService = { address: '169.254.169.253', offset: 2, port: 53, servedOn: 8053 } as const;

/** Names of network devices, at most 15 characters. */
export const devices = {
  /** In the root namespace, and its other end in the internet gateway. */
  runner: 'ec2lab0',
  igwToRunner: 'wan0',
  igwToRouter: 'vpc0',
  routerToIgw: 'igw0',
  /** In a host: as Debian names it on EC2. */
  host: 'ens5',
} as const;

/** What a router's device to a host, or to a NAT gateway, begins with. */
export const hostLinkPrefix = 'e-';
export const natLinkPrefix = 'n-';

const idCharacters = 13;

/** The router's end of a network interface. */
export function hostLink(interfaceId: string): string {
  return hostLinkPrefix + interfaceId.slice(-idCharacters);
}

/** Both ends of the link between router and internet gateway that stands for a NAT gateway. */
export function natLink(natGatewayId: string): string {
  return natLinkPrefix + natGatewayId.slice(-idCharacters);
}

/** The namespace of a network interface, in which a machine boots. */
export function interfaceNamespace(interfaceId: string): string {
  return namespacePrefix + interfaceId;
}

export function namespacePath(namespace: string): string {
  return `/run/netns/${namespace}`;
}
