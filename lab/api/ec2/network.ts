import type { SecurityGroupRule } from '../../model';
import type { MotoApi } from '../moto';
import { Parameters } from '../parameters';
import type { XmlNode } from '../xml';

/** The part of the network that moto keeps, as last read from it. */
export interface NetworkView {
  readonly vpc?: { readonly vpcId: string; readonly cidr: string } | undefined;
  readonly subnets: readonly SubnetView[];
  readonly securityGroups: readonly SecurityGroupView[];
  readonly internetGatewayIds: readonly string[];
  readonly reservations: readonly { readonly subnetId: string; readonly cidr: string }[];
}

export interface SubnetView {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly cidr: string;
  readonly availabilityZone: string;
  readonly mapPublicIpOnLaunch: boolean;
}

export interface SecurityGroupView {
  readonly groupId: string;
  readonly name: string;
  readonly ingress: readonly SecurityGroupRule[];
  readonly egress: readonly SecurityGroupRule[];
}

export const emptyNetwork: NetworkView = {
  subnets: [],
  securityGroups: [],
  internetGatewayIds: [],
  reservations: [],
};

/** Which part of the view a call to moto changes, by what its name is about; undefined for none. */
export function changedBy(action: string): keyof NetworkView | undefined {
  if (/^(Describe|Get)/.test(action)) return undefined;
  if (action.includes('CidrReservation')) return 'reservations';
  if (action.includes('SecurityGroup')) return 'securityGroups';
  if (action.includes('InternetGateway')) return 'internetGatewayIds';
  if (action.includes('Subnet')) return 'subnets';
  if (action.includes('Vpc')) return 'vpc';
  return undefined;
}

/** The view with one part read anew. A VPC brings and takes its default security group. */
export async function refreshNetwork(
  moto: MotoApi,
  region: string,
  view: NetworkView,
  part: keyof NetworkView,
): Promise<NetworkView> {
  const describe = async (action: string, more: Record<string, string> = {}) =>
    moto.query('ec2', region, Parameters.of({ Action: action, Version: '2016-11-15', ...more }));
  switch (part) {
    case 'vpc': {
      const vpc = readVpc(await describe('DescribeVpcs'));
      return refreshNetwork(moto, region, { ...view, vpc }, 'securityGroups');
    }
    case 'subnets':
      return { ...view, subnets: (await describe('DescribeSubnets')).items('subnetSet').map(readSubnet) };
    case 'securityGroups': {
      const groups = (await describe('DescribeSecurityGroups')).items('securityGroupInfo');
      return { ...view, securityGroups: groups.map(readSecurityGroup) };
    }
    case 'internetGatewayIds': {
      const gateways = (await describe('DescribeInternetGateways')).items('internetGatewaySet');
      const attached = gateways.filter((gateway) => gateway.items('attachmentSet').length > 0);
      return { ...view, internetGatewayIds: attached.map((gateway) => gateway.text('internetGatewayId')) };
    }
    case 'reservations': {
      const perSubnet = view.subnets.map(async ({ subnetId }) => {
        const answer = await describe('GetSubnetCidrReservations', { SubnetId: subnetId });
        const explicit = answer
          .items('subnetIpv4CidrReservationSet')
          .filter((each) => each.text('reservationType') === 'explicit');
        return explicit.map((each) => ({ subnetId, cidr: each.text('cidr') }));
      });
      return { ...view, reservations: (await Promise.all(perSubnet)).flat() };
    }
  }
}

function readVpc(answer: XmlNode): NetworkView['vpc'] {
  const vpc = answer.items('vpcSet')[0];
  return vpc === undefined ? undefined : { vpcId: vpc.text('vpcId'), cidr: vpc.text('cidrBlock') };
}

function readSubnet(subnet: XmlNode): SubnetView {
  return {
    subnetId: subnet.text('subnetId'),
    vpcId: subnet.text('vpcId'),
    cidr: subnet.text('cidrBlock'),
    availabilityZone: subnet.text('availabilityZone'),
    mapPublicIpOnLaunch: subnet.text('mapPublicIpOnLaunch') === 'true',
  };
}

function readSecurityGroup(group: XmlNode): SecurityGroupView {
  return {
    groupId: group.text('groupId'),
    name: group.text('groupName'),
    ingress: group.items('ipPermissions').flatMap(readPermission),
    egress: group.items('ipPermissionsEgress').flatMap(readPermission),
  };
}

function readPermission(permission: XmlNode): SecurityGroupRule[] {
  const port = (name: string) => {
    const text = permission.text(name);
    return text === '' ? -1 : Number(text);
  };
  const common = {
    protocol: permission.text('ipProtocol'),
    fromPort: port('fromPort'),
    toPort: port('toPort'),
  };
  const cidrs = permission.items('ipRanges').map((range) => ({ cidr: range.text('cidrIp') }));
  const groups = permission.items('groups').map((group) => ({ groupId: group.text('groupId') }));
  return [...cidrs, ...groups].map((peer) => ({ ...common, peer }));
}
