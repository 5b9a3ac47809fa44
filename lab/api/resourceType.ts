/** What kind of resource an EC2 id names, as IAM's ARNs and tags call it; undefined for an id of another kind. */
export function resourceTypeOf(id: string): string | undefined {
  return typeByPrefix[id.split('-')[0] ?? ''];
}

const typeByPrefix: Readonly<Record<string, string>> = {
  eni: 'network-interface',
  eipalloc: 'elastic-ip',
  rtb: 'route-table',
  nat: 'natgateway',
  vol: 'volume',
  i: 'instance',
  sg: 'security-group',
  subnet: 'subnet',
  vpc: 'vpc',
  pg: 'placement-group',
  igw: 'internet-gateway',
  sgr: 'security-group-rule',
  key: 'key-pair',
};
