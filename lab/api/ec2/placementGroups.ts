import { AwsError } from '../awsError';
import { partitionOf } from '../partition';
import type { XmlObject } from '../xml';
import { done, tagSet, type Actions } from './action';
import { matching, withTags } from './filters';
import type { PlacementGroupRecord } from './records';
import { accountId, newId, type Region } from './region';

/** Names that instances can be placed in; on one machine they place nothing apart. */
export const placementGroupActions: Actions = {
  CreatePlacementGroup(region, parameters) {
    const name = parameters.required('GroupName');
    if (region.placementGroups.has(name)) {
      throw new AwsError('InvalidPlacementGroup.Duplicate', `The Placement Group '${name}' already exists.`);
    }
    const record: PlacementGroupRecord = {
      groupId: newId('pg'),
      name,
      strategy: parameters.text('Strategy') ?? 'cluster',
      spreadLevel: parameters.text('SpreadLevel'),
      partitionCount: parameters.integer('PartitionCount'),
    };
    region.placementGroups.set(name, record);
    const tags = parameters.tagsFor('placement-group');
    if (tags.size > 0) region.tags.set(record.groupId, tags);
    return { placementGroup: describePlacementGroup(region, record) };
  },

  DescribePlacementGroups(region, parameters) {
    const names = parameters.list('GroupName');
    for (const name of names) mustExist(region, name);
    const chosen = [...region.placementGroups.values()].filter(
      (record) => names.length === 0 || names.includes(record.name),
    );
    const found = matching(chosen, parameters, (record) =>
      withTags(region.tagsOf(record.groupId), (name) => {
        if (name === 'group-name') return [record.name];
        if (name === 'strategy') return [record.strategy];
        return name === 'state' ? ['available'] : undefined;
      }),
    );
    return { placementGroupSet: found.map((record) => describePlacementGroup(region, record)) };
  },

  DeletePlacementGroup(region, parameters) {
    const record = mustExist(region, parameters.required('GroupName'));
    const user = [...region.instances.values()].find(
      (instance) => instance.placementGroup === record.name && instance.state !== 'terminated',
    );
    if (user !== undefined) {
      const message = `The placement group ${record.name} is in use by ${user.instanceId} and may not be deleted.`;
      throw new AwsError('InvalidPlacementGroup.InUse', message);
    }
    region.placementGroups.delete(record.name);
    region.tags.delete(record.groupId);
    return done;
  },
};

function mustExist(region: Region, name: string): PlacementGroupRecord {
  const record = region.placementGroups.get(name);
  if (record !== undefined) return record;
  throw new AwsError('InvalidPlacementGroup.Unknown', `The Placement Group '${name}' is unknown.`);
}

function describePlacementGroup(region: Region, record: PlacementGroupRecord): XmlObject {
  return {
    groupId: record.groupId,
    groupName: record.name,
    groupArn: `arn:${partitionOf(region.name).name}:ec2:${region.name}:${accountId}:placement-group/${record.name}`,
    strategy: record.strategy,
    spreadLevel: record.spreadLevel,
    partitionCount: record.partitionCount,
    state: 'available',
    tagSet: tagSet(region, record.groupId),
  };
}
