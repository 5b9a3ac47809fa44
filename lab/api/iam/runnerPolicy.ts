import type { AwsCall } from '../awsCall';
import { accountId, type Region } from '../ec2/region';
import { Parameters } from '../parameters';
import { partitionOf } from '../partition';
import { resourceTypeOf } from '../resourceType';
import { authorizeS3, everything } from '../s3/authorize';
import { actionOf, refusal, resourcesOf } from './authorize';
import { evaluate, type RequestedResource } from './evaluate';
import { parsePolicy } from './policy';

/** What a call needs to be allowed; some need several things at once. */
interface Demand {
  readonly action: string;
  readonly resources: readonly RequestedResource[];
  readonly context?: readonly (readonly [key: string, value: string])[];
}

/** Refuses what the account's `runnerPolicy` does not allow, where it has one: whoever runs the program is no administrator then. */
export async function authorizeRunner(region: Region, call: AwsCall): Promise<void> {
  const { runnerPolicy } = region.account;
  const arn = arnOf(region, 'iam', 'user/runner');
  if (runnerPolicy !== null && call.service !== 'sts') {
    const policy = parsePolicy('runnerPolicy', JSON.stringify(runnerPolicy));
    for (const { action, resources, context = [] } of await demandsOf(region, call)) {
      const known = new Map([['aws:requestedregion', call.credential?.region ?? region.name], ...context]);
      const decision = evaluate([policy], { action, resources, context: known });
      if (!decision.allowed) throw refusal(call, arn, action, decision);
    }
  }
  if (call.protocol === 's3') {
    // The runner's own connection stands for one with TLS.
    const context = new Map([['aws:securetransport', 'true']]);
    await authorizeS3(region, call, { arn, policies: [everything], context });
  }
}

async function demandsOf(region: Region, call: AwsCall): Promise<readonly Demand[]> {
  return [
    { action: actionOf(call), resources: await touched(region, call) },
    ...tagsOnCreate(region, call),
    ...(await passedRole(region, call)),
  ];
}

/** A call that makes something with tags is a call of CreateTags too (EC2 user guide, granting permission to tag on creation). */
function tagsOnCreate(region: Region, { service, action, parameters }: AwsCall): readonly Demand[] {
  if (service !== 'ec2') return [];
  const types = parameters.structures('TagSpecification').map((each) => each.required('ResourceType'));
  return [...new Set(types)].map((type) => ({
    action: 'ec2:CreateTags',
    resources: [{ arn: arnOf(region, 'ec2', `${type}/*`), tags: new Map() }],
    context: [['ec2:createaction', action]],
  }));
}

/** Giving a role to EC2, in a profile or with an instance, is passing it (IAM user guide, iam:PassRole). */
async function passedRole(
  region: Region,
  { service, action, parameters }: AwsCall,
): Promise<readonly Demand[]> {
  const role =
    service === 'iam' && action === 'AddRoleToInstanceProfile'
      ? parameters.text('RoleName')
      : service === 'ec2' && action === 'RunInstances'
        ? await roleOfProfile(region, parameters.structure('IamInstanceProfile'))
        : undefined;
  if (role === undefined) return [];
  return [
    {
      action: 'iam:PassRole',
      resources: [{ arn: arnOf(region, 'iam', `role/${role}`), tags: new Map() }],
      context: [['iam:passedtoservice', `ec2.${partitionOf(region.name).dnsSuffix}`]],
    },
  ];
}

async function roleOfProfile(region: Region, profile: Parameters): Promise<string | undefined> {
  const name = profile.text('Name') ?? profile.text('Arn')?.split('/').at(-1);
  if (name === undefined) return undefined;
  const query = { Action: 'GetInstanceProfile', Version: '2010-05-08', InstanceProfileName: name };
  const answer = await region.moto.query('iam', region.name, Parameters.of(query));
  const roles = answer.child('GetInstanceProfileResult').child('InstanceProfile').items('Roles');
  return roles[0]?.text('RoleName');
}

/** As roles' calls are judged, and beyond these by the ids that a call names. */
async function touched(region: Region, call: AwsCall): Promise<readonly RequestedResource[]> {
  if (call.service === 'iam') return ofIam(region, call.parameters);
  if (call.service === 'secretsmanager' && call.action === 'CreateSecret') return newSecret(region, call);
  const known = await resourcesOf(region, call);
  if (call.service !== 'ec2' || !changesWhatIs.test(call.action)) return known;
  const keyName = call.parameters.text('KeyName');
  if (keyName !== undefined) return [await keyPair(region, keyName)];
  const isKnown = known.every(({ arn }) => arn !== '*');
  const ids = isKnown
    ? known.map(({ arn }) => arn.split('/').at(-1) ?? '')
    : [...idsIn(call.parameters), ...joined(region, call.parameters)];
  if (ids.length === 0) return known;
  return Promise.all(
    ids.map(async (id) => ({
      arn: arnOf(region, 'ec2', `${resourceTypeOf(id) ?? 'unknown'}/${id}`),
      tags: await tagsOf(region, id),
    })),
  );
}

/** What makes something new is judged on `*`. */
const changesWhatIs = /^(?!Describe|Get|Allocate|Run|Import|Create(?!Route$|Tags$))/;

const idParameters = [
  'AllocationId',
  'GroupId',
  'InstanceId',
  'InternetGatewayId',
  'KeyPairId',
  'NatGatewayId',
  'NetworkInterfaceId',
  'RouteTableId',
  'SecurityGroupRuleId',
  'SubnetId',
  'VolumeId',
  'VpcId',
] as const;

function idsIn(parameters: Parameters): readonly string[] {
  return idParameters.flatMap((name) => [parameters.text(name) ?? [], parameters.list(name)].flat());
}

/** What an association or an attachment joins. */
function joined(region: Region, parameters: Parameters): readonly string[] {
  const association = parameters.text('AssociationId');
  const attachment = parameters.text('AttachmentId');
  return [
    ...[...region.routeTables.values()].flatMap(({ routeTableId, associations }) => {
      const found = association === undefined ? undefined : associations.get(association);
      return found === undefined ? [] : [routeTableId, found.subnetId ?? []].flat();
    }),
    ...[...region.interfaces.values()].flatMap((each) =>
      attachment !== undefined && each.attachment?.attachmentId === attachment
        ? [each.interfaceId, each.attachment.instanceId]
        : [],
    ),
  ];
}

async function tagsOf(region: Region, id: string): Promise<ReadonlyMap<string, string>> {
  if (region.owns(id)) return region.tagsOf(id);
  const query = { Action: 'DescribeTags', 'Filter.1.Name': 'resource-id', 'Filter.1.Value.1': id };
  const answer = await region.moto.query(
    'ec2',
    region.name,
    Parameters.of({ ...query, Version: '2016-11-15' }),
  );
  return new Map(answer.items('tagSet').map((tag) => [tag.text('key'), tag.text('value')]));
}

async function keyPair(region: Region, name: string): Promise<RequestedResource> {
  const query = { Action: 'DescribeKeyPairs', 'KeyName.1': name, Version: '2016-11-15' };
  const answer = await region.moto.query('ec2', region.name, Parameters.of(query)).catch(() => undefined);
  const tags = answer?.items('keySet')[0]?.items('tagSet') ?? [];
  return {
    arn: arnOf(region, 'ec2', `key-pair/${name}`),
    tags: new Map(tags.map((tag) => [tag.text('key'), tag.text('value')])),
  };
}

function ofIam(region: Region, parameters: Parameters): readonly RequestedResource[] {
  const profile = parameters.text('InstanceProfileName');
  const role = parameters.text('RoleName');
  const name = profile === undefined ? role && `role/${role}` : `instance-profile/${profile}`;
  return [{ arn: name === undefined ? '*' : arnOf(region, 'iam', name), tags: new Map() }];
}

function newSecret(region: Region, { request }: AwsCall): readonly RequestedResource[] {
  const asked: unknown = JSON.parse(request.body.toString());
  const name = typeof asked === 'object' && asked !== null && 'Name' in asked ? String(asked.Name) : '';
  return [{ arn: arnOf(region, 'secretsmanager', `secret:${name}`), tags: new Map() }];
}

function arnOf(region: Region, service: 'ec2' | 'iam' | 'secretsmanager', resource: string): string {
  const { name } = partitionOf(region.name);
  return `arn:${name}:${service}:${service === 'iam' ? '' : region.name}:${accountId}:${resource}`;
}
