import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lab/api/awsCall';
import type { SignedRequest } from '../../lab/api/iam/signature';
import { authorizeRunner } from '../../lab/api/iam/runnerPolicy';
import { Parameters } from '../../lab/api/parameters';
import { s3Request } from '../../lab/api/s3/request';
import { XmlNode } from '../../lab/api/xml';
import { repositoryRoot } from '../../proving/product';
import { TestRegion } from './lab-apiRegion';

const policy = JSON.parse(
  readFileSync(join(repositoryRoot, 'docs', 'aws', 'deployer-policy.json'), 'utf8'),
) as Record<string, unknown>;

const platform = 'emqx-haproxy:platform';

/** What moto keeps: the VPC's tags, and the role of an instance profile. */
const moto = {
  query: (service: string, _: string, parameters: Parameters) => {
    const tagged = parameters.text('Filter.1.Value.1') === 'vpc-own';
    const tag = `<item><resourceId>vpc-own</resourceId><key>${platform}</key><value>mqtt</value></item>`;
    const profile = parameters.text('InstanceProfileName') ?? '';
    const role = profile.replace('profile', 'role');
    const answers: Readonly<Record<string, string>> = {
      ec2: `<r><tagSet>${tagged ? tag : ''}</tagSet></r>`,
      iam: `<r><GetInstanceProfileResult><InstanceProfile><Roles><member><RoleName>${role}</RoleName></member></Roles></InstanceProfile></GetInstanceProfileResult></r>`,
    };
    return Promise.resolve(XmlNode.parse(answers[service] ?? '<r/>'));
  },
  json: () => Promise.reject(new Error('no secret is there yet')),
};

let region: TestRegion;
beforeEach(() => {
  region = new TestRegion(moto);
  region.region.account = { ...region.region.account, runnerPolicy: policy };
});

const protocols: Readonly<Record<string, AwsCall['protocol']>> = { ec2: 'ec2', iam: 'query', s3: 's3' };

/** What the runner is told when it makes a call: undefined where it may. */
async function refusal(
  service: string,
  action: string,
  parameters: Readonly<Record<string, string>> = {},
  body: object = {},
  request: SignedRequest = {
    ...{ method: 'POST', url: '/', headers: {} },
    body: Buffer.from(JSON.stringify(body)),
  },
): Promise<string | undefined> {
  const call: AwsCall = {
    requestId: 'request-1',
    request,
    sourceAddress: '203.0.113.1',
    credential: undefined,
    service,
    action,
    protocol: protocols[service] ?? 'json',
    parameters: Parameters.of({ Action: action, ...parameters }),
  };
  try {
    await authorizeRunner(region.region, call);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe("the deployer's policy", () => {
  it("lets an interface be changed and deleted that carries a platform's tag, and no other", async () => {
    const [own, foreign] = [await region.interface(), await region.interface()];
    region.region.tags.set(own, new Map([[platform, 'mqtt']]));
    const remove = (id: string) => refusal('ec2', 'DeleteNetworkInterface', { NetworkInterfaceId: id });
    expect(await remove(own)).toBeUndefined();
    expect(await remove(foreign)).toMatch(
      new RegExp(
        `user/runner is not authorized to perform: ec2:DeleteNetworkInterface on resource: \\S+${foreign}`,
      ),
    );
  });

  it('is refused what is not there any more, since that has no tags', async () => {
    const detach = (AttachmentId: string) => refusal('ec2', 'DetachNetworkInterface', { AttachmentId });
    expect(await detach('eni-attach-gone')).toContain('ec2:DetachNetworkInterface on resource: *');
    // Which the provider asks for after a refresh, and must be let through to hear that it is gone.
    const disassociate = { AssociationId: 'eipassoc-gone' };
    expect(await refusal('ec2', 'DisassociateAddress', disassociate)).toBeUndefined();
  });

  it('knows the tags of what moto keeps', async () => {
    expect(await refusal('ec2', 'DeleteVpc', { VpcId: 'vpc-own' })).toBeUndefined();
    expect(await refusal('ec2', 'DeleteVpc', { VpcId: 'vpc-1' })).toContain('ec2:DeleteVpc');
  });

  it("lets what is made be tagged, and nothing else be tagged as a platform's", async () => {
    const tag = { 'TagSpecification.1.ResourceType': 'vpc', 'TagSpecification.1.Tag.1.Key': platform };
    expect(await refusal('ec2', 'CreateVpc', tag)).toBeUndefined();
    const stranger = await region.interface();
    expect(await refusal('ec2', 'CreateTags', { 'ResourceId.1': stranger })).toContain('ec2:CreateTags');
  });

  it('lets the rules of 0.1.0, which have no tags, be tagged as those that are made now', async () => {
    const tags = {
      'TagSpecification.1.ResourceType': 'security-group-rule',
      'TagSpecification.1.Tag.1.Key': platform,
    };
    const own = { GroupId: 'vpc-own', ...tags };
    expect(await refusal('ec2', 'AuthorizeSecurityGroupIngress', own)).toBeUndefined();
    expect(await refusal('ec2', 'CreateTags', { 'ResourceId.1': 'sgr-0123456789abcdef0' })).toBeUndefined();
  });

  it('gives EC2 roles of the platform, and no other', async () => {
    const run = (name: string) => refusal('ec2', 'RunInstances', { 'IamInstanceProfile.Name': name });
    expect(await run('mqtt-emqx-1-profile-1')).toBeUndefined();
    expect(await run('admin-profile')).toMatch(/iam:PassRole on resource: \S+role\/admin-role/);
    const add = { InstanceProfileName: 'mqtt-a', RoleName: 'admin' };
    expect(await refusal('iam', 'AddRoleToInstanceProfile', add)).toContain('iam:PassRole');
  });

  it('reaches roles and secrets of the platform by their names, and no other', async () => {
    expect(await refusal('iam', 'CreateRole', { RoleName: 'mqtt-emqx-1-role' })).toBeUndefined();
    expect(await refusal('iam', 'CreateRole', { RoleName: 'admin' })).toContain('iam:CreateRole');
    expect(await refusal('secretsmanager', 'CreateSecret', {}, { Name: 'mqtt-emqx-1-ssh' })).toBeUndefined();
    expect(await refusal('secretsmanager', 'GetSecretValue', {}, { SecretId: 'prod-db' })).toContain(
      'secretsmanager:GetSecretValue',
    );
  });

  it("makes and looks at buckets of the platform's name, and reads no backup", async () => {
    const s3 = async (method: string, url: string) => {
      const request = { method, url, headers: {}, body: Buffer.alloc(0) };
      const { action = '' } = s3Request(request);
      return refusal('s3', action, {}, {}, request);
    };
    expect(await s3('PUT', '/mqtt-brokers-backups-0a1b2c3')).toBeUndefined();
    expect(await s3('PUT', '/mqtt-brokers-backups-0a1b2c3?lifecycle')).toBeUndefined();
    expect(await s3('PUT', '/company-data?policy')).toContain('s3:PutBucketPolicy');
    expect(await s3('GET', '/mqtt-brokers-backups-0a1b2c3/mqtt/a.tar.gz')).toContain('s3:GetObject');
    expect(await s3('DELETE', '/mqtt-brokers-backups-0a1b2c3')).toContain('s3:DeleteBucket');
  });

  it('lets nothing be made that the program does not make', async () => {
    for (const action of ['CreateSnapshot', 'CreateVpcPeeringConnection', 'RequestSpotInstances'])
      expect(await refusal('ec2', action)).toContain(`ec2:${action}`);
  });
});

describe('a runner without a policy', () => {
  it('is an administrator', async () => {
    region.region.account = { ...region.region.account, runnerPolicy: null };
    expect(await refusal('ec2', 'DeleteVpc', { VpcId: 'vpc-1' })).toBeUndefined();
  });
});
