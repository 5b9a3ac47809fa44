import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lab/api/awsCall';
import { parseAccount } from '../../lab/commands/account';
import { accountSchema } from '../../lab/api/ec2/account';
import { vcpusOf } from '../../lab/api/ec2/instanceTypes';
import { isHeldGroup, MotoNetwork } from '../../lab/api/ec2/motoNetwork';
import { emptyNetwork } from '../../lab/api/ec2/network';
import { images } from '../../lab/api/images';
import { mustBeOfPartition } from '../../lab/api/iam/policyDocuments';
import { Parameters } from '../../lab/api/parameters';
import { answerServiceQuotas } from '../../lab/api/quotas';
import { resolve } from '../../lab/api/resolver';
import { XmlNode } from '../../lab/api/xml';
import { subnetId, TestRegion } from './lab-apiRegion';

const amd64 = images.find(({ name }) => name.startsWith('debian-13-amd64'))?.imageId ?? '';

/** A region whose moto knows two zones and one type in both. */
function labOf(account: object = {}): TestRegion {
  const lab = new TestRegion({
    query: (_service, _region, parameters) =>
      Promise.resolve(XmlNode.parse(`<Response>${answers[parameters.action] ?? ''}</Response>`)),
  });
  lab.region.account = accountSchema.parse({ ...lab.region.account, ...account });
  return lab;
}

const zone = (letter: string) =>
  `<item><zoneName>eu-central-1${letter}</zoneName><zoneId>euc1-az${letter}</zoneId></item>`;
const offering = (letter: string) =>
  `<item><instanceType>t3.small</instanceType><locationType>availability-zone</locationType><location>eu-central-1${letter}</location></item>`;
const answers: Readonly<Record<string, string>> = {
  DescribeAvailabilityZones: `<availabilityZoneInfo>${zone('a')}${zone('b')}</availabilityZoneInfo>`,
  DescribeInstanceTypeOfferings: `<instanceTypeOfferingSet>${offering('a')}${offering('b')}</instanceTypeOfferingSet>`,
};

function launch(lab: TestRegion, instanceType: string, more: Readonly<Record<string, string>> = {}) {
  return lab.call('RunInstances', {
    ImageId: amd64,
    MinCount: '1',
    MaxCount: '1',
    InstanceType: instanceType,
    SubnetId: subnetId,
    ...more,
  });
}

async function zoneNames(lab: TestRegion, parameters: Readonly<Record<string, string>> = {}) {
  const answer = await lab.call('DescribeAvailabilityZones', parameters);
  return answer.items('availabilityZoneInfo').map((each) => each.text('zoneName'));
}

describe('zones', () => {
  it('are led by a Local Zone where the account has opted in to it', async () => {
    const names = await zoneNames(labOf());
    expect([...names].sort()).toEqual(['eu-central-1-lz-1a', 'eu-central-1a', 'eu-central-1b']);
  });

  it('are without it elsewhere, unless all are asked for', async () => {
    const lab = labOf({ localZone: false });
    expect(await zoneNames(lab)).toEqual(['eu-central-1a', 'eu-central-1b']);
    expect(await zoneNames(lab, { AllAvailabilityZones: 'true' })).toContain('eu-central-1-lz-1a');
  });

  it.each([
    ['opt-in-status', 'opt-in-not-required'],
    ['zone-type', 'availability-zone'],
  ])('are told apart by the filter %s', async (name, value) => {
    const filter = { 'Filter.1.Name': name, 'Filter.1.Value.1': value };
    expect(await zoneNames(labOf(), filter)).toEqual(['eu-central-1a', 'eu-central-1b']);
  });

  it('without a type refuse it by name, and do not list it', async () => {
    const lab = labOf({ notOffered: [{ instanceType: 't3.small', zone: 'eu-central-1a' }] });
    const offered = (await lab.call('DescribeInstanceTypeOfferings')).items('instanceTypeOfferingSet');
    expect(offered.map((each) => each.text('location'))).toEqual(['eu-central-1b']);
    await expect(launch(lab, 't3.small')).rejects.toMatchObject({
      code: 'Unsupported',
      message: expect.stringContaining('(eu-central-1a). Please retry') as unknown,
    });
    expect(lab.region.interfaces.size).toBe(0);
  });
});

describe('quotas', () => {
  it('of vCPUs count what runs, and are asked for at each start', async () => {
    const lab = labOf({ vcpuQuota: 4 });
    const first = await launch(lab, 't3.small');
    const id = first.items('instancesSet')[0]?.text('instanceId') ?? '';
    await launch(lab, 't3.small');
    await expect(launch(lab, 't3.small')).rejects.toMatchObject({ code: 'VcpuLimitExceeded' });
    await lab.call('StopInstances', { 'InstanceId.1': id });
    await expect.poll(() => lab.region.instance(id).state).toBe('stopped');
    await launch(lab, 't3.small');
    await expect(lab.call('StartInstances', { 'InstanceId.1': id })).rejects.toMatchObject({
      code: 'VcpuLimitExceeded',
    });
  });

  it.each([
    ['t3.nano', 2],
    ['t3.large', 2],
    ['c6i.large', 2],
    ['c7g.medium', 1],
    ['c6i.xlarge', 4],
    ['m7i.24xlarge', 96],
  ])('know that %s has %i vCPUs', (type, vcpus) => expect(vcpusOf(type)).toBe(vcpus));

  it('of Elastic IPs are what the account says', async () => {
    const lab = labOf({ elasticIpQuota: 1 });
    await lab.elasticIp();
    await expect(lab.elasticIp()).rejects.toMatchObject({ code: 'AddressLimitExceeded' });
  });

  it('of VPCs are what the account says', async () => {
    const { region } = labOf({ vpcQuota: 0 });
    region.network = emptyNetwork;
    const create = Parameters.of({ Action: 'CreateVpc', CidrBlock: '10.20.0.0/16' });
    await expect(new MotoNetwork(region).pass(create, () => Promise.resolve(false))).rejects.toMatchObject({
      code: 'VpcLimitExceeded',
      message: expect.stringContaining('L-F678F1CE') as unknown,
    });
  });

  it('can be asked for by their codes, and others do not exist', () => {
    const { region } = labOf({ vcpuQuota: 5 });
    const ask = (QuotaCode: string, ServiceCode = 'ec2') =>
      answerServiceQuotas(jsonCall('servicequotas', 'GetServiceQuota', { ServiceCode, QuotaCode }), region);
    expect(ask('L-1216C47A')).toMatchObject({ Quota: { Value: 5 } });
    expect(ask('L-0263D0A3')).toMatchObject({ Quota: { Value: 5, QuotaName: 'EC2-VPC Elastic IPs' } });
    expect(ask('L-F678F1CE', 'vpc')).toMatchObject({ Quota: { Value: 5 } });
    expect(ask('L-0EA8095F', 'vpc')).toMatchObject({ Quota: { Value: 60 } });
    expect(() => ask('L-0000')).toThrow('does not exist');
    expect(() => ask('L-F678F1CE')).toThrow('does not exist');
  });
});

describe('a launch', () => {
  it('needs a type of the processors of its image', async () => {
    await expect(launch(labOf(), 't4g.small')).rejects.toMatchObject({
      code: 'InvalidParameterValue',
      message: expect.stringContaining("'arm64' of the specified instance type does not match") as unknown,
    });
  });

  it('needs the tags on its volume that the organization demands, at once', async () => {
    const lab = labOf({ volumeTags: ['Owner'] });
    const tagged = (type: string) => ({
      'TagSpecification.1.ResourceType': type,
      'TagSpecification.1.Tag.1.Key': 'Owner',
      'TagSpecification.1.Tag.1.Value': 'me',
    });
    await expect(launch(lab, 't3.small', tagged('instance'))).rejects.toMatchObject({
      code: 'UnauthorizedOperation',
    });
    await launch(lab, 't3.small', tagged('volume'));
  });
});

describe('a partition', () => {
  const policy = (resource: string) =>
    jsonCall(
      'iam',
      'PutRolePolicy',
      {},
      { PolicyDocument: JSON.stringify({ Statement: { Resource: resource } }) },
    );

  it.each([
    ['eu-central-1', 'arn:aws-cn:ec2:*:*:volume/*'],
    ['cn-north-1', 'arn:aws:ec2:*:*:volume/*'],
    ['us-gov-west-1', 'arn:aws:ec2:*:*:volume/*'],
  ])('of %s has no ARNs of another one: %s', (region, arn) => {
    expect(() => mustBeOfPartition(policy(arn), region)).toThrow(`is not valid for resource "${arn}"`);
  });

  it.each([
    ['eu-central-1', 'arn:aws:ec2:*:*:volume/*'],
    ['cn-north-1', 'arn:aws-cn:ec2:*:*:volume/*'],
    ['us-gov-west-1', '*'],
  ])('of %s takes %s', (region, arn) => {
    expect(() => mustBeOfPartition(policy(arn), region)).not.toThrow();
  });

  it('has names of its own', () => {
    const { region } = new TestRegion();
    const codeOf = (name: string) =>
      resolve(region, '203.0.113.2', () => undefined, { name, type: 1 }).records.length;
    expect(codeOf('ec2.eu-central-1.amazonaws.com')).toBe(1);
    expect(codeOf('ec2.cn-north-1.amazonaws.com.cn')).toBe(0);
  });
});

describe('a subnet', () => {
  it('gives no public addresses by itself, whatever moto takes it for, and does when it is told to', async () => {
    let maps = 'true';
    const asked: string[] = [];
    const lab = new TestRegion({
      query: (_service, _region, parameters) => {
        asked.push(parameters.action);
        maps = parameters.text('MapPublicIpOnLaunch.Value') ?? maps;
        const made = `<subnetId>subnet-b</subnetId><mapPublicIpOnLaunch>${maps}</mapPublicIpOnLaunch>`;
        return Promise.resolve(XmlNode.parse(`<R><subnetSet><item>${made}</item></subnetSet></R>`));
      },
    });
    const network = new MotoNetwork(lab.region);
    const create = Parameters.of({ Action: 'CreateSubnet', CidrBlock: '10.20.2.0/24' });
    await network.pass(create, () => Promise.resolve(true));
    expect(lab.region.subnet('subnet-b').mapPublicIpOnLaunch).toBe(false);
    maps = 'true';
    await network.pass(create, () => Promise.resolve(true));
    expect(lab.region.subnet('subnet-b').mapPublicIpOnLaunch).toBe(true);
    expect(asked.filter((action) => action === 'ModifySubnetAttribute')).toHaveLength(1);
  });
});

describe('a security group', () => {
  it('that a rule of another one names, or that an interface has, is in use', async () => {
    const peers = [{ protocol: 'tcp', fromPort: 1, toPort: 1, peer: { groupId: 'sg-a' } }];
    const lab = new TestRegion();
    const groups = [
      { groupId: 'sg-a', name: 'a', ingress: peers, egress: [] },
      { groupId: 'sg-b', name: 'b', ingress: peers, egress: [] },
    ];
    lab.region.network = { ...lab.region.network, securityGroups: groups };
    expect(isHeldGroup(lab.region, 'sg-a')).toBe(true);
    expect(isHeldGroup(lab.region, 'sg-b')).toBe(false);
    await lab.interface({ 'SecurityGroupId.1': 'sg-b' });
    expect(isHeldGroup(lab.region, 'sg-b')).toBe(true);
  });
});

function jsonCall(
  service: string,
  action: string,
  input: object,
  parameters: Readonly<Record<string, string>> = {},
): AwsCall {
  return {
    requestId: 'r',
    request: { method: 'POST', url: '/', headers: {}, body: Buffer.from(JSON.stringify(input)) },
    sourceAddress: '203.0.113.1',
    credential: undefined,
    service,
    action,
    protocol: 'json',
    parameters: Parameters.of(parameters),
  };
}

describe('the command', () => {
  it('sets what it is told as JSON, by name', () => {
    const told = parseAccount(['vcpuQuota=5', 'localZone=false', 'volumeTags=["Owner"]']);
    expect(told).toEqual({ vcpuQuota: 5, localZone: false, volumeTags: ['Owner'] });
  });

  it.each(['vcpuQuota', 'localZone=no'])('refuses %s', (word) => {
    expect(() => parseAccount([word])).toThrow(word.split('=').at(-1));
  });
});
