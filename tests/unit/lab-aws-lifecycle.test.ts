import { expect, test } from 'vitest';
import { unknownValue } from '../../lab/providers/aws/shape';
import { applied, awsError, fakeAws, previewed } from './lab-awsClients';

const secret = 'aws:secretsmanager/secret:Secret';
const version = 'aws:secretsmanager/secretVersion:SecretVersion';
const role = 'aws:iam/role:Role';
const instance = 'aws:ec2/instance:Instance';
const eip = 'aws:ec2/eip:Eip';
const launched = { ami: 'ami-1', instanceType: 't3.micro', sourceDestCheck: true };

function refuse(error: Error): never {
  throw error;
}

test('a preview of a new resource asks AWS nothing and says what is known', async () => {
  const { provider, calls } = fakeAws({});
  const { state } = await provider.create(eip, { domain: 'vpc', tagsAll: {} }, previewed);
  expect(state).toMatchObject({ domain: 'vpc', publicIp: unknownValue, region: 'eu-central-1' });
  expect(calls).toEqual([]);
});

test('a preview of a change keeps what it does not touch', async () => {
  const { provider } = fakeAws({});
  const inputs = { ami: 'ami-1', instanceType: 't3.micro' };
  const state = { ...inputs, arn: 'arn', publicIp: '198.51.100.1', privateIp: '10.0.0.4' };
  const target = { type: instance, id: 'i-1' };
  const after = await provider.update(
    target,
    { state, inputs },
    { ...inputs, instanceType: 't3.small' },
    previewed,
  );
  expect(after).toMatchObject({
    arn: 'arn',
    privateIp: '10.0.0.4',
    publicIp: unknownValue,
    instanceType: 't3.small',
  });
});

test('an instance waits until its profile is known, and starts with all it was told', async () => {
  let refusals = 2;
  const aws = fakeAws({
    RunInstances: () =>
      refusals-- > 0
        ? refuse(
            awsError(
              'InvalidParameterValue',
              'Value (host) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
            ),
          )
        : { Instances: [{ InstanceId: 'i-1' }] },
    ...runningInstance({ Name: 'running' }),
  });
  const { id, state } = await aws.provider.create(
    instance,
    {
      ...launched,
      iamInstanceProfile: 'host',
      primaryNetworkInterface: { networkInterfaceId: 'eni-1' },
      tagsAll: { Name: 'host' },
    },
    applied,
  );
  expect(id).toBe('i-1');
  expect(state).toMatchObject({
    instanceState: 'running',
    tags: { Name: 'host' },
    primaryNetworkInterfaceId: 'eni-1',
  });
  expect(aws.actions().filter((action) => action === 'RunInstances')).toHaveLength(3);
  expect(aws.calls.find(({ action }) => action === 'RunInstances')?.input).toMatchObject({
    NetworkInterfaces: [{ DeviceIndex: 0, NetworkInterfaceId: 'eni-1', DeleteOnTermination: false }],
    SubnetId: undefined,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'host' }] }],
  });
});

test('a resource that exists but did not get ready is recorded with the reason', async () => {
  const reason = { StateReason: { Message: 'Server.InternalError' } };
  const { provider } = fakeAws({
    RunInstances: () => ({ Instances: [{ InstanceId: 'i-1' }] }),
    ...runningInstance({ Name: 'terminated' }, reason),
  });
  await expect(provider.create(instance, launched, applied)).rejects.toMatchObject({
    id: 'i-1',
    properties: { ami: 'ami-1', region: 'eu-central-1' },
    message: 'Error: instance i-1 is terminated and not running: Server.InternalError',
  });
});

test('a resource that was not ready is finished by an update without changes', async () => {
  const aws = fakeAws({
    DescribeVpcs: () => ({ Vpcs: [{ VpcId: 'vpc-1', State: 'available', OwnerId: '1' }] }),
    DescribeVpcAttribute: () => ({ EnableDnsHostnames: { Value: true }, EnableDnsSupport: { Value: true } }),
    DescribeRouteTables: () => ({}),
    DescribeSecurityGroups: () => ({}),
    DescribeNetworkAcls: () => ({}),
    ModifyVpcAttribute: () => ({}),
  });
  const inputs = { cidrBlock: '10.0.0.0/16', enableDnsHostnames: true, enableDnsSupport: true };
  const target = { type: 'aws:ec2/vpc:Vpc', id: 'vpc-1' };
  await aws.provider.update(target, { state: inputs, inputs }, inputs, applied);
  expect(aws.actions()).toContain('ModifyVpcAttribute');
});

test('a wait that takes too long says what it waited for', async () => {
  const { provider } = fakeAws({
    RunInstances: () => ({ Instances: [{ InstanceId: 'i-1' }] }),
    ...runningInstance({ Name: 'pending' }),
  });
  await expect(provider.create(instance, launched, { preview: false, timeoutSeconds: 0.5 })).rejects.toThrow(
    /gave up on instance i-1 to be running after/,
  );
});

test('a cancelled wait ends at once', async () => {
  const { provider } = fakeAws({
    RunInstances: () => ({ Instances: [{ InstanceId: 'i-1' }] }),
    ...runningInstance({ Name: 'pending' }),
  });
  const making = provider.create(instance, launched, applied);
  provider.cancel();
  await expect(making).rejects.toThrow(/cancelled|aborted/);
});

test('what is gone already is deleted', async () => {
  const aws = fakeAws({ DeleteSecret: () => refuse(awsError('ResourceNotFoundException')) });
  await aws.provider.delete({ type: secret, id: 'arn' }, { recoveryWindowInDays: 0 }, 5);
  expect(aws.calls[0]?.input).toMatchObject({ ForceDeleteWithoutRecovery: true });
});

test('another refusal to delete is an error', async () => {
  const { provider } = fakeAws({
    DeleteSecret: () => refuse(awsError('AccessDeniedException', 'not yours')),
  });
  await expect(provider.delete({ type: secret, id: 'arn' }, {}, 5)).rejects.toThrow('not yours');
});

test('what is gone reads as gone, and what is on its way out as well', async () => {
  const gone = fakeAws({ DescribeSecret: () => refuse(awsError('ResourceNotFoundException')) });
  expect(await gone.provider.read({ type: secret, id: 'arn' }, {}, {})).toBeUndefined();
  const leaving = fakeAws({ DescribeSecret: () => ({ ARN: 'arn', DeletedDate: new Date() }) });
  expect(await leaving.provider.read({ type: secret, id: 'arn' }, {}, {})).toBeUndefined();
});

test('tags that drifted are told from the default ones', async () => {
  const Tags = [
    { Key: 'Project', Value: 'p' },
    { Key: 'Name', Value: 'changed' },
    { Key: 'aws:cloudformation:stack', Value: 's' },
  ];
  const { provider } = fakeAws(
    { DescribeSecret: () => ({ ARN: 'arn', Name: 'key', Tags }), GetResourcePolicy: () => ({}) },
    { defaultTags: JSON.stringify({ tags: { Project: 'p' } }) },
  );
  const before = { name: 'key', tags: { Name: 'n' }, tagsAll: { Name: 'n', Project: 'p' } };
  const read = await provider.read({ type: secret, id: 'arn' }, before, before);
  expect(read?.state).toMatchObject({
    tags: { Name: 'changed' },
    tagsAll: { Name: 'changed', Project: 'p' },
  });
  expect(read?.inputs).toMatchObject({
    tags: { Name: 'changed' },
    tagsAll: { Name: 'changed', Project: 'p' },
  });
});

test('another type stops the instance, changes it and starts it again; new tags do not', async () => {
  const states = ['running', 'stopped', 'running', 'running'];
  const aws = fakeAws({
    ...runningInstance({ Name: 'running' }),
    DescribeInstances: () => ({
      Reservations: [{ Instances: [{ InstanceId: 'i-1', State: { Name: states.shift() } }] }],
    }),
    StopInstances: () => ({}),
    ModifyInstanceAttribute: () => ({}),
    StartInstances: () => ({}),
    CreateTags: () => ({}),
  });
  const inputs = { ami: 'ami-1', instanceType: 't3.micro', tagsAll: {} };
  const target = { type: instance, id: 'i-1' };
  await aws.provider.update(
    target,
    { state: inputs, inputs },
    { ...inputs, instanceType: 't3.small' },
    applied,
  );
  const changes = aws.actions().filter((action) => !action.startsWith('Describe'));
  expect(changes).toEqual(['StopInstances', 'ModifyInstanceAttribute', 'StartInstances']);
  states.push('running');
  const tags = { tags: { Name: 'n' }, tagsAll: { Name: 'n' } };
  await aws.provider.update(target, { state: inputs, inputs }, { ...inputs, ...tags }, applied);
  expect(aws.actions().filter((action) => !action.startsWith('Describe'))).toEqual([
    ...changes,
    'CreateTags',
  ]);
});

test('a new group lets nothing out that was not asked for', async () => {
  const open = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  const groups = [{ GroupId: 'sg-1', IpPermissionsEgress: open }, { GroupId: 'sg-1' }, { GroupId: 'sg-1' }];
  const aws = fakeAws({
    CreateSecurityGroup: () => ({ GroupId: 'sg-1' }),
    DescribeSecurityGroups: () => ({ SecurityGroups: [groups.shift()] }),
    RevokeSecurityGroupEgress: () => ({}),
  });
  const inputs = { name: 'g', description: 'd', vpcId: 'vpc-1' };
  await aws.provider.create('aws:ec2/securityGroup:SecurityGroup', inputs, applied);
  const revoked = aws.calls.find(({ action }) => action === 'RevokeSecurityGroupEgress');
  expect(revoked?.input).toEqual({ GroupId: 'sg-1', IpPermissions: open });
});

test('the current version of a secret is not touched when its resource goes', async () => {
  const aws = fakeAws({
    DescribeSecret: () => ({ VersionIdsToStages: { v1: ['AWSCURRENT', 'mine'], v2: ['AWSPREVIOUS'] } }),
    UpdateSecretVersionStage: () => ({}),
  });
  await aws.provider.delete({ type: version, id: 'arn|v1' }, {}, 5);
  const moved = aws.calls.filter(({ action }) => action === 'UpdateSecretVersionStage');
  expect(moved.map(({ input }) => input['VersionStage'])).toEqual(['mine']);
});

test('a resource in another region is made there; a role has none', async () => {
  const aws = fakeAws({
    CreateSecret: () => ({ ARN: 'arn' }),
    DescribeSecret: () => ({ ARN: 'arn' }),
    GetResourcePolicy: () => ({}),
  });
  const { state } = await aws.provider.create(secret, { name: 'n', region: 'us-east-1' }, applied);
  expect(aws.regions).toEqual(['us-east-1']);
  expect(state['region']).toBe('us-east-1');
  const { state: made } = await aws.provider.create(role, { name: 'r', assumeRolePolicy: '{}' }, previewed);
  expect(made['region']).toBeUndefined();
});

test('without a region the error says where to set one', async () => {
  const { provider } = fakeAws({}, { region: '' });
  await expect(provider.create(secret, { name: 'n' }, applied)).rejects.toThrow(
    /set aws:region .* or AWS_REGION/,
  );
});

/** The answers about one instance in a state. */
function runningInstance(State: object, more: object = {}) {
  const found = {
    InstanceId: 'i-1',
    State,
    Tags: [{ Key: 'Name', Value: 'host' }],
    NetworkInterfaces: [{ NetworkInterfaceId: 'eni-1', Attachment: { DeviceIndex: 0 } }],
    ...more,
  };
  return {
    DescribeInstances: () => ({ Reservations: [{ OwnerId: '1', Instances: [found] }] }),
    DescribeInstanceAttribute: () => ({}),
  };
}
