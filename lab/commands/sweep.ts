import * as ec2 from '@aws-sdk/client-ec2';
import * as iam from '@aws-sdk/client-iam';
import * as secrets from '@aws-sdk/client-secrets-manager';
import { labCredentials } from '../engine/environment';

/** Resources of one type: which there are, and how one is removed. */
export interface ResourceType {
  readonly what: string;
  list(): Promise<readonly (string | undefined)[]>;
  remove(id: string): Promise<unknown>;
}

/**
 * Deletes what the lab's AWS has and the stack's state does not know: what an engine that was killed had begun.
 * Everything in the lab's AWS belongs to the one stack. Gives a line for each resource deleted.
 */
export async function sweep(state: string, region: string): Promise<string[]> {
  // Which Node runs the lab is for package.json to say, not for a warning between its lines.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  return removeAll(resourceTypes({ region, ...labCredentials }), (id) => !state.includes(id));
}

/** Deletes what is meant, in an order in which it can go; gives a line for each resource deleted. */
export async function removeAll(
  types: readonly ResourceType[],
  isMeant: (id: string) => boolean,
): Promise<string[]> {
  const removed: string[] = [];
  // Some go only when others are gone (security groups may name each other), so again until nothing more goes.
  for (let before = -1; before < removed.length;) {
    before = removed.length;
    for (const type of types) {
      const orphans = (await type.list()).filter((id) => id !== undefined && isMeant(id));
      for (const id of orphans) {
        if (id === undefined || removed.includes(`${type.what} ${id}`)) continue;
        const gone = await type.remove(id).then(
          () => true,
          () => false,
        );
        if (gone) removed.push(`${type.what} ${id}`);
      }
    }
  }
  return removed;
}

/** The types that programs make, in the order in which they can go. */
export function resourceTypes(account: ec2.EC2ClientConfig): readonly ResourceType[] {
  return [...computeTypes(account), ...networkTypes(account), ...accountTypes(account)];
}

function computeTypes(account: ec2.EC2ClientConfig): readonly ResourceType[] {
  const client = new ec2.EC2Client(account);
  return [
    {
      what: 'instance',
      list: async () => {
        const states = ['pending', 'running', 'stopping', 'stopped'];
        const filter = { Filters: [{ Name: 'instance-state-name', Values: states }] };
        const { Reservations = [] } = await client.send(new ec2.DescribeInstancesCommand(filter));
        return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
      },
      remove: async (id) => {
        await client.send(new ec2.TerminateInstancesCommand({ InstanceIds: [id] }));
        await ec2.waitUntilInstanceTerminated(
          { client, maxWaitTime: 90, minDelay: 1, maxDelay: 2 },
          { InstanceIds: [id] },
        );
      },
    },
    {
      what: 'NAT gateway',
      list: async () => {
        const { NatGateways = [] } = await client.send(new ec2.DescribeNatGatewaysCommand({}));
        return NatGateways.filter(({ State }) => State !== 'deleted').map(({ NatGatewayId }) => NatGatewayId);
      },
      remove: (id) => client.send(new ec2.DeleteNatGatewayCommand({ NatGatewayId: id })),
    },
    {
      what: 'Elastic IP',
      list: async () => {
        const { Addresses = [] } = await client.send(new ec2.DescribeAddressesCommand({}));
        return Addresses.map(({ AllocationId }) => AllocationId);
      },
      remove: (id) => client.send(new ec2.ReleaseAddressCommand({ AllocationId: id })),
    },
    {
      what: 'network interface',
      list: async () => {
        const { NetworkInterfaces = [] } = await client.send(new ec2.DescribeNetworkInterfacesCommand({}));
        return NetworkInterfaces.filter(({ Status }) => Status === 'available').map(
          (each) => each.NetworkInterfaceId,
        );
      },
      remove: (id) => client.send(new ec2.DeleteNetworkInterfaceCommand({ NetworkInterfaceId: id })),
    },
    {
      what: 'volume',
      list: async () => {
        const { Volumes = [] } = await client.send(new ec2.DescribeVolumesCommand({}));
        return Volumes.filter(({ State }) => State === 'available').map(({ VolumeId }) => VolumeId);
      },
      remove: (id) => client.send(new ec2.DeleteVolumeCommand({ VolumeId: id })),
    },
    {
      what: 'key pair',
      list: async () => {
        const { KeyPairs = [] } = await client.send(new ec2.DescribeKeyPairsCommand({}));
        return KeyPairs.map(({ KeyName }) => KeyName);
      },
      remove: (id) => client.send(new ec2.DeleteKeyPairCommand({ KeyName: id })),
    },
  ];
}

/** Without what each VPC has by itself (its main route table, its default group), and without the default VPC. */
function networkTypes(account: ec2.EC2ClientConfig): readonly ResourceType[] {
  const client = new ec2.EC2Client(account);
  const ownVpcs = async () => {
    const { Vpcs = [] } = await client.send(new ec2.DescribeVpcsCommand({}));
    return Vpcs.filter(({ IsDefault }) => IsDefault !== true).map(({ VpcId }) => VpcId);
  };
  return [
    {
      what: 'security group',
      list: async () => {
        const vpcs = await ownVpcs();
        const { SecurityGroups = [] } = await client.send(new ec2.DescribeSecurityGroupsCommand({}));
        const own = SecurityGroups.filter(
          ({ VpcId, GroupName }) => vpcs.includes(VpcId) && GroupName !== 'default',
        );
        return own.map(({ GroupId }) => GroupId);
      },
      remove: async (id) => {
        await revokeRules(client, id);
        await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId: id }));
      },
    },
    {
      what: 'subnet',
      list: async () => {
        const vpcs = await ownVpcs();
        const { Subnets = [] } = await client.send(new ec2.DescribeSubnetsCommand({}));
        return Subnets.filter(({ VpcId }) => vpcs.includes(VpcId)).map(({ SubnetId }) => SubnetId);
      },
      remove: (id) => client.send(new ec2.DeleteSubnetCommand({ SubnetId: id })),
    },
    {
      what: 'route table',
      list: async () => {
        const vpcs = await ownVpcs();
        const { RouteTables = [] } = await client.send(new ec2.DescribeRouteTablesCommand({}));
        const own = RouteTables.filter(
          ({ VpcId, Associations = [] }) =>
            vpcs.includes(VpcId) && !Associations.some(({ Main }) => Main === true),
        );
        return own.map(({ RouteTableId }) => RouteTableId);
      },
      remove: (id) => client.send(new ec2.DeleteRouteTableCommand({ RouteTableId: id })),
    },
    {
      what: 'internet gateway',
      list: async () => {
        const vpcs = await ownVpcs();
        const { InternetGateways = [] } = await client.send(new ec2.DescribeInternetGatewaysCommand({}));
        const own = InternetGateways.filter(({ Attachments = [] }) =>
          Attachments.every(({ VpcId }) => vpcs.includes(VpcId)),
        );
        return own.map(({ InternetGatewayId }) => InternetGatewayId);
      },
      remove: async (id) => {
        const { InternetGateways: [gateway] = [] } = await client.send(
          new ec2.DescribeInternetGatewaysCommand({ InternetGatewayIds: [id] }),
        );
        for (const { VpcId } of gateway?.Attachments ?? []) {
          await client.send(new ec2.DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId }));
        }
        await client.send(new ec2.DeleteInternetGatewayCommand({ InternetGatewayId: id }));
      },
    },
    {
      what: 'VPC',
      list: ownVpcs,
      remove: (id) => client.send(new ec2.DeleteVpcCommand({ VpcId: id })),
    },
  ];
}

/** Groups that name each other would both stay. */
async function revokeRules(client: ec2.EC2Client, GroupId: string): Promise<void> {
  const Filters = [{ Name: 'group-id', Values: [GroupId] }];
  const { SecurityGroupRules = [] } = await client.send(
    new ec2.DescribeSecurityGroupRulesCommand({ Filters }),
  );
  for (const { SecurityGroupRuleId: id, IsEgress } of SecurityGroupRules) {
    if (id === undefined) continue;
    const rule = { GroupId, SecurityGroupRuleIds: [id] };
    await (IsEgress === true
      ? client.send(new ec2.RevokeSecurityGroupEgressCommand(rule))
      : client.send(new ec2.RevokeSecurityGroupIngressCommand(rule)));
  }
}

function accountTypes(account: ec2.EC2ClientConfig): readonly ResourceType[] {
  const { region, credentials, endpoint } = account;
  const same = {
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  const secretsClient = new secrets.SecretsManagerClient(same);
  const iamClient = new iam.IAMClient(same);
  return [
    {
      what: 'secret',
      list: async () => {
        const { SecretList = [] } = await secretsClient.send(new secrets.ListSecretsCommand({}));
        return SecretList.map(({ ARN }) => ARN);
      },
      remove: (id) =>
        secretsClient.send(
          new secrets.DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true }),
        ),
    },
    {
      what: 'instance profile',
      list: async () => {
        const { InstanceProfiles = [] } = await iamClient.send(new iam.ListInstanceProfilesCommand({}));
        return InstanceProfiles.map(({ InstanceProfileName }) => InstanceProfileName);
      },
      remove: async (id) => {
        const name = { InstanceProfileName: id };
        const { InstanceProfile } = await iamClient.send(new iam.GetInstanceProfileCommand(name));
        for (const { RoleName } of InstanceProfile?.Roles ?? []) {
          await iamClient.send(new iam.RemoveRoleFromInstanceProfileCommand({ ...name, RoleName }));
        }
        await iamClient.send(new iam.DeleteInstanceProfileCommand(name));
      },
    },
    {
      what: 'role',
      list: async () => {
        const { Roles = [] } = await iamClient.send(new iam.ListRolesCommand({}));
        return Roles.map(({ RoleName }) => RoleName);
      },
      remove: async (id) => {
        const role = { RoleName: id };
        const { PolicyNames = [] } = await iamClient.send(new iam.ListRolePoliciesCommand(role));
        for (const PolicyName of PolicyNames) {
          await iamClient.send(new iam.DeleteRolePolicyCommand({ ...role, PolicyName }));
        }
        await iamClient.send(new iam.DeleteRoleCommand(role));
      },
    },
  ];
}
