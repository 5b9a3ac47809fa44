import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSubnetCidrReservationCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateAddressCommand,
} from '@aws-sdk/client-ec2';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParametersCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ApiLab, plainRequest } from '../../../proving/region/apiLab';
import {
  launch,
  makeInterface,
  makeNetwork,
  makeRole,
  present,
  putPolicy,
  type ApiNetwork,
} from './apiNetwork';

/** The front with real moto behind it, asked by the real SDK. Fabric and machines only record what they are told. */
let lab: ApiLab;
let network: ApiNetwork;
let interfaceId: string;
let instanceId: string;
let allocationId: string;
let secretArn: string;

// An address of loopback, so that a request to the metadata service can come from it.
const hostAddress = '127.20.0.10';
const platformOnly = { StringEquals: { 'aws:ResourceTag/platform': 'mqtt' } };

beforeAll(async () => {
  lab = await ApiLab.open();
  const ec2 = lab.runner.ec2();
  network = await makeNetwork(ec2);
  const secret = new CreateSecretCommand({ Name: 'mqtt/cookie', SecretString: 'crumbs' });
  secretArn = present((await lab.runner.secrets().send(secret)).ARN);
  await lab.runner.secrets().send(new CreateSecretCommand({ Name: 'other', SecretString: 'x' }));
  await makeRole(lab.runner.iam(), 'balancer', [
    { Effect: 'Allow', Action: 'ec2:DescribeAddresses', Resource: '*' },
    { Effect: 'Allow', Action: 'ec2:AssociateAddress', Resource: '*', Condition: platformOnly },
    { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secretArn },
  ]);
  interfaceId = await makeInterface(ec2, network, hostAddress);
  instanceId = await launch(ec2, lab.runner.ssm(), interfaceId, 'balancer');
  allocationId = present((await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }))).AllocationId);
});

afterAll(() => lab.close());

function host() {
  const credentials = lab.server.issued.of(instanceId, 'balancer');
  return lab.host({ ...credentials, sessionToken: credentials.token });
}

describe('the network that moto keeps', () => {
  it('reaches the fabric with each change, protocol 112 without ports too', async () => {
    const { groupId } = network;
    const ec2 = lab.runner.ec2();
    const rule = { IpProtocol: '112', UserIdGroupPairs: [{ GroupId: groupId }] };
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: groupId, IpPermissions: [rule] }));
    expect(lab.fabric.last.securityGroups.find((group) => group.groupId === groupId)?.ingress).toEqual([
      { protocol: '112', fromPort: -1, toPort: -1, peer: { groupId } },
    ]);
    const filter = { Filters: [{ Name: 'group-id', Values: [groupId] }] };
    const rules = await ec2.send(new DescribeSecurityGroupRulesCommand(filter));
    expect(rules.SecurityGroupRules?.map((each) => each.IpProtocol)).toContain('112');
  });

  it('has one VPC, and no default one', async () => {
    const ec2 = lab.runner.ec2();
    expect((await ec2.send(new DescribeVpcsCommand({}))).Vpcs?.map((vpc) => vpc.VpcId)).toEqual([
      network.vpcId,
    ]);
    await expect(ec2.send(new CreateVpcCommand({ CidrBlock: '10.30.0.0/16' }))).rejects.toMatchObject({
      name: 'VpcLimitExceeded',
    });
  });

  it('gives no public address by itself, not even in the first subnet of a zone', async () => {
    const { Subnets = [] } = await lab.runner.ec2().send(new DescribeSubnetsCommand({}));
    expect(Subnets.map(({ MapPublicIpOnLaunch }) => MapPublicIpOnLaunch)).toEqual([false]);
  });

  it('keeps what the front’s own resources hang on', async () => {
    const ec2 = lab.runner.ec2();
    for (const deletion of [
      ec2.send(new DeleteSecurityGroupCommand({ GroupId: network.groupId })),
      ec2.send(new DeleteSubnetCommand({ SubnetId: network.subnetId })),
    ]) {
      await expect(deletion).rejects.toMatchObject({ name: 'DependencyViolation' });
    }
  });

  it('keeps reserved addresses free', async () => {
    const ec2 = lab.runner.ec2();
    const reservation = {
      SubnetId: network.subnetId,
      Cidr: '127.20.0.4/31',
      ReservationType: 'explicit',
    } as const;
    await ec2.send(new CreateSubnetCidrReservationCommand(reservation));
    expect(lab.region.network.reservations).toEqual([{ subnetId: network.subnetId, cidr: '127.20.0.4/31' }]);
  });

  it('refuses what the lab has no network for', async () => {
    const endpoint = new CreateVpcEndpointCommand({ VpcId: network.vpcId, ServiceName: 'x' });
    await expect(lab.runner.ec2().send(endpoint)).rejects.toThrow(/The lab has no VPC endpoints/);
  });

  it('has tags of both in one list', async () => {
    const ec2 = lab.runner.ec2();
    const both = [interfaceId, network.groupId];
    await ec2.send(new CreateTagsCommand({ Resources: both, Tags: [{ Key: 'both', Value: '1' }] }));
    const filter = { Filters: [{ Name: 'key', Values: ['both'] }] };
    const tags = (await ec2.send(new DescribeTagsCommand(filter))).Tags;
    expect(tags?.map((tag) => tag.ResourceId).sort()).toEqual([...both].sort());
  });
});

describe('public SSM parameters', () => {
  it('come beside those of one’s own', async () => {
    const ssm = lab.runner.ssm();
    await ssm.send(new PutParameterCommand({ Name: '/own', Value: '1', Type: 'String' }));
    const debian = '/aws/service/debian/release/12/latest/amd64';
    const answer = await ssm.send(new GetParametersCommand({ Names: [debian, '/own', '/none'] }));
    expect(answer.Parameters?.map((each) => each.Name).sort()).toEqual([debian, '/own']);
    expect(answer.InvalidParameters).toEqual(['/none']);
  });
});

describe('a host’s role', () => {
  it('is who the API says it is', async () => {
    const { sts, close } = host();
    const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
    expect(Arn).toBe(`arn:aws:sts::123456789012:assumed-role/balancer/${instanceId}`);
    close();
  });

  it('claims an address only when address, interface and instance carry its tag', async () => {
    const { ec2, close } = host();
    const claim = () =>
      ec2.send(new AssociateAddressCommand({ AllocationId: allocationId, NetworkInterfaceId: interfaceId }));
    for (const id of [allocationId, interfaceId, instanceId]) {
      const missing = id.startsWith('i-')
        ? 'instance'
        : id.startsWith('eni-')
          ? 'network-interface'
          : 'elastic-ip';
      await expect(claim()).rejects.toMatchObject({
        name: 'UnauthorizedOperation',
        message: expect.stringMatching(
          new RegExp(`perform: ec2:AssociateAddress on resource: .*:${missing}/${id} because no`),
        ) as string,
      });
      const tag = { Resources: [id], Tags: [{ Key: 'platform', Value: 'mqtt' }] };
      await lab.runner.ec2().send(new CreateTagsCommand(tag));
    }
    await claim();
    expect(lab.fabric.last.elasticIps).toMatchObject([{ interfaceId, privateIp: hostAddress }]);
    close();
  });

  it('may do nothing else', async () => {
    const { ec2, secrets, close } = host();
    await expect(
      ec2.send(new DisassociateAddressCommand({ PublicIp: '198.51.100.1' })),
    ).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
    });
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: 'other' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    close();
  });

  it('reads its secret, by its name or its ARN', async () => {
    const { secrets, close } = host();
    for (const SecretId of ['mqtt/cookie', secretArn]) {
      const answer = await secrets.send(new GetSecretValueCommand({ SecretId }));
      expect(answer.SecretString).toBe('crumbs');
    }
    close();
  });

  it('is what its policy has become', async () => {
    const { ec2, close } = host();
    const describeAll = { Effect: 'Allow', Action: 'ec2:Describe*', Resource: '*' };
    await putPolicy(lab.runner.iam(), 'balancer', [describeAll]);
    await expect(ec2.send(new DescribeInstancesCommand({}))).resolves.toBeDefined();
    await putPolicy(lab.runner.iam(), 'balancer', [
      describeAll,
      { Effect: 'Deny', Action: 'ec2:DescribeInstances', Resource: '*' },
    ]);
    await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toThrow(/with an explicit deny/);
    close();
  });

  it('is told by a dry run whether it may', async () => {
    const { ec2, close } = host();
    await expect(ec2.send(new DescribeAddressesCommand({ DryRun: true }))).rejects.toMatchObject({
      name: 'DryRunOperation',
    });
    await expect(
      ec2.send(new AssociateAddressCommand({ AllocationId: allocationId, DryRun: true })),
    ).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
    close();
  });
});

describe('credentials', () => {
  const describeAddresses = new DescribeAddressesCommand({});

  it.each([
    ['an unknown key', { accessKeyId: 'ASIAUNKNOWN' }],
    ['another secret', { secretAccessKey: 'wrong' }],
    ['another session token', { sessionToken: 'wrong' }],
    ['the runner’s key', { accessKeyId: 'lab', secretAccessKey: 'lab', sessionToken: '' }],
  ])('with %s are not validated', async (_what, wrong) => {
    const { token, accessKeyId, secretAccessKey } = lab.server.issued.of(instanceId, 'balancer');
    const { ec2, secrets, close } = lab.host({ accessKeyId, secretAccessKey, sessionToken: token, ...wrong });
    await expect(ec2.send(describeAddresses)).rejects.toMatchObject({ name: 'AuthFailure' });
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).rejects.toMatchObject({
      name: expect.stringMatching(/^(UnrecognizedClient|InvalidSignature)Exception$/) as string,
    });
    close();
  });

  it('that have expired are refused as EC2 and Secrets Manager do it', async () => {
    lab.server.issued.setLifetime(-1);
    const { ec2, secrets, close } = host();
    lab.server.issued.setLifetime(3600);
    await expect(ec2.send(describeAddresses)).rejects.toMatchObject({ name: 'RequestExpired' });
    await expect(secrets.send(new GetSecretValueCommand({ SecretId: secretArn }))).rejects.toMatchObject({
      name: 'ExpiredTokenException',
    });
    close();
  });

  it('signed by a clock that the API finds wrong are refused, and good again when it is right', async () => {
    const { ec2, close } = host();
    lab.server.faults.add({ kind: 'skew', seconds: 301, callers: 'instances' });
    await expect(ec2.send(describeAddresses)).rejects.toMatchObject({ name: 'RequestExpired' });
    // It has learnt the API's time from the date of the refusal.
    await expect(ec2.send(describeAddresses)).resolves.toBeDefined();
    lab.server.faults.clear();
    close();
    const anew = host();
    await expect(anew.ec2.send(describeAddresses)).resolves.toBeDefined();
    anew.close();
  });
});

describe('instance metadata', () => {
  const tokenHeader = 'x-aws-ec2-metadata-token';
  const get = (
    path: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
    from = hostAddress,
  ) => plainRequest({ port: lab.server.ports.metadata, path: `/latest/${path}`, headers, method, from });

  it('is given with a token only, and to instances only', async () => {
    expect((await get('meta-data/instance-id')).status).toBe(401);
    expect((await get('meta-data/instance-id', { [tokenHeader]: 'invented' })).status).toBe(401);
    expect((await get('api/token', {}, 'PUT')).status).toBe(400);
    expect((await get('api/token', {}, 'PUT', '127.0.0.1')).status).toBe(404);
  });

  it('tells an instance about itself, and gives credentials that work', async () => {
    const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
    const headers = { [tokenHeader]: (await get('api/token', ttl, 'PUT')).text };
    const read = async (path: string) => (await get(path, headers)).text;
    const mac = await read('meta-data/mac');
    expect(await read('meta-data/instance-id')).toBe(instanceId);
    expect(await read('meta-data/local-ipv4')).toBe(hostAddress);
    expect(await read('meta-data/public-ipv4')).toBe('198.51.100.1');
    expect(await read('meta-data/placement/availability-zone')).toBe('eu-central-1a');
    expect(await read('meta-data/tags/instance/Name')).toBe('balancer-1');
    expect(await read('meta-data/network/interfaces/macs/')).toBe(`${mac}/`);
    expect(await read(`meta-data/network/interfaces/macs/${mac}/local-ipv4s`)).toBe(hostAddress);
    expect((await get('meta-data/none', headers)).status).toBe(404);
    expect(await read('meta-data/iam/security-credentials/')).toBe('balancer');
    const role = z
      .object({ AccessKeyId: z.string(), SecretAccessKey: z.string(), Token: z.string() })
      .parse(JSON.parse(await read('meta-data/iam/security-credentials/balancer')));
    const client = lab.host({
      accessKeyId: role.AccessKeyId,
      secretAccessKey: role.SecretAccessKey,
      sessionToken: role.Token,
    });
    await expect(client.ec2.send(new DescribeAddressesCommand({}))).resolves.toBeDefined();
    client.close();
  });
});

describe('an internet gateway', () => {
  it('stays while Elastic IPs go through it', async () => {
    const detach = { InternetGatewayId: network.gatewayId, VpcId: network.vpcId };
    await expect(lab.runner.ec2().send(new DetachInternetGatewayCommand(detach))).rejects.toMatchObject({
      name: 'DependencyViolation',
    });
  });
});
