import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import type { KnownResources } from './knownResources';
import type { Account, ResourceType } from './resourceType';

/**
 * What hangs on a resource that stays and is unknown to the state: the next `up` would be refused because of it, or a
 * `destroy`. What hangs on one that goes, goes with it.
 */
export function hangingTypes(account: Account, known: KnownResources): readonly ResourceType[] {
  const client = new ec2.EC2Client(account);
  return [
    rules(client, known),
    routes(client, known),
    associations(client, known),
    reservations(client, known),
    rolePolicies(new iam.IAMClient(account), known),
  ];
}

/** But for rules of a group that writes its own, or has those of the older resource, whose ids the state may lack. */
function rules(client: ec2.EC2Client, known: KnownResources): ResourceType {
  const describe = async (filters: ec2.Filter[]) => {
    const { SecurityGroupRules = [] } = await client.send(
      new ec2.DescribeSecurityGroupRulesCommand({ Filters: filters }),
    );
    return SecurityGroupRules;
  };
  const isLeftAlone = (group: string) =>
    !known.has(group) ||
    known.writes('aws:ec2/securityGroup:SecurityGroup', group, ['ingress', 'egress']) ||
    known.hasWith('aws:ec2/securityGroupRule:SecurityGroupRule', { securityGroupId: group });
  return {
    what: 'security group rule',
    list: async () =>
      (await describe([])).flatMap(({ GroupId = '', SecurityGroupRuleId = '' }) =>
        isLeftAlone(GroupId) || known.has(SecurityGroupRuleId) ? [] : [SecurityGroupRuleId],
      ),
    remove: async (id) => {
      const [rule] = await describe([{ Name: 'security-group-rule-id', Values: [id] }]);
      const request = { GroupId: rule?.GroupId, SecurityGroupRuleIds: [id] };
      await (rule?.IsEgress === true
        ? client.send(new ec2.RevokeSecurityGroupEgressCommand(request))
        : client.send(new ec2.RevokeSecurityGroupIngressCommand(request)));
    },
  };
}

/** Routes have no id of EC2's: `TABLE DESTINATION`. */
function routes(client: ec2.EC2Client, known: KnownResources): ResourceType {
  const isKnown = (routeTableId: string, destinationCidrBlock: string) =>
    !known.has(routeTableId) ||
    known.writes('aws:ec2/routeTable:RouteTable', routeTableId, ['routes']) ||
    known.hasWith('aws:ec2/route:Route', { routeTableId, destinationCidrBlock });
  return {
    what: 'route',
    list: async () => {
      const { RouteTables = [] } = await client.send(new ec2.DescribeRouteTablesCommand({}));
      return RouteTables.flatMap(({ RouteTableId: table = '', Routes = [] }) =>
        Routes.flatMap(({ DestinationCidrBlock: destination, Origin }) =>
          destination === undefined || Origin !== 'CreateRoute' || isKnown(table, destination)
            ? []
            : [`${table} ${destination}`],
        ),
      );
    },
    remove: (id) => {
      const [RouteTableId, DestinationCidrBlock] = id.split(' ');
      return client.send(new ec2.DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
    },
  };
}

/** EC2 gives an association another id with another table, and the state keeps the first one. */
function associations(client: ec2.EC2Client, known: KnownResources): ResourceType {
  const type = 'aws:ec2/routeTableAssociation:RouteTableAssociation';
  return {
    what: 'route table association',
    list: async () => {
      const { RouteTables = [] } = await client.send(new ec2.DescribeRouteTablesCommand({}));
      return RouteTables.flatMap(({ Associations = [] }) => Associations).flatMap(
        ({ Main, RouteTableAssociationId: id = '', RouteTableId: routeTableId, SubnetId: subnetId }) =>
          Main === true || known.has(id) || known.hasWith(type, { routeTableId, subnetId }) ? [] : [id],
      );
    },
    remove: (id) => client.send(new ec2.DisassociateRouteTableCommand({ AssociationId: id })),
  };
}

function reservations(client: ec2.EC2Client, known: KnownResources): ResourceType {
  return {
    what: 'reservation of addresses',
    list: async () => {
      const { Subnets = [] } = await client.send(new ec2.DescribeSubnetsCommand({}));
      const found = await Promise.all(
        Subnets.filter(({ SubnetId = '' }) => known.has(SubnetId)).map(({ SubnetId }) =>
          client.send(new ec2.GetSubnetCidrReservationsCommand({ SubnetId })),
        ),
      );
      return found
        .flatMap(({ SubnetIpv4CidrReservations = [] }) => SubnetIpv4CidrReservations)
        .map(({ SubnetCidrReservationId: id = '' }) => id)
        .filter((id) => !known.has(id));
    },
    remove: (id) => client.send(new ec2.DeleteSubnetCidrReservationCommand({ SubnetCidrReservationId: id })),
  };
}

/** A role is not deleted while it has a policy in it: `ROLE:POLICY`, as the state has it. */
function rolePolicies(client: iam.IAMClient, known: KnownResources): ResourceType {
  return {
    what: "role's policy",
    list: async () => {
      const { Roles = [] } = await client.send(new iam.ListRolesCommand({}));
      const own = Roles.map(({ RoleName = '' }) => RoleName).filter(
        (role) => known.has(role) && !known.writes('aws:iam/role:Role', role, ['inlinePolicies']),
      );
      const found = await Promise.all(
        own.map(async (RoleName) => {
          const { PolicyNames = [] } = await client.send(new iam.ListRolePoliciesCommand({ RoleName }));
          return PolicyNames.map((policy) => `${RoleName}:${policy}`);
        }),
      );
      return found.flat().filter((id) => !known.has(id));
    },
    remove: (id) => {
      const [RoleName, PolicyName] = id.split(':');
      return client.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName }));
    },
  };
}
