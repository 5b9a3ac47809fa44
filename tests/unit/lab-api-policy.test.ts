import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, type Decision, type RequestedResource } from '../../lab/api/iam/evaluate';
import { parsePolicy } from '../../lab/api/iam/policy';

const account = 'arn:aws:ec2:eu-central-1:123456789012';

function resource(name: string, tags: Readonly<Record<string, string>> = {}): RequestedResource {
  return { arn: `${account}:${name}`, tags: new Map(Object.entries(tags)) };
}

function decide(
  statements: readonly object[],
  action: string,
  resources: readonly RequestedResource[],
  context: Readonly<Record<string, string>> = {},
): Decision {
  const policy = parsePolicy('test', JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  return evaluate([policy], { action, resources, context: new Map(Object.entries(context)) });
}

const associate = 'ec2:AssociateAddress';
const vip = resource('elastic-ip/eipalloc-1', { platform: 'mqtt' });
const own = resource('network-interface/eni-1', { platform: 'mqtt' });
const foreign = resource('network-interface/eni-2', { platform: 'other' });
const byTag = {
  Effect: 'Allow',
  Action: associate,
  Resource: '*',
  Condition: { StringEquals: { 'aws:ResourceTag/platform': 'mqtt' } },
};

describe('a role policy', () => {
  it('allows nothing that it does not name', () => {
    expect(decide([], associate, [vip])).toEqual({ allowed: false, resource: vip.arn, explicit: false });
    expect(decide([{ ...byTag, Action: 'ec2:ReplaceRoute' }], associate, [vip]).allowed).toBe(false);
  });

  it('has to allow every resource of the action, and names the one that it does not', () => {
    expect(decide([byTag], associate, [vip, own])).toEqual({ allowed: true });
    expect(decide([byTag], associate, [vip, foreign])).toEqual({
      allowed: false,
      resource: foreign.arn,
      explicit: false,
    });
  });

  it('may allow the resources of one action by several statements', () => {
    const perResource = [vip, foreign].map(({ arn }) => ({
      Effect: 'Allow',
      Action: associate,
      Resource: arn,
    }));
    expect(decide(perResource, associate, [vip, foreign]).allowed).toBe(true);
  });

  it('denies explicitly whatever else allows', () => {
    const deny = { Effect: 'Deny', Action: 'ec2:*', Resource: foreign.arn };
    const allow = { Effect: 'Allow', Action: '*', Resource: '*' };
    expect(decide([allow, deny], associate, [vip, foreign])).toEqual({
      allowed: false,
      resource: foreign.arn,
      explicit: true,
    });
    expect(decide([allow, deny], associate, [vip, own]).allowed).toBe(true);
  });

  it('does not allow the resource * by a policy for one ARN', () => {
    const statement = { Effect: 'Allow', Action: 'ec2:Describe*', Resource: vip.arn };
    const everything = { arn: '*', tags: new Map<string, string>() };
    expect(decide([statement], 'ec2:DescribeAddresses', [everything]).allowed).toBe(false);
    expect(decide([{ ...statement, Resource: '*' }], 'ec2:DescribeAddresses', [everything]).allowed).toBe(
      true,
    );
  });

  it('knows NotAction and NotResource', () => {
    const statement = { Effect: 'Allow', NotAction: 'iam:*', NotResource: foreign.arn };
    expect(decide([statement], associate, [vip]).allowed).toBe(true);
    expect(decide([statement], associate, [foreign]).allowed).toBe(false);
    expect(decide([statement], 'iam:PassRole', [vip]).allowed).toBe(false);
  });

  it('matches actions without regard to case, and tag keys with it', () => {
    expect(decide([{ ...byTag, Action: 'EC2:associateaddress' }], associate, [vip]).allowed).toBe(true);
    const condition = { StringEquals: { 'AWS:resourcetag/Platform': 'mqtt' } };
    expect(decide([{ ...byTag, Condition: condition }], associate, [vip]).allowed).toBe(false);
  });

  it('takes ec2:ResourceTag as it takes aws:ResourceTag', () => {
    const condition = { StringLike: { 'ec2:ResourceTag/platform': 'mq*' } };
    expect(decide([{ ...byTag, Condition: condition }], associate, [vip]).allowed).toBe(true);
    expect(decide([{ ...byTag, Condition: condition }], associate, [foreign]).allowed).toBe(false);
  });

  it('holds to the region that the call asks for', () => {
    const condition = { StringEquals: { 'aws:RequestedRegion': ['eu-central-1', 'eu-west-1'] } };
    const statement = { ...byTag, Condition: condition };
    expect(decide([statement], associate, [vip], { 'aws:requestedregion': 'eu-west-1' }).allowed).toBe(true);
    expect(decide([statement], associate, [vip], { 'aws:requestedregion': 'us-east-1' }).allowed).toBe(false);
    expect(decide([statement], associate, [vip]).allowed).toBe(false);
  });

  it.each([
    ['StringNotEquals', { 'aws:ResourceTag/platform': 'other' }, true],
    ['StringNotEquals', { 'aws:ResourceTag/platform': ['mqtt', 'other'] }, false],
    ['StringNotEquals', { 'aws:ResourceTag/absent': 'x' }, true],
    ['StringEquals', { 'aws:ResourceTag/absent': 'x' }, false],
    ['StringEqualsIfExists', { 'aws:ResourceTag/absent': 'x' }, true],
    ['StringEqualsIfExists', { 'aws:ResourceTag/platform': 'x' }, false],
    ['Null', { 'aws:ResourceTag/absent': 'true' }, true],
    ['Null', { 'aws:ResourceTag/platform': true }, false],
    ['ArnLike', { 'ec2:Vpc': 'arn:aws:ec2:*:*:vpc/vpc-1' }, true],
    ['IpAddress', { 'aws:SourceIp': '198.51.100.0/24' }, true],
    ['NotIpAddress', { 'aws:SourceIp': '198.51.100.7' }, false],
    ['Bool', { 'aws:SecureTransport': 'true' }, true],
    ['ForAllValues:StringEquals', { 'aws:ResourceTag/absent': 'x' }, true],
    ['ForAnyValue:StringEquals', { 'aws:ResourceTag/absent': 'x' }, false],
    ['StringEquals', { 'aws:ResourceTag/platform': '${aws:PrincipalTag/none}' }, false],
  ])('judges %s of %j as %s', (operator, keys, allowed) => {
    const statement = { ...byTag, Condition: { [operator]: keys } };
    const context = {
      'ec2:vpc': `${account}:vpc/vpc-1`,
      'aws:sourceip': '198.51.100.7',
      'aws:securetransport': 'true',
    };
    expect(decide([statement], associate, [vip], context).allowed).toBe(allowed);
  });

  it('fails on an operator that it does not know, rather than pass or ignore it', () => {
    const statement = { ...byTag, Condition: { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01' } } };
    expect(() => decide([statement], associate, [vip])).toThrow(
      /does not know the condition operator 'DateGreaterThan'; it knows StringEquals/,
    );
  });

  it.each([
    ['no JSON', '{'],
    ['an unknown element', '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Conditions":{}}}'],
    ['no resource', '{"Statement":{"Effect":"Allow","Action":"*"}}'],
    [
      'Action beside NotAction',
      '{"Statement":{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}}',
    ],
  ])('is refused by name when it has %s', (_what, document) => {
    expect(() => parsePolicy('vip', document)).toThrow(/policy vip/);
  });

  it('matches a pattern without wildcards by equality alone', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'b', '.', '+', '[', ']', '(', ')', '|', '^', '$', '\\', '/'),
    });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const statement = { Effect: 'Allow', Action: '*', Resource: pattern };
        const asked = { arn: name, tags: new Map<string, string>() };
        expect(decide([statement], associate, [asked]).allowed).toBe(pattern === name);
      }),
    );
  });
});
