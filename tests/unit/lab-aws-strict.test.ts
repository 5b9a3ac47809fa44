import { describe, expect, test } from 'vitest';
import { applied, awsError, fakeAws } from './lab-awsClients';

/** What the official provider does and a kinder stand-in would hide. */

const eip = 'aws:ec2/eip:Eip';
const instance = 'aws:ec2/instance:Instance';
const networkInterface = 'aws:ec2/networkInterface:NetworkInterface';

function refuse(error: Error): never {
  throw error;
}

describe('the end of an Elastic IP', () => {
  const inUse = () => refuse(awsError('InvalidIPAddress.InUse'));

  test('knows the association of its state only, and is tried once', async () => {
    const aws = fakeAws({ ReleaseAddress: inUse });
    const target = { type: eip, id: 'eipalloc-1' };
    await expect(aws.provider.delete(target, { domain: 'vpc' }, 5)).rejects.toThrow('as told');
    expect(aws.actions()).toEqual(['ReleaseAddress']);
  });

  test('forgives an association that has moved on, and not that the address is in use', async () => {
    const aws = fakeAws({
      DisassociateAddress: () => refuse(awsError('InvalidAssociationID.NotFound')),
      ReleaseAddress: inUse,
    });
    const state = { domain: 'vpc', associationId: 'eipassoc-1' };
    await expect(aws.provider.delete({ type: eip, id: 'eipalloc-1' }, state, 5)).rejects.toMatchObject({
      name: 'InvalidIPAddress.InUse',
    });
    expect(aws.actions()).toEqual(['DisassociateAddress', 'ReleaseAddress']);
  });
});

test('an Elastic IP in a network without its gateway is refused at once', async () => {
  const aws = fakeAws({
    AllocateAddress: () => ({ AllocationId: 'eipalloc-1' }),
    DescribeAddresses: () => ({ Addresses: [{ AllocationId: 'eipalloc-1' }] }),
    AssociateAddress: () => refuse(awsError('Gateway.NotAttached', 'no gateway')),
  });
  await expect(
    aws.provider.create(eip, { domain: 'vpc', networkInterface: 'eni-1' }, applied),
  ).rejects.toThrow('no gateway');
  expect(aws.actions().filter((action) => action === 'AssociateAddress')).toHaveLength(1);
});

test('the end of an interface is tried once', async () => {
  const aws = fakeAws({
    DeleteNetworkInterface: () => refuse(awsError('InvalidParameterValue', 'is currently in use')),
  });
  await expect(aws.provider.delete({ type: networkInterface, id: 'eni-1' }, {}, 5)).rejects.toThrow('in use');
  expect(aws.actions()).toEqual(['DeleteNetworkInterface']);
});

test('what EC2 has just made and does not know yet is waited for', async () => {
  const group = { GroupId: 'sg-1', IpPermissionsEgress: [{ IpProtocol: '-1' }], VpcId: 'vpc-1' };
  let asked = 0;
  const aws = fakeAws({
    CreateSecurityGroup: () => ({ GroupId: 'sg-1' }),
    DescribeSecurityGroups: () =>
      (asked += 1) % 2 === 1 ? refuse(awsError('InvalidGroup.NotFound')) : { SecurityGroups: [group] },
    RevokeSecurityGroupEgress: () => ({}),
  });
  const inputs = { description: 'hosts', vpcId: 'vpc-1' };
  const made = await aws.provider.create('aws:ec2/securityGroup:SecurityGroup', inputs, applied);
  expect(made.id).toBe('sg-1');
  expect(aws.actions()).toContain('RevokeSecurityGroupEgress');
});

test('an interface is detached before its end only where EC2 has it attached still', async () => {
  const state = { attachments: [{ attachmentId: 'eni-attach-1', instance: 'i-1', deviceIndex: 0 }] };
  const ended = async (Attachment?: object) => {
    const aws = fakeAws({
      DescribeNetworkInterfaces: () => ({
        NetworkInterfaces: [{ Status: 'available', ...(Attachment === undefined ? {} : { Attachment }) }],
      }),
      DetachNetworkInterface: () => ({}),
      DeleteNetworkInterface: () => ({}),
    });
    await aws.provider.delete({ type: networkInterface, id: 'eni-1' }, state, 5);
    return aws.actions().filter((action) => !action.startsWith('Describe'));
  };
  expect(await ended()).toEqual(['DeleteNetworkInterface']);
  expect(await ended({ AttachmentId: 'eni-attach-1' })).toEqual([
    'DetachNetworkInterface',
    'DeleteNetworkInterface',
  ]);
});

describe("an instance's source/destination check", () => {
  const inputs = {
    ami: 'ami-1',
    primaryNetworkInterface: { networkInterfaceId: 'eni-1' },
    sourceDestCheck: true,
  };
  // Read back from the interface, where the program has turned it off.
  const state = { ...inputs, sourceDestCheck: false };
  const target = { type: instance, id: 'i-1' };

  test('is true unless it is told otherwise, and so is planned against what the interface says', () => {
    const { provider } = fakeAws({});
    const checked = provider.check(
      instance,
      'host',
      new Uint8Array(),
      {},
      {
        ami: 'ami-1',
        instanceType: 't3.micro',
        primaryNetworkInterface: { networkInterfaceId: 'eni-1' },
      },
    );
    expect(checked.failures).toEqual([]);
    expect(checked.inputs).toMatchObject({ sourceDestCheck: true });
    expect(provider.diff(target, { state, inputs }, inputs).changes).toMatchObject([
      { path: 'sourceDestCheck', kind: 'update', replaces: false },
    ]);
    expect(provider.diff(target, { state, inputs }, inputs, ['sourceDestCheck']).changes).toEqual([]);
  });

  test('is written with the next change of another input too, unless the program ignores it', async () => {
    const change = async (ignored: readonly string[]) => {
      const aws = fakeAws({
        DescribeInstances: () => ({ Reservations: [{ Instances: [{ InstanceId: 'i-1', State: {} }] }] }),
        DescribeInstanceAttribute: () => ({}),
        ModifyInstanceAttribute: () => ({}),
      });
      const after = { ...inputs, disableApiStop: true };
      await aws.provider.update(target, { state, inputs }, after, applied, ignored);
      return aws.calls.flatMap(({ input }) => input['SourceDestCheck'] ?? []);
    };
    expect(await change([])).toEqual([{ Value: true }]);
    expect(await change(['sourceDestCheck'])).toEqual([]);
  });

  test('cannot be told to the instance beside an interface', () => {
    const { provider } = fakeAws({});
    const given = { ...inputs, instanceType: 't3.micro', sourceDestCheck: false };
    const { failures } = provider.check(instance, 'host', new Uint8Array(), {}, given);
    expect(failures).toMatchObject([{ property: 'sourceDestCheck' }]);
  });
});

test("a root volume's own tags come after the launch", async () => {
  const root = { DeviceName: '/dev/xvda', Ebs: { VolumeId: 'vol-1' } };
  const found = {
    InstanceId: 'i-1',
    State: { Name: 'running' },
    RootDeviceName: '/dev/xvda',
    BlockDeviceMappings: [root],
  };
  const aws = fakeAws({
    RunInstances: () => ({ Instances: [{ InstanceId: 'i-1' }] }),
    DescribeInstances: () => ({ Reservations: [{ Instances: [found] }] }),
    DescribeInstanceAttribute: () => ({}),
    DescribeVolumes: () => ({}),
    CreateTags: () => ({}),
  });
  const inputs = {
    ami: 'ami-1',
    instanceType: 't3.micro',
    sourceDestCheck: true,
    rootBlockDevice: { tags: { Owner: 'me' } },
  };
  await aws.provider.create(instance, { ...inputs, tagsAll: { Name: 'host' } }, applied);
  const launch = aws.calls.find(({ action }) => action === 'RunInstances');
  expect(launch?.input['TagSpecifications']).toMatchObject([{ ResourceType: 'instance' }]);
  expect(aws.calls.find(({ action }) => action === 'CreateTags')?.input).toEqual({
    Resources: ['vol-1'],
    Tags: [{ Key: 'Owner', Value: 'me' }],
  });
});

test("a security group rule's tags come with the call that makes it, for policies that demand them", async () => {
  const rule = { SecurityGroupRuleId: 'sgr-1', GroupId: 'sg-1', IpProtocol: 'tcp' };
  const aws = fakeAws({
    AuthorizeSecurityGroupIngress: () => ({ SecurityGroupRules: [rule] }),
    DescribeSecurityGroupRules: () => ({ SecurityGroupRules: [rule] }),
  });
  const inputs = {
    securityGroupId: 'sg-1',
    ipProtocol: 'tcp',
    fromPort: 22,
    toPort: 22,
    cidrIpv4: '10.0.0.0/8',
  };
  await aws.provider.create(
    'aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule',
    { ...inputs, tagsAll: { Owner: 'me' } },
    applied,
  );
  expect(aws.calls[0]?.input['TagSpecifications']).toEqual([
    { ResourceType: 'security-group-rule', Tags: [{ Key: 'Owner', Value: 'me' }] },
  ]);
  expect(aws.actions()).not.toContain('CreateTags');
});

test('zones are sorted by name, which puts a Local Zone first, and filters reach EC2', async () => {
  const names = ['eu-central-1a', 'eu-central-1b', 'eu-central-1-lz-1a'];
  const aws = fakeAws({
    DescribeAvailabilityZones: () => ({
      AvailabilityZones: names.map((ZoneName) => ({ ZoneName, State: 'available' })),
    }),
  });
  const filters = [{ name: 'opt-in-status', values: ['opt-in-not-required'] }];
  const token = 'aws:index/getAvailabilityZones:getAvailabilityZones';
  const { result } = await aws.provider.invoke(token, { state: 'available', filters });
  expect(result['names']).toEqual(['eu-central-1-lz-1a', 'eu-central-1a', 'eu-central-1b']);
  expect(aws.calls[0]?.input['Filters']).toEqual([
    { Name: 'opt-in-status', Values: ['opt-in-not-required'] },
  ]);
});
