import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  RunInstancesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';

export interface ApiNetwork {
  readonly vpcId: string;
  readonly subnetId: string;
  readonly gatewayId: string;
  readonly groupId: string;
}

/** What the SDK may leave out and an answer of these calls has. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer lacks what was asked for');
  return value;
}

export async function makeNetwork(ec2: EC2Client): Promise<ApiNetwork> {
  const vpcId = present((await ec2.send(new CreateVpcCommand({ CidrBlock: '127.20.0.0/16' }))).Vpc?.VpcId);
  const subnet = new CreateSubnetCommand({
    VpcId: vpcId,
    CidrBlock: '127.20.0.0/24',
    AvailabilityZone: 'eu-central-1a',
  });
  const subnetId = present((await ec2.send(subnet)).Subnet?.SubnetId);
  const gateway = (await ec2.send(new CreateInternetGatewayCommand({}))).InternetGateway;
  const gatewayId = present(gateway?.InternetGatewayId);
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: gatewayId, VpcId: vpcId }));
  const group = new CreateSecurityGroupCommand({ GroupName: 'hosts', Description: 'hosts', VpcId: vpcId });
  return { vpcId, subnetId, gatewayId, groupId: present((await ec2.send(group)).GroupId) };
}

/** A role with one policy, in an instance profile of the same name. */
export async function makeRole(iam: IAMClient, name: string, statements: readonly object[]): Promise<void> {
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await putPolicy(iam, name, statements);
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }));
  await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: name }));
}

export async function putPolicy(iam: IAMClient, role: string, statements: readonly object[]): Promise<void> {
  const document = JSON.stringify({ Version: '2012-10-17', Statement: statements });
  await iam.send(new PutRolePolicyCommand({ RoleName: role, PolicyName: 'own', PolicyDocument: document }));
}

export async function makeInterface(ec2: EC2Client, network: ApiNetwork, address: string): Promise<string> {
  const command = new CreateNetworkInterfaceCommand({
    SubnetId: network.subnetId,
    PrivateIpAddress: address,
    Groups: [network.groupId],
  });
  return present((await ec2.send(command)).NetworkInterface?.NetworkInterfaceId);
}

export async function launch(
  ec2: EC2Client,
  ssm: SSMClient,
  interfaceId: string,
  profile: string,
): Promise<string> {
  const parameter = new GetParameterCommand({ Name: '/aws/service/debian/release/13/latest/amd64' });
  const command = new RunInstancesCommand({
    ImageId: present((await ssm.send(parameter)).Parameter?.Value),
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 't3.small',
    IamInstanceProfile: { Name: profile },
    MetadataOptions: { HttpTokens: 'required', InstanceMetadataTags: 'enabled' },
    NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: interfaceId }],
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'balancer-1' }] }],
  });
  return present((await ec2.send(command)).Instances?.[0]?.InstanceId);
}
