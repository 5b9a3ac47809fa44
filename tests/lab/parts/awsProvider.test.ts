import { EC2 } from '@aws-sdk/client-ec2';
import * as aws from '@pulumi/aws';
import * as pulumi from '@pulumi/pulumi';
import { LocalWorkspace, type OpMap, type Stack } from '@pulumi/pulumi/automation';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpoint, moto, workspace, type Moto } from '../providerWorkspace';

/** The official SDK's resources, through the real engine and the lab's provider, against moto. */

interface Settings {
  readonly instanceType: string;
  readonly secondaryAddress: string;
  readonly httpTokens: string;
  readonly adminPort: number;
  readonly secretValue: string;
  readonly userData: string;
  readonly ignoreUserData: boolean;
  readonly greeting: string;
}

const first: Settings = {
  instanceType: 't3.micro',
  secondaryAddress: '10.20.0.20',
  httpTokens: 'required',
  adminPort: 22,
  secretValue: 'correct horse battery staple',
  userData: 'IyEvYmluL3NoCg==',
  ignoreUserData: false,
  greeting: 'hello',
};
let settings = first;
let server: Moto;
let stack: Stack;
let ec2: EC2;

beforeAll(async () => {
  server = await moto();
  ec2 = new EC2(endpoint(server));
  stack = await LocalWorkspace.createStack(
    { stackName: 'test', projectName: 'aws-provider', program: () => Promise.resolve(program(settings)) },
    await workspace(server),
  );
  await stack.setConfig('aws:region', { value: 'eu-central-1' });
  await stack.setConfig('aws:defaultTags', { value: JSON.stringify({ tags: { Project: 'test' } }) });
});

afterAll(() => server.stop());

test('makes a whole network with hosts, roles and secrets', async () => {
  const { outputs, summary } = await stack.up();
  expect(summary.resourceChanges).toEqual({ create: 31 });
  expect(outputs['primaryAddress']?.value).toBe('10.20.0.10');
  expect(outputs['holder']?.value).toBe(outputs['interfaceId']?.value);
  expect(outputs['tags']?.value).toEqual({ Name: 'host', Project: 'test' });
  expect(outputs['greeting']).toEqual({ value: 'hello', secret: true });
  const [reservation] =
    (await ec2.describeInstances({ InstanceIds: [text(outputs, 'instanceId')] })).Reservations ?? [];
  expect(reservation?.Instances?.[0]).toMatchObject({
    InstanceType: 't3.micro',
    PrivateIpAddress: '10.20.0.10',
    MetadataOptions: { HttpTokens: 'required' },
    Tags: expect.arrayContaining([{ Key: 'Project', Value: 'test' }]) as unknown,
  });
});

test('leaves all as it is when nothing changed', async () => {
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 31 });
});

test('sees no drift where there is none', async () => {
  expect((await stack.refresh()).summary.resourceChanges).toEqual({ same: 31 });
  expect((await stack.preview()).changeSummary).toEqual({ same: 31 });
});

test('keeps a secret out of the state and of what it prints', async () => {
  const state = await readFile(
    join(server.folder, 'state', '.pulumi', 'stacks', 'aws-provider', 'test.json'),
    'utf8',
  );
  expect(state).toContain('secretString');
  expect(state).not.toContain(first.secretValue);
});

test('changes in place what can, and previews it so', async () => {
  settings = {
    ...settings,
    instanceType: 't3.small',
    secondaryAddress: '10.20.0.21',
    httpTokens: 'optional',
  };
  const { changeSummary } = await stack.preview();
  expect(changes(changeSummary)).toEqual({ update: 2, same: 29 });
  const before = await output('instanceId');
  const { outputs, summary } = await stack.up();
  expect(summary.resourceChanges).toEqual({ update: 2, same: 29 });
  expect(text(outputs, 'instanceId')).toBe(before);
  expect(outputs['addresses']?.value).toEqual(['10.20.0.10', '10.20.0.21']);
  const [reservation] = (await ec2.describeInstances({ InstanceIds: [before] })).Reservations ?? [];
  expect(reservation?.Instances?.[0]).toMatchObject({
    InstanceType: 't3.small',
    State: { Name: 'running' },
    MetadataOptions: { HttpTokens: 'optional' },
  });
});

test('a new secret value is a new version, under the same name', async () => {
  settings = { ...settings, secretValue: 'another' };
  expect((await stack.up()).summary.resourceChanges).toEqual({ replace: 1, same: 30 });
});

test('drift shows in a refresh and is mended by the next up', async () => {
  const InstanceId = await output('instanceId');
  await ec2.createTags({ Resources: [InstanceId], Tags: [{ Key: 'Name', Value: 'someone else' }] });
  expect((await stack.refresh()).summary.resourceChanges).toEqual({ update: 1, same: 30 });
  expect((await stack.up()).summary.resourceChanges).toEqual({ update: 1, same: 30 });
  const { Tags = [] } = await ec2.describeTags({ Filters: [{ Name: 'resource-id', Values: [InstanceId] }] });
  expect(Tags.find(({ Key }) => Key === 'Name')?.Value).toBe('host');
});

test('what somebody deleted is made again', async () => {
  const { SecurityGroupRules = [] } = await ec2.describeSecurityGroupRules({});
  const rule = SecurityGroupRules.find(({ FromPort, IsEgress }) => FromPort === 22 && IsEgress !== true);
  await ec2.revokeSecurityGroupIngress({
    GroupId: rule?.GroupId,
    SecurityGroupRuleIds: [rule?.SecurityGroupRuleId ?? ''],
  });
  expect((await stack.refresh()).summary.resourceChanges).toEqual({ delete: 1, same: 30 });
  expect((await stack.up()).summary.resourceChanges).toEqual({ create: 1, same: 30 });
});

test('a replaced instance keeps its interface, and boots with the newest user data although it is ignored', async () => {
  settings = { ...settings, ignoreUserData: true, userData: 'IyEvYmluL3NoIC14Cg==' };
  expect((await stack.up()).summary.resourceChanges).toEqual({ same: 31 });
  const before = await output('instanceId');
  const { outputs } = await stack.up({ replace: [await urnOf('aws:ec2/instance:Instance')] });
  const InstanceId = text(outputs, 'instanceId');
  expect(InstanceId).not.toBe(before);
  expect(text(outputs, 'primaryAddress')).toBe('10.20.0.10');
  const { UserData } = await ec2.describeInstanceAttribute({ InstanceId, Attribute: 'userData' });
  expect(UserData?.Value).toBe(settings.userData);
});

test('an unknown property is refused by name before anything is touched', async () => {
  const wrong = await LocalWorkspace.createStack(
    {
      stackName: 'wrong',
      projectName: 'aws-provider',
      program: async () => {
        const args = { cidrBlock: '10.9.0.0/16', cidrBlok: '10.8.0.0/16' };
        await provided(new Untyped('aws:ec2/vpc:Vpc', 'wrong', args));
      },
    },
    await workspace(server),
  );
  await wrong.setConfig('aws:region', { value: 'eu-central-1' });
  await expect(wrong.preview()).rejects.toThrow(/aws:ec2\/vpc:Vpc has no input cidrBlok here/);
});

test('what is there already can be imported, and then is no different', async () => {
  const made = await ec2.createVpc({ CidrBlock: '10.77.0.0/16' });
  const id = made.Vpc?.VpcId ?? '';
  const imported = await LocalWorkspace.createStack(
    {
      stackName: 'import',
      projectName: 'aws-provider',
      program: () => provided(new aws.ec2.Vpc('found', { cidrBlock: '10.77.0.0/16' }, { import: id })),
    },
    await workspace(server),
  );
  await imported.setConfig('aws:region', { value: 'eu-central-1' });
  expect((await imported.up()).summary.resourceChanges).toEqual({ create: 1, import: 1 });
  expect((await imported.up()).summary.resourceChanges).toEqual({ same: 2 });
});

test('removes everything, also what has gone by itself', async () => {
  await ec2.terminateInstances({ InstanceIds: [await output('instanceId')] });
  await stack.destroy();
  const { Vpcs = [] } = await ec2.describeVpcs({ Filters: [{ Name: 'cidr', Values: ['10.20.0.0/16'] }] });
  expect(Vpcs).toEqual([]);
});

function program(wanted: Settings) {
  const vpc = new aws.ec2.Vpc('net', { cidrBlock: '10.20.0.0/16', enableDnsHostnames: true });
  const subnet = new aws.ec2.Subnet('net', {
    vpcId: vpc.id,
    cidrBlock: '10.20.0.0/24',
    // What moto, which answers here, takes the first subnet of a zone for.
    mapPublicIpOnLaunch: true,
    availabilityZone: aws
      .getAvailabilityZonesOutput({ state: 'available' })
      .names.apply((names) => names[0] ?? ''),
  });
  new aws.ec2.SubnetCidrReservation('planned', {
    subnetId: subnet.id,
    cidrBlock: '10.20.0.0/26',
    reservationType: 'explicit',
  });
  const gateway = new aws.ec2.InternetGateway('net', { vpcId: vpc.id });
  const table = new aws.ec2.RouteTable('net', { vpcId: vpc.id });
  const route = new aws.ec2.Route('out', {
    routeTableId: table.id,
    destinationCidrBlock: '0.0.0.0/0',
    gatewayId: gateway.id,
  });
  new aws.ec2.RouteTableAssociation('net', { routeTableId: table.id, subnetId: subnet.id });
  const natAddress = new aws.ec2.Eip('nat', { domain: 'vpc' });
  new aws.ec2.NatGateway(
    'nat',
    { subnetId: subnet.id, allocationId: natAddress.id },
    { dependsOn: [gateway] },
  );
  new aws.ec2.VpcEndpoint('secrets', {
    vpcId: vpc.id,
    serviceName: 'com.amazonaws.eu-central-1.s3',
    routeTableIds: [table.id],
  });
  const group = new aws.ec2.SecurityGroup('host', { vpcId: vpc.id, description: 'Hosts of the test' });
  new aws.vpc.SecurityGroupIngressRule('ssh', {
    securityGroupId: group.id,
    ipProtocol: 'tcp',
    fromPort: wanted.adminPort,
    toPort: wanted.adminPort,
    cidrIpv4: '192.0.2.0/24',
    description: 'Administration',
  });
  new aws.vpc.SecurityGroupIngressRule('peers', {
    securityGroupId: group.id,
    ipProtocol: 'tcp',
    fromPort: 10000,
    toPort: 10000,
    referencedSecurityGroupId: group.id,
  });
  new aws.vpc.SecurityGroupEgressRule('anywhere', {
    securityGroupId: group.id,
    ipProtocol: '-1',
    cidrIpv4: '0.0.0.0/0',
  });
  new aws.ec2.SecurityGroupRule('legacy', {
    securityGroupId: group.id,
    type: 'ingress',
    protocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    cidrBlocks: ['192.0.2.0/24', '198.51.100.0/24'],
  });
  const card = new aws.ec2.NetworkInterface('host', {
    subnetId: subnet.id,
    privateIpListEnabled: true,
    privateIpLists: ['10.20.0.10', wanted.secondaryAddress],
    securityGroups: [group.id],
    sourceDestCheck: false,
  });
  const address = new aws.ec2.Eip('vip', { domain: 'vpc', tags: { Role: 'vip' } });
  const key = new aws.ec2.KeyPair('admin', { publicKey });
  const role = new aws.iam.Role('host', {
    assumeRolePolicy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }],
    }),
  });
  const rights = aws.iam.getPolicyDocumentOutput({
    statements: [{ actions: ['ec2:DescribeAddresses', 'ec2:AssociateAddress'], resources: ['*'] }],
  });
  new aws.iam.RolePolicy('host', { role: role.id, policy: rights.json });
  const policy = new aws.iam.Policy('extra', { policy: rights.json });
  new aws.iam.RolePolicyAttachment('extra', { role: role.name, policyArn: policy.arn });
  const profile = new aws.iam.InstanceProfile('host', { role: role.name });
  const host = new aws.ec2.Instance(
    'host',
    {
      ami: 'ami-12c6146b',
      instanceType: wanted.instanceType,
      primaryNetworkInterface: { networkInterfaceId: card.id },
      iamInstanceProfile: profile.name,
      keyName: key.keyName,
      userDataBase64: wanted.userData,
      metadataOptions: { httpTokens: wanted.httpTokens, httpPutResponseHopLimit: 1 },
      rootBlockDevice: { encrypted: true, volumeSize: 8, volumeType: 'gp3' },
      tags: { Name: 'host' },
    },
    {
      deleteBeforeReplace: true,
      dependsOn: [route],
      ignoreChanges: wanted.ignoreUserData ? ['userDataBase64'] : [],
    },
  );
  const association = new aws.ec2.EipAssociation(
    'vip',
    {
      allocationId: address.id,
      networkInterfaceId: card.id,
      privateIpAddress: '10.20.0.10',
    },
    { dependsOn: [host] },
  );
  const volume = new aws.ebs.Volume('data', {
    availabilityZone: subnet.availabilityZone,
    size: 4,
    type: 'gp3',
    encrypted: true,
  });
  new aws.ec2.VolumeAttachment('data', { deviceName: '/dev/sdf', instanceId: host.id, volumeId: volume.id });
  const secret = new aws.secretsmanager.Secret('key', { recoveryWindowInDays: 0 });
  new aws.secretsmanager.SecretVersion('key', {
    secretId: secret.id,
    secretString: pulumi.secret(wanted.secretValue),
  });
  const parameter = new aws.ssm.Parameter('greeting', { type: 'String', value: wanted.greeting });
  const read = aws.ssm.getParameterOutput({ name: parameter.name });
  const holder = aws.ec2.getElasticIpOutput({ id: association.allocationId });
  return {
    instanceId: host.id,
    primaryAddress: card.privateIp,
    addresses: card.privateIpLists,
    interfaceId: card.id,
    holder: holder.networkInterfaceId,
    tags: host.tagsAll,
    greeting: read.value,
  };
}

const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb4qKH2xQnRzbWRyvrhGRlPpRZ5cK9qZrJzvPyR2m3T test';

async function output(name: string): Promise<string> {
  return text(await stack.outputs(), name);
}

function text(outputs: Readonly<Record<string, { readonly value: unknown }>>, name: string): string {
  const value = outputs[name]?.value;
  if (typeof value !== 'string') throw new Error(`the output ${name} is no string`);
  return value;
}

/** The SDK's own classes drop what they do not know. */
class Untyped extends pulumi.CustomResource {}

/** A program that has made the resource, and nothing to say about it. */
function provided(resource: pulumi.Resource): Promise<void> {
  expect(resource).toBeInstanceOf(pulumi.CustomResource);
  return Promise.resolve();
}

function changes(summary: OpMap): OpMap {
  return Object.fromEntries(Object.entries(summary).filter(([, count]) => count > 0));
}

async function urnOf(type: string): Promise<string> {
  const exported = await stack.exportStack();
  const { resources } = exported.deployment as {
    readonly resources: readonly { type: string; urn: string }[];
  };
  return resources.find((one) => one.type === type)?.urn ?? '';
}
