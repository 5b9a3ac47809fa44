import { AwsError } from '../awsError';
import { Parameters } from '../parameters';
import type { XmlObject } from '../xml';
import type { Actions } from './action';
import { matching, selected } from './filters';
import type { InstanceProfile, InstanceRecord } from './instanceRecord';
import { newId, type Region } from './region';

/** Which role an instance has; at launch and later. */
export const instanceProfileActions: Actions = {
  DescribeIamInstanceProfileAssociations(region, parameters) {
    const ids = parameters.list('AssociationId');
    const all = new Map(
      [...region.instances.values()].flatMap((instance) =>
        instance.profile === undefined ? [] : [[instance.profile.associationId, instance] as const],
      ),
    );
    const found = matching(
      selected(ids, all, (id) => withAssociation(region, id)),
      parameters,
      (instance) => (name) =>
        name === 'instance-id' ? [instance.instanceId] : name === 'state' ? ['associated'] : undefined,
    );
    return { iamInstanceProfileAssociationSet: found.map(describeProfileAssociation) };
  },

  async AssociateIamInstanceProfile(region, parameters) {
    const instance = region.instance(parameters.required('InstanceId'));
    if (instance.profile !== undefined) {
      const message = `There is an existing association for instance ${instance.instanceId}`;
      throw new AwsError('IncorrectState', message);
    }
    instance.profile = await readProfile(region, parameters.structure('IamInstanceProfile'));
    return { iamInstanceProfileAssociation: describeProfileAssociation(instance) };
  },

  async ReplaceIamInstanceProfileAssociation(region, parameters) {
    const instance = withAssociation(region, parameters.required('AssociationId'));
    instance.profile = await readProfile(region, parameters.structure('IamInstanceProfile'));
    return { iamInstanceProfileAssociation: describeProfileAssociation(instance) };
  },

  DisassociateIamInstanceProfile(region, parameters) {
    const instance = withAssociation(region, parameters.required('AssociationId'));
    const former = describeProfileAssociation(instance);
    instance.profile = undefined;
    return { iamInstanceProfileAssociation: former };
  },
};

/** The profile named by `Name` or `Arn` with its role, as IAM has it; undefined when none is named. */
export async function readProfile(
  region: Region,
  parameters: Parameters,
): Promise<InstanceProfile | undefined> {
  const name = parameters.text('Name') ?? parameters.text('Arn')?.split('/').at(-1);
  if (name === undefined) return undefined;
  const query = Parameters.of({
    Action: 'GetInstanceProfile',
    Version: '2010-05-08',
    InstanceProfileName: name,
  });
  const answer = await region.moto.query('iam', region.name, query).catch(() => {
    const message = `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`;
    throw new AwsError('InvalidParameterValue', message);
  });
  const profile = answer.child('GetInstanceProfileResult').child('InstanceProfile');
  const role = profile.items('Roles')[0];
  if (role === undefined) {
    throw new AwsError('InvalidParameterValue', `IAM Instance Profile ${name} has no associated IAM Roles`);
  }
  return {
    associationId: newId('iip-assoc'),
    arn: profile.text('Arn'),
    profileId: profile.text('InstanceProfileId'),
    roleName: role.text('RoleName'),
  };
}

function withAssociation(region: Region, associationId: string): InstanceRecord {
  for (const instance of region.instances.values()) {
    if (instance.profile?.associationId === associationId) return instance;
  }
  const message = `An invalid association-id of '${associationId}' was given`;
  throw new AwsError('InvalidAssociationID.NotFound', message);
}

function describeProfileAssociation({ instanceId, profile }: InstanceRecord): XmlObject {
  return {
    associationId: profile?.associationId,
    instanceId,
    iamInstanceProfile: profile && { arn: profile.arn, id: profile.profileId },
    state: 'associated',
  };
}
