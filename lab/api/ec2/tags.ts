import { AwsError } from '../awsError';
import { Parameters } from '../parameters';
import { resourceTypeOf } from '../resourceType';
import type { XmlNode, XmlObject } from '../xml';
import { done, type Actions } from './action';
import { matching } from './filters';
import type { Region } from './region';

/** Tags of the front's own resources here, of the others in moto; one call may name both. */
export const tagActions: Actions = {
  async CreateTags(region, parameters) {
    const { own, others } = split(region, parameters);
    for (const id of own) {
      const tags = new Map([...region.tagsOf(id), ...parameters.tags()]);
      if (tags.size > 50)
        throw new AwsError('TagLimitExceeded', `${id} would have ${tags.size} tags; 50 at most`);
      region.tags.set(id, tags);
    }
    await passOn(region, parameters, others);
    return done;
  },

  async DeleteTags(region, parameters) {
    const { own, others } = split(region, parameters);
    for (const id of own) region.tags.set(id, remaining(region.tagsOf(id), parameters));
    await passOn(region, parameters, others);
    return done;
  },

  async DescribeTags(region, parameters) {
    const own = [...region.tags].flatMap(([resourceId, tags]) =>
      [...tags].map(([key, value]) => ({
        resourceId,
        resourceType: resourceTypeOf(resourceId) ?? '',
        key,
        value,
      })),
    );
    const found = matching(own, parameters, (tag) => (name) => {
      const values: Readonly<Record<string, readonly string[]>> = {
        'resource-id': [tag.resourceId],
        'resource-type': [tag.resourceType],
        key: [tag.key],
        value: [tag.value],
      };
      return values[name];
    });
    const others = await region.moto.query('ec2', region.name, parameters);
    return { tagSet: [...found, ...others.items('tagSet').map(readTag)] };
  },
};

function split(region: Region, parameters: Parameters): { own: string[]; others: string[] } {
  const ids = parameters.list('ResourceId');
  return { own: ids.filter((id) => region.owns(id)), others: ids.filter((id) => !region.owns(id)) };
}

async function passOn(region: Region, parameters: Parameters, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const renumbered = Object.fromEntries(ids.map((id, index) => [`ResourceId.${index + 1}`, id]));
  const rest = parameters.without((name) => name.startsWith('ResourceId.'));
  await region.moto.query('ec2', region.name, rest.with(renumbered));
}

/** A tag given with a value goes only when it has that value; no tag given means all. */
function remaining(tags: ReadonlyMap<string, string>, parameters: Parameters): Map<string, string> {
  const asked = parameters.structures('Tag');
  const goes = ([key, value]: [string, string]) =>
    asked.length === 0 ||
    asked.some((tag) => tag.text('Key') === key && (tag.text('Value') ?? value) === value);
  return new Map([...tags].filter((tag) => !goes(tag)));
}

function readTag(tag: XmlNode): XmlObject {
  return {
    resourceId: tag.text('resourceId'),
    resourceType: tag.text('resourceType'),
    key: tag.text('key'),
    value: tag.text('value'),
  };
}
