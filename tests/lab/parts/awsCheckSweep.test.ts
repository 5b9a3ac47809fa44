import {
  AllocateAddressCommand,
  CreateSecurityGroupCommand,
  CreateVpcCommand,
  DescribeAddressesCommand,
  DescribeVpcsCommand,
  type ResourceType,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { leftovers, sweep } from '../../../awsCheck/leftovers';
import { ApiLab, regionName } from '../../../proving/region/apiLab';

let lab: ApiLab;
beforeAll(async () => {
  lab = await ApiLab.open();
  vi.stubEnv('AWS_ENDPOINT_URL', lab.runnerAccess.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'lab');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'lab');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await lab.close();
});

const own = 'aws-check-202601010000';
const trust = '{"Version":"2012-10-17","Statement":[]}';

const tagsOf = (stack: string) => [
  { Key: 'emqx-haproxy:platform', Value: 'mqtt' },
  { Key: 'emqx-haproxy:stack', Value: `emqx-haproxy/${stack}` },
];
const tagged = (stack: string, type: ResourceType) => ({
  TagSpecifications: [{ ResourceType: type, Tags: tagsOf(stack) }],
});

async function address(stack: string): Promise<string> {
  const request = new AllocateAddressCommand({ Domain: 'vpc', ...tagged(stack, 'elastic-ip') });
  return (await lab.runner.ec2().send(request)).AllocationId ?? '';
}

it('a sweep of aws-check removes what an interrupted run left, and nothing of another stack', async () => {
  const [ec2, iam] = [lab.runner.ec2(), lab.runner.iam()];
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.99.0.0/16', ...tagged(own, 'vpc') }));
  const group = { GroupName: 'left', Description: 'left', ...tagged(own, 'security-group') };
  await ec2.send(new CreateSecurityGroupCommand({ ...group, VpcId: Vpc?.VpcId }));
  const [left, foreign] = [await address(own), await address('prod')];
  for (const [name, stack] of [
    ['mqtt-left', own],
    ['mqtt-prod', 'prod'],
  ] as const) {
    const role = { RoleName: name, AssumeRolePolicyDocument: trust, Tags: tagsOf(stack) };
    await iam.send(new CreateRoleCommand(role));
  }
  const secret = { Name: 'mqtt-left', SecretString: 'x', Tags: tagsOf(own) };
  const { ARN = '' } = await lab.runner.secrets().send(new CreateSecretCommand(secret));

  const found = await leftovers(regionName);
  expect(found).toEqual(
    expect.arrayContaining([
      `Elastic IP ${left}`,
      `secret ${ARN}`,
      `VPC ${Vpc?.VpcId ?? ''}`,
      'role mqtt-left',
    ]),
  );
  expect(found).toHaveLength(5);

  const { removed, left: stays } = await sweep(regionName);
  expect([removed.length, stays]).toEqual([5, []]);
  const { Addresses = [] } = await ec2.send(new DescribeAddressesCommand({}));
  expect(Addresses.map(({ AllocationId }) => AllocationId)).toEqual([foreign]);
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  expect(Vpcs.map(({ VpcId }) => VpcId)).not.toContain(Vpc?.VpcId);
  const { Roles = [] } = await iam.send(new ListRolesCommand({}));
  expect(Roles.map(({ RoleName }) => RoleName)).toEqual(['mqtt-prod']);
});
