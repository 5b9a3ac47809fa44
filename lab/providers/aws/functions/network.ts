import type { Route, RouteTable } from '@aws-sdk/client-ec2';
import type { Call } from '../call';
import { awsFunction } from '../function';
import { ec2Arn } from '../resources/arn';
import { flag, optional, text } from '../shape';
import { tagMap } from '../tags';
import { byFilters, filtersFor, onlyOne } from './filters';

export const getVpc = awsFunction({
  token: 'aws:ec2/getVpc:getVpc',
  args: {
    ...byFilters,
    cidrBlock: optional(text),
    default: optional(flag),
    dhcpOptionsId: optional(text),
    id: optional(text),
    state: optional(text),
  },
  async run(call, args) {
    const ec2 = await call.ec2();
    const isDefault = args.default === undefined ? undefined : String(args.default);
    const Filters = filtersFor(args, {
      cidr: args.cidrBlock,
      'is-default': isDefault,
      'dhcp-options-id': args.dhcpOptionsId,
      state: args.state,
    });
    const VpcIds = args.id === undefined ? undefined : [args.id];
    const found = onlyOne('VPC', (await ec2.describeVpcs({ Filters, VpcIds })).Vpcs, args);
    const VpcId = found.VpcId ?? '';
    const [hostnames, support, tables] = await Promise.all([
      ec2.describeVpcAttribute({ VpcId, Attribute: 'enableDnsHostnames' }),
      ec2.describeVpcAttribute({ VpcId, Attribute: 'enableDnsSupport' }),
      ec2.describeRouteTables({ Filters: filtersFor(none, { 'vpc-id': VpcId, 'association.main': 'true' }) }),
    ]);
    return {
      arn: ec2Arn(call, found.OwnerId, 'vpc', VpcId),
      cidrBlock: found.CidrBlock,
      cidrBlockAssociations: (found.CidrBlockAssociationSet ?? []).map((one) => ({
        associationId: one.AssociationId,
        cidrBlock: one.CidrBlock,
        state: one.CidrBlockState?.State,
      })),
      default: found.IsDefault ?? false,
      dhcpOptionsId: found.DhcpOptionsId,
      enableDnsHostnames: hostnames.EnableDnsHostnames?.Value ?? false,
      enableDnsSupport: support.EnableDnsSupport?.Value ?? true,
      enableNetworkAddressUsageMetrics: false,
      filters: args.filters,
      id: VpcId,
      instanceTenancy: found.InstanceTenancy,
      ipv6CidrBlockAssociations: [],
      mainRouteTableId: tables.RouteTables?.[0]?.RouteTableId,
      ownerId: found.OwnerId,
      region: call.region,
      state: found.State,
      tags: tagMap(found.Tags),
    };
  },
});

export const getVpcs = awsFunction({
  token: 'aws:ec2/getVpcs:getVpcs',
  args: byFilters,
  async run(call, args) {
    const { Vpcs = [] } = await (await call.ec2()).describeVpcs({ Filters: filtersFor(args) });
    const ids = Vpcs.map(({ VpcId }) => VpcId);
    return { filters: args.filters, id: call.region, ids, region: call.region, tags: args.tags ?? {} };
  },
});

export const getSubnet = awsFunction({
  token: 'aws:ec2/getSubnet:getSubnet',
  args: {
    ...byFilters,
    availabilityZone: optional(text),
    availabilityZoneId: optional(text),
    cidrBlock: optional(text),
    defaultForAz: optional(flag),
    id: optional(text),
    state: optional(text),
    vpcId: optional(text),
  },
  async run(call, args) {
    const Filters = filtersFor(args, {
      'availability-zone': args.availabilityZone,
      'availability-zone-id': args.availabilityZoneId,
      'cidr-block': args.cidrBlock,
      'default-for-az': args.defaultForAz === undefined ? undefined : String(args.defaultForAz),
      state: args.state,
      'vpc-id': args.vpcId,
    });
    const SubnetIds = args.id === undefined ? undefined : [args.id];
    const answer = await (await call.ec2()).describeSubnets({ Filters, SubnetIds });
    const found = onlyOne('subnet', answer.Subnets, args);
    return {
      arn: found.SubnetArn,
      assignIpv6AddressOnCreation: found.AssignIpv6AddressOnCreation ?? false,
      availabilityZone: found.AvailabilityZone,
      availabilityZoneId: found.AvailabilityZoneId,
      availableIpAddressCount: found.AvailableIpAddressCount,
      cidrBlock: found.CidrBlock,
      defaultForAz: found.DefaultForAz ?? false,
      enableDns64: found.EnableDns64 ?? false,
      filters: args.filters,
      id: found.SubnetId,
      ipv6Native: found.Ipv6Native ?? false,
      mapPublicIpOnLaunch: found.MapPublicIpOnLaunch ?? false,
      ownerId: found.OwnerId,
      region: call.region,
      state: found.State,
      tags: tagMap(found.Tags),
      vpcId: found.VpcId,
    };
  },
});

export const getSubnets = awsFunction({
  token: 'aws:ec2/getSubnets:getSubnets',
  args: byFilters,
  async run(call, args) {
    const { Subnets = [] } = await (await call.ec2()).describeSubnets({ Filters: filtersFor(args) });
    const ids = Subnets.map(({ SubnetId }) => SubnetId);
    return { filters: args.filters, id: call.region, ids, region: call.region, tags: args.tags ?? {} };
  },
});

export const getRouteTable = awsFunction({
  token: 'aws:ec2/getRouteTable:getRouteTable',
  args: {
    ...byFilters,
    gatewayId: optional(text),
    routeTableId: optional(text),
    subnetId: optional(text),
    vpcId: optional(text),
  },
  async run(call, args) {
    const Filters = filtersFor(args, {
      'association.gateway-id': args.gatewayId,
      'route-table-id': args.routeTableId,
      'association.subnet-id': args.subnetId,
      'vpc-id': args.vpcId,
    });
    const answer = await (await call.ec2()).describeRouteTables({ Filters });
    return describeTable(call, onlyOne('route table', answer.RouteTables, args), args);
  },
});

export const getRouteTables = awsFunction({
  token: 'aws:ec2/getRouteTables:getRouteTables',
  args: { ...byFilters, vpcId: optional(text) },
  async run(call, args) {
    const Filters = filtersFor(args, { 'vpc-id': args.vpcId });
    const { RouteTables = [] } = await (await call.ec2()).describeRouteTables({ Filters });
    return {
      filters: args.filters,
      id: call.region,
      ids: RouteTables.map(({ RouteTableId }) => RouteTableId),
      region: call.region,
      tags: args.tags ?? {},
      vpcId: args.vpcId,
    };
  },
});

export const getSecurityGroup = awsFunction({
  token: 'aws:ec2/getSecurityGroup:getSecurityGroup',
  args: { ...byFilters, id: optional(text), name: optional(text), vpcId: optional(text) },
  async run(call, args) {
    const Filters = filtersFor(args, { 'group-id': args.id, 'group-name': args.name, 'vpc-id': args.vpcId });
    const answer = await (await call.ec2()).describeSecurityGroups({ Filters });
    const found = onlyOne('security group', answer.SecurityGroups, args);
    return {
      arn: ec2Arn(call, found.OwnerId, 'security-group', found.GroupId ?? ''),
      description: found.Description,
      filters: args.filters,
      id: found.GroupId,
      name: found.GroupName,
      region: call.region,
      tags: tagMap(found.Tags),
      vpcId: found.VpcId,
    };
  },
});

const none = { filters: undefined, tags: undefined };

function describeTable(
  call: Call,
  found: RouteTable,
  asked: {
    readonly filters?: unknown;
    readonly gatewayId?: string | undefined;
    readonly subnetId?: string | undefined;
  },
) {
  const id = found.RouteTableId ?? '';
  return {
    arn: ec2Arn(call, found.OwnerId, 'route-table', id),
    associations: (found.Associations ?? []).map((one) => ({
      gatewayId: one.GatewayId ?? '',
      main: one.Main ?? false,
      routeTableAssociationId: one.RouteTableAssociationId,
      routeTableId: one.RouteTableId,
      subnetId: one.SubnetId ?? '',
    })),
    filters: asked.filters,
    gatewayId: asked.gatewayId ?? '',
    id,
    ownerId: found.OwnerId,
    region: call.region,
    routeTableId: id,
    routes: (found.Routes ?? []).filter(({ GatewayId }) => GatewayId !== 'local').map(describeRoute),
    subnetId: asked.subnetId ?? '',
    tags: tagMap(found.Tags),
    vpcId: found.VpcId,
  };
}

function describeRoute(route: Route) {
  return {
    carrierGatewayId: route.CarrierGatewayId ?? '',
    cidrBlock: route.DestinationCidrBlock ?? '',
    coreNetworkArn: route.CoreNetworkArn ?? '',
    destinationPrefixListId: route.DestinationPrefixListId ?? '',
    egressOnlyGatewayId: route.EgressOnlyInternetGatewayId ?? '',
    gatewayId: route.GatewayId ?? '',
    instanceId: route.InstanceId ?? '',
    ipv6CidrBlock: route.DestinationIpv6CidrBlock ?? '',
    localGatewayId: route.LocalGatewayId ?? '',
    natGatewayId: route.NatGatewayId ?? '',
    networkInterfaceId: route.NetworkInterfaceId ?? '',
    transitGatewayId: route.TransitGatewayId ?? '',
    vpcEndpointId: '',
    vpcPeeringConnectionId: route.VpcPeeringConnectionId ?? '',
  };
}
