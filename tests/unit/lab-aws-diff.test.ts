import { expect, test } from 'vitest';
import { inputsFrom } from '../../lab/providers/aws/compare';
import { inSetOrder } from '../../lab/providers/aws/resources/setOrder';
import {
  chosen,
  defaulted,
  flag,
  object,
  optional,
  set,
  text,
  unknownValue,
  type Properties,
} from '../../lab/providers/aws/shape';
import { fakeAws } from './lab-awsClients';

const { provider } = fakeAws({});

function diff(type: string, before: Properties, after: Properties, state: Properties = before) {
  const { changes, deleteFirst } = provider.diff({ type, id: 'id' }, { state, inputs: before }, after);
  return {
    changes: changes.map(({ path, kind, replaces }) => `${kind} ${path}${replaces ? ' replaces' : ''}`),
    deleteFirst,
  };
}

const instance = {
  ami: 'ami-1',
  instanceType: 't3.micro',
  userDataBase64: 'YQ==',
  userDataReplaceOnChange: false,
  rootBlockDevice: { volumeSize: 8, encrypted: false },
  vpcSecurityGroupIds: ['sg-1', 'sg-2'],
};

test.each([
  ['nothing', {}, []],
  ['another type', { instanceType: 't3.small' }, ['update instanceType']],
  ['another image', { ami: 'ami-2' }, ['update ami replaces']],
  ['an image that is not known yet', { ami: unknownValue }, ['update ami replaces']],
  ['user data', { userDataBase64: 'Yg==' }, ['update userDataBase64']],
  [
    'user data that asks for it',
    { userDataBase64: 'Yg==', userDataReplaceOnChange: true },
    ['update userDataBase64 replaces', 'update userDataReplaceOnChange'],
  ],
  [
    'a larger disk',
    { rootBlockDevice: { volumeSize: 9, encrypted: false } },
    ['update rootBlockDevice.volumeSize'],
  ],
  [
    'an encrypted disk',
    { rootBlockDevice: { volumeSize: 8, encrypted: true } },
    ['update rootBlockDevice.encrypted replaces'],
  ],
  ['groups in another order', { vpcSecurityGroupIds: ['sg-2', 'sg-1'] }, []],
  ['a tag', { tags: { Name: 'a', 'x/y': 'b' } }, ['add tags']],
])('an instance with %s', (_what, change, expected) => {
  expect(diff('aws:ec2/instance:Instance', instance, { ...instance, ...change }).changes).toEqual(expected);
});

test('a change of one tag is a change of that tag alone', () => {
  const tagged = { ...instance, tags: { Name: 'a', Role: 'r', 'x/y': '1' } };
  const { changes } = diff('aws:ec2/instance:Instance', tagged, {
    ...tagged,
    tags: { Name: 'b', 'x/y': '2', New: '' },
  });
  expect(changes).toEqual(['update tags.Name', 'delete tags.Role', 'update tags["x/y"]', 'add tags.New']);
});

test('a policy that is only written differently is the same', () => {
  const before = { role: 'r', policy: '{"Version":"2012-10-17","Statement":[]}' };
  const after = { role: 'r', policy: '{ "Statement": [],\n "Version": "2012-10-17" }' };
  expect(diff('aws:iam/rolePolicy:RolePolicy', before, after).changes).toEqual([]);
});

test('what AWS chose is no change when the program leaves it out', () => {
  const before = { vpcId: 'vpc-1', cidrBlock: '10.0.0.0/24', availabilityZone: 'eu-central-1a' };
  const after = { vpcId: 'vpc-1', cidrBlock: '10.0.0.0/24' };
  expect(diff('aws:ec2/subnet:Subnet', before, after).changes).toEqual([]);
});

test('an interface is replaced only when it would lose its primary address', () => {
  const card = (privateIps: string[]) => ({ subnetId: 'subnet-1', privateIps });
  const state = { ...card(['10.0.0.4', '10.0.0.5']), privateIp: '10.0.0.4' };
  const to = (privateIps: string[]) =>
    diff('aws:ec2/networkInterface:NetworkInterface', card(['10.0.0.4', '10.0.0.5']), card(privateIps), state)
      .changes;
  expect(to(['10.0.0.4', '10.0.0.6'])).toEqual(['update privateIps']);
  expect(to(['10.0.0.5', '10.0.0.6'])).toEqual(['update privateIps replaces']);
});

test('a resource under a name of the program is deleted before its replacement is made, one under a made name is not', () => {
  const group = { name: 'web', vpcId: 'vpc-1', description: 'a' };
  const made = { ...group, __defaults: ['name'] };
  const type = 'aws:ec2/securityGroup:SecurityGroup';
  expect(diff(type, group, { ...group, description: 'b' })).toEqual({
    changes: ['update description replaces'],
    deleteFirst: true,
  });
  expect(diff(type, made, { ...made, description: 'b' }).deleteFirst).toBe(false);
});

test('a refresh takes over what drifted, and only that', () => {
  const fields = {
    name: optional(text),
    check: defaulted(flag, true),
    zone: chosen(text),
    groups: chosen(set(text)),
    block: chosen(object({ size: chosen(text), kind: chosen(text) })),
  };
  const inputs = { name: 'n', check: true, groups: ['b', 'a'], block: { size: '8' } };
  const state = { name: 'n', check: true, zone: 'z', groups: ['a', 'b'], block: { size: '8', kind: 'k' } };
  const refreshed = (live: Properties) => inputsFrom(fields, inputs, state, { ...state, ...live });
  expect(refreshed({})).toEqual(inputs);
  expect(refreshed({ groups: ['b', 'a'], zone: 'y' })).toEqual(inputs);
  expect(refreshed({ check: false })).toEqual({ ...inputs, check: false });
  expect(refreshed({ block: { size: '9', kind: 'l' } })).toEqual({ ...inputs, block: { size: '9' } });
});

test('an import takes everything that AWS says', () => {
  const fields = { name: optional(text), zone: chosen(text), note: optional(text) };
  expect(inputsFrom(fields, {}, {}, { name: 'n', zone: 'z', note: '' })).toEqual({ name: 'n', zone: 'z' });
});

test('the first of several privateIps is the first by the text of its CRC-32, not as written', () => {
  // 10.20.0.10: 3246241568, 10.20.0.5: 346898225, 10.20.0.100: 3480519262
  expect(inSetOrder(['10.20.0.100', '10.20.0.5', '10.20.0.10'])).toEqual([
    '10.20.0.10',
    '10.20.0.5',
    '10.20.0.100',
  ]);
});
