import { partitionOf } from '../../../api/partition';
import type { Call } from '../call';
import { resource, type Tags } from '../resource';
import { asXml, document, members, plain, putPart, removePart, rootOf } from '../s3';
import { chosen, defaulted, flag, optional, output, text } from '../shape';
import { tagList, tagMap } from '../tags';

/** A bucket; its id is its name, and what it does with objects are resources of their own. */
export const bucket = resource({
  token: 'aws:s3/bucket:Bucket',
  inputs: {
    bucket: chosen(text, { replaces: true, autoName: { maxLength: 63 } }),
    bucketPrefix: optional(text, { replaces: true }),
    forceDestroy: defaulted(flag, false),
  },
  outputs: {
    arn: output(text),
    bucketDomainName: output(text),
    bucketRegion: output(text),
    bucketRegionalDomainName: output(text),
  },
  tagging: async (call, id) => putTags(call, id, call.tags),
  check: ({ bucket: name }): Record<string, string> =>
    name === undefined || /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)
      ? {}
      : { bucket: `is ${name}; a bucket's name has 3 to 63 lower case letters, digits, dots and hyphens` },

  async create(call, inputs) {
    const name = inputs.bucket ?? `${inputs.bucketPrefix ?? ''}${Date.now().toString(36)}`;
    const body = document('CreateBucketConfiguration', { LocationConstraint: call.region });
    await (await call.s3()).ask('PUT', name, '', call.region === 'us-east-1' ? undefined : body);
    return name;
  },

  async settle(call, id) {
    await putTags(call, id, call.tags);
  },

  async read(call, id) {
    const s3 = await call.s3();
    await s3.ask('HEAD', id);
    const tags = await s3.ask('GET', id, 'tagging').catch((error: unknown) => {
      if (error instanceof Error && error.name === 'NoSuchTagSet') return '';
      throw error;
    });
    const found = members(asXml(rootOf(tags)['TagSet'])['Tag']);
    const { name: partition, dnsSuffix } = partitionOf(call.region);
    return {
      bucket: id,
      arn: `arn:${partition}:s3:::${id}`,
      bucketDomainName: `${id}.s3.${dnsSuffix}`,
      bucketRegion: call.region,
      bucketRegionalDomainName: `${id}.s3.${call.region}.${dnsSuffix}`,
      tags: tagMap(found.map(({ Key, Value }) => ({ Key: plain(Key), Value: plain(Value) }))),
    };
  },

  /** One with objects in it stays: BucketNotEmpty. */
  async delete(call, id, { forceDestroy = false }) {
    if (forceDestroy) throw new Error('the lab empties no buckets: leave forceDestroy out');
    await (await call.s3()).ask('DELETE', id);
  },
});

/** S3 has all of a bucket's tags at once. */
async function putTags(call: Call, id: string, tags: Tags): Promise<void> {
  if (Object.keys(tags).length === 0) await removePart(call, id, 'tagging');
  else await putPart(call, id, 'tagging', document('Tagging', { TagSet: { Tag: tagList(tags) } }));
}
