import { expect, test } from 'vitest';
import { readConfiguration } from '../../lab/providers/aws/configuration';
import { unknownValue, type Properties } from '../../lab/providers/aws/shape';
import { fakeAws } from './lab-awsClients';

const seed = new Uint8Array([1, 2, 3]);

function check(type: string, given: Properties, before: Properties = {}, configuration = {}) {
  return fakeAws({}, configuration).provider.check(type, 'thing', seed, before, given);
}

test('an unknown resource type is an error that names it and the known ones', () => {
  expect(() => check('aws:sqs/queue:Queue', {})).toThrow(
    /the lab knows no resource type aws:sqs\/queue:Queue; it knows aws:ebs\/volume:Volume, /,
  );
});

test('every wrong input is reported at once, by its path', () => {
  const { failures } = check('aws:ec2/instance:Instance', {
    ami: 7,
    instanceTyp: 't3.micro',
    rootBlockDevice: { size: 8, encrypted: 'yes' },
    vpcSecurityGroupIds: ['sg-1', 2],
  });
  expect(failures.map(({ property }) => property).sort()).toEqual([
    'ami',
    'instanceTyp',
    'rootBlockDevice.encrypted',
    'rootBlockDevice.size',
    'vpcSecurityGroupIds[1]',
  ]);
  expect(failures.find(({ property }) => property === 'ami')?.reason).toBe(
    'ami of aws:ec2/instance:Instance must be a string, not a number',
  );
});

test('a required input that is missing is named', () => {
  const { failures } = check('aws:ec2/subnet:Subnet', { vpcId: 'vpc-1' });
  expect(failures).toEqual([
    { property: 'cidrBlock', reason: 'aws:ec2/subnet:Subnet needs cidrBlock, and none is given' },
  ]);
});

test('what is not known yet in a preview passes as any type', () => {
  const { failures, inputs } = check('aws:ec2/subnet:Subnet', {
    vpcId: unknownValue,
    cidrBlock: unknownValue,
    tags: unknownValue,
  });
  expect(failures).toEqual([]);
  expect(inputs['tagsAll']).toBe(unknownValue);
});

test('defaults are filled in, also inside a block', () => {
  const { inputs } = check('aws:ec2/instance:Instance', {
    ami: 'ami-1',
    instanceType: 't3.micro',
    rootBlockDevice: { volumeSize: 8 },
  });
  expect(inputs).toMatchObject({
    forceDestroy: false,
    rootBlockDevice: { volumeSize: 8, deleteOnTermination: true },
  });
});

test('a name is made of the resource name and stays for its life', () => {
  const role = { assumeRolePolicy: '{}' };
  const made = check('aws:iam/role:Role', role).inputs;
  expect(made['name']).toMatch(/^thing-[0-9a-f]{7}$/);
  const other = fakeAws({}).provider.check(
    'aws:iam/role:Role',
    'thing',
    new Uint8Array([9]),
    made,
    role,
  ).inputs;
  expect(other['name']).toBe(made['name']);
});

test('a name that the program once gave is not kept for a made one', () => {
  const role = { assumeRolePolicy: '{}' };
  const given = check('aws:iam/role:Role', { ...role, name: 'given' }).inputs;
  expect(check('aws:iam/role:Role', role, given).inputs['name']).toMatch(/^thing-/);
});

test('a made name that AWS would refuse is refused first', () => {
  const { provider } = fakeAws({});
  const { failures } = provider.check(
    'aws:iam/role:Role',
    'x'.repeat(60),
    seed,
    {},
    { assumeRolePolicy: '{}' },
  );
  expect(failures[0]?.reason).toMatch(/has 68 characters; at most 64 are allowed/);
});

test('the default tags of the provider are part of every taggable resource', () => {
  const configuration = { defaultTags: JSON.stringify({ tags: { Project: 'p', Owner: 'o' } }) };
  const { inputs } = check(
    'aws:ec2/vpc:Vpc',
    { cidrBlock: '10.0.0.0/16', tags: { Owner: 'me' } },
    {},
    configuration,
  );
  expect(inputs['tags']).toEqual({ Owner: 'me' });
  expect(inputs['tagsAll']).toEqual({ Project: 'p', Owner: 'me' });
});

test('user data over 16 KiB is refused in the preview', () => {
  const userDataBase64 = Buffer.alloc(16_385).toString('base64');
  const { failures } = check('aws:ec2/instance:Instance', {
    ami: 'ami-1',
    instanceType: 't3.micro',
    userDataBase64,
  });
  expect(failures).toEqual([
    {
      property: 'userDataBase64',
      reason: 'userDataBase64 of aws:ec2/instance:Instance: holds 16385 bytes; EC2 takes at most 16384',
    },
  ]);
});

test('a setting of an interface is refused beside primaryNetworkInterface', () => {
  const { failures } = check('aws:ec2/instance:Instance', {
    ami: 'ami-1',
    instanceType: 't3.micro',
    primaryNetworkInterface: { networkInterfaceId: 'eni-1' },
    subnetId: 'subnet-1',
  });
  expect(failures.map(({ property }) => property)).toEqual(['subnetId']);
});

test('an unknown setting of the provider is named', () => {
  const { failures } = readConfiguration({ region: 'eu-central-1', endpoints: '[{}]', profile: 'work' });
  expect(failures.map(({ property }) => property)).toEqual(['endpoints']);
});
