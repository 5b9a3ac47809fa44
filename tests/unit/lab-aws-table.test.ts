import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { functionTypes } from '../../lab/providers/aws/functions';
import { commonInputs } from '../../lab/providers/aws/resource';
import { resourceTypes } from '../../lab/providers/aws/resources';
import { awsError, fakeAws } from './lab-awsClients';

const sdk = dirname(createRequire(__filename).resolve('@pulumi/aws/package.json'));

/** The official SDK's source of a type or function by its token. */
function source(token: string): string {
  const [, module = ''] = token.split(':');
  return readFileSync(join(sdk, `${module.replace(/^index\//, '')}.js`), 'utf8');
}

function names(text: string, pattern: RegExp): Set<string> {
  return new Set([...text.matchAll(pattern)].map(([, name]) => name ?? ''));
}

describe('the table speaks of nothing that the official SDK does not know', () => {
  test.each(resourceTypes.map((row) => [row.token, row] as const))('%s', (token, row) => {
    const text = source(token);
    expect(text).toContain(`'${token}'`);
    const inputs = names(text, /resourceInputs\["(\w+)"\] = \(?args/g);
    expect(Object.keys(commonInputs(row)).filter((name) => !inputs.has(name) && name !== 'tagsAll')).toEqual(
      [],
    );
    const outputs = names(text, /resourceInputs\["(\w+)"\] =/g);
    expect(Object.keys(row.outputs).filter((name) => !outputs.has(name))).toEqual([]);
    expect(row.tagging !== undefined).toBe(inputs.has('tags'));
  });

  test.each(functionTypes.map((row) => [row.token, row] as const))('%s', (token, row) => {
    const text = source(token);
    expect(text).toContain(`"${token}"`);
    const args = names(text, /^ +"(\w+)": args/gm);
    const regionless = !args.has('region');
    expect(
      Object.keys(row.args).filter((name) => !args.has(name) && !(name === 'region' && regionless)),
    ).toEqual([]);
  });
});

test('every required input of the official SDK is required here', () => {
  const open = resourceTypes.flatMap((row) => {
    const demanded = names(source(row.token), /if \(args\?\.(\w+) === undefined/g);
    return [...demanded]
      .filter((name) => row.inputs[name]?.required !== true)
      .map((name) => `${row.token} ${name}`);
  });
  expect(open).toEqual([]);
});

describe('functions', () => {
  test('a parameter is a secret as value, and readable as insecureValue', async () => {
    const { provider } = fakeAws({
      GetParameter: ({ Name }) => ({
        Parameter: { Name, Type: 'String', Value: 'ami-1', Version: 3, ARN: 'arn' },
      }),
    });
    const { result, secrets } = await provider.invoke('aws:ssm/getParameter:getParameter', {
      name: '/image',
    });
    expect(secrets).toEqual(['value']);
    expect(result).toMatchObject({
      value: 'ami-1',
      insecureValue: 'ami-1',
      version: 3,
      region: 'eu-central-1',
    });
  });

  test('who holds an Elastic IP is asked by its tags', async () => {
    const aws = fakeAws({
      DescribeAddresses: () => ({
        Addresses: [{ AllocationId: 'eipalloc-1', PublicIp: '198.51.100.7', NetworkInterfaceId: 'eni-2' }],
      }),
    });
    const { result } = await aws.provider.invoke('aws:ec2/getElasticIp:getElasticIp', {
      tags: { Role: 'vip' },
    });
    expect(aws.calls[0]?.input).toMatchObject({ Filters: [{ Name: 'tag:Role', Values: ['vip'] }] });
    expect(result).toMatchObject({ id: 'eipalloc-1', networkInterfaceId: 'eni-2', publicIp: '198.51.100.7' });
  });

  test('a look-up for one thing fails when there is none or are several', async () => {
    const found = [{ SubnetId: 'subnet-1' }, { SubnetId: 'subnet-2' }];
    const several = fakeAws({ DescribeSubnets: () => ({ Subnets: found }) });
    const ask = { vpcId: 'vpc-1' };
    const subnet = 'aws:ec2/getSubnet:getSubnet';
    await expect(several.provider.invoke(subnet, ask)).rejects.toThrow(
      /2 subnets match .*vpc-1.*narrow it down/,
    );
    const none = fakeAws({ DescribeSubnets: () => ({ Subnets: [] }) });
    await expect(none.provider.invoke(subnet, ask)).rejects.toThrow(/no subnet matches/);
  });

  test('a policy document reads as the official provider writes it', async () => {
    const { result } = await fakeAws({}).provider.invoke('aws:iam/getPolicyDocument:getPolicyDocument', {
      statements: [
        {
          actions: ['ec2:AssociateAddress', 'ec2:DescribeAddresses'],
          resources: ['*'],
          conditions: [{ test: 'StringEquals', variable: 'aws:ResourceTag/Platform', values: ['p'] }],
        },
        {
          actions: ['sts:AssumeRole'],
          principals: [{ type: 'Service', identifiers: ['ec2.amazonaws.com'] }],
        },
      ],
    });
    expect(JSON.parse(typeof result['json'] === 'string' ? result['json'] : '')).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['ec2:DescribeAddresses', 'ec2:AssociateAddress'],
          Resource: '*',
          Condition: { StringEquals: { 'aws:ResourceTag/Platform': 'p' } },
        },
        { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } },
      ],
    });
  });

  test('an unknown function and an unknown argument are named', async () => {
    const { provider } = fakeAws({});
    await expect(provider.invoke('aws:s3/getBucket:getBucket', {})).rejects.toThrow(
      /no function aws:s3\/getBucket/,
    );
    const { failures } = await provider.invoke('aws:ec2/getVpc:getVpc', { vpcId: 'vpc-1' });
    expect(failures.map(({ property }) => property)).toEqual(['vpcId']);
  });

  test("AWS's refusal reaches the program", async () => {
    const { provider } = fakeAws({
      GetParameter: () => {
        throw awsError('ParameterNotFound', 'no such parameter');
      },
    });
    const asked = provider.invoke('aws:ssm/getParameter:getParameter', { name: '/none' });
    await expect(asked).rejects.toThrow('no such parameter');
  });
});
