import type { ResourceType as Ec2ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import type { Tagging, Tags } from './resource';
import { isObject, type Value } from './shape';

/** Tags for a call that makes something; nothing when there are none, since EC2 refuses an empty list. */
export function tagSpecifications(type: Ec2ResourceType, tags: Tags): TagSpecification[] | undefined {
  return Object.keys(tags).length === 0 ? undefined : [{ ResourceType: type, Tags: tagList(tags) }];
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, value]) => ({ Key, Value: value }));
}

/** Tags as properties; those that AWS sets by itself are left out. */
export function tagMap(tags: readonly Tag[] | undefined): Tags {
  return Object.fromEntries(
    (tags ?? [])
      .map(({ Key, Value: value }) => [Key ?? '', value ?? ''] as const)
      .filter(([key]) => !key.startsWith('aws:'))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A value of a resource's `tags`, as far as it is known. */
export function asTags(value: Value | undefined): Tags {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** What must be set and removed to get from one to the other. */
export function tagChange(
  before: Tags,
  after: Tags,
): { readonly set: Tags; readonly remove: readonly string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value)),
    remove: Object.keys(before).filter((key) => after[key] === undefined),
  };
}

/** Most of EC2 is tagged by id. */
export const ec2Tagging: Tagging = async (call, id, { set, remove }) => {
  const ec2 = await call.ec2();
  const Resources = [id];
  if (remove.length > 0) await ec2.deleteTags({ Resources, Tags: remove.map((Key) => ({ Key })) });
  if (Object.keys(set).length > 0) await ec2.createTags({ Resources, Tags: tagList(set) });
};
