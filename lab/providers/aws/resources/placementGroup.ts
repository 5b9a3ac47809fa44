import type { PlacementStrategy, SpreadLevel } from '@aws-sdk/client-ec2';
import { resource } from '../resource';
import { chosen, number, output, required, text } from '../shape';
import { ec2Tagging, tagMap, tagSpecifications } from '../tags';

const strategies = ['cluster', 'partition', 'spread'];

/** Where instances stand to each other; its id is its name. */
export const placementGroup = resource({
  token: 'aws:ec2/placementGroup:PlacementGroup',
  inputs: {
    name: chosen(text, { replaces: true, autoName: { maxLength: 255 } }),
    partitionCount: chosen(number, { replaces: true }),
    spreadLevel: chosen(text, { replaces: true }),
    strategy: required(text, { replaces: true }),
  },
  outputs: { arn: output(text), placementGroupId: output(text) },
  tagging: async (call, id, change) => {
    const found = (await (await call.ec2()).describePlacementGroups({ GroupNames: [id] }))
      .PlacementGroups?.[0];
    await ec2Tagging(call, found?.GroupId ?? id, change);
  },
  check: ({ strategy = '' }): Record<string, string> =>
    strategies.includes(strategy) ? {} : { strategy: `is ${strategy}; allowed are ${strategies.join(', ')}` },

  async create(call, { name = '', partitionCount, spreadLevel, strategy }) {
    await (
      await call.ec2()
    ).createPlacementGroup({
      GroupName: name,
      PartitionCount: partitionCount,
      // EC2 itself judges these two.
      SpreadLevel: spreadLevel as SpreadLevel | undefined,
      Strategy: strategy as PlacementStrategy,
      TagSpecifications: tagSpecifications('placement-group', call.tags),
    });
    return name;
  },

  async read(call, id) {
    const found = (await (await call.ec2()).describePlacementGroups({ GroupNames: [id] }))
      .PlacementGroups?.[0];
    if (found === undefined || found.State === 'deleted') return undefined;
    return {
      name: found.GroupName,
      partitionCount: found.PartitionCount,
      spreadLevel: found.SpreadLevel,
      strategy: found.Strategy,
      arn: found.GroupArn,
      placementGroupId: found.GroupId,
      tags: tagMap(found.Tags),
    };
  },

  async delete(call, id) {
    const ec2 = await call.ec2();
    await call.retry(/^InvalidPlacementGroup\.InUse/, () => ec2.deletePlacementGroup({ GroupName: id }));
  },
});
