import { resource } from '../resource';
import { document, getPart, plain, putPart, removePart } from '../s3';
import { defaulted, flag, json, object, optional, required, text } from '../shape';

/** Of a part of a bucket: its id is the bucket's. */
export const ofBucket = { bucket: required(text, { replaces: true }) };

/** What no public policy or list of rights may open. */
export const bucketPublicAccessBlock = resource({
  token: 'aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock',
  inputs: {
    ...ofBucket,
    blockPublicAcls: defaulted(flag, false),
    blockPublicPolicy: defaulted(flag, false),
    ignorePublicAcls: defaulted(flag, false),
    restrictPublicBuckets: defaulted(flag, false),
    skipDestroy: optional(flag),
  },
  outputs: {},
  create: (call, inputs) => putPart(call, inputs.bucket, 'publicAccessBlock', blockOf(inputs)),

  async read(call, id) {
    const found = await getPart(call, id, 'publicAccessBlock');
    return {
      bucket: id,
      blockPublicAcls: found['BlockPublicAcls'] === 'true',
      blockPublicPolicy: found['BlockPublicPolicy'] === 'true',
      ignorePublicAcls: found['IgnorePublicAcls'] === 'true',
      restrictPublicBuckets: found['RestrictPublicBuckets'] === 'true',
    };
  },

  async update(call, id, { after }) {
    await putPart(call, id, 'publicAccessBlock', blockOf(after));
  },

  async delete(call, id, { skipDestroy }) {
    if (skipDestroy !== true) await removePart(call, id, 'publicAccessBlock');
  },
});

interface Block {
  readonly blockPublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly ignorePublicAcls: boolean;
  readonly restrictPublicBuckets: boolean;
}

function blockOf(inputs: Block): string {
  return document('PublicAccessBlockConfiguration', {
    BlockPublicAcls: inputs.blockPublicAcls,
    IgnorePublicAcls: inputs.ignorePublicAcls,
    BlockPublicPolicy: inputs.blockPublicPolicy,
    RestrictPublicBuckets: inputs.restrictPublicBuckets,
  });
}

/** Whether what is overwritten or deleted stays as a former version. */
export const bucketVersioning = resource({
  token: 'aws:s3/bucketVersioning:BucketVersioning',
  inputs: {
    ...ofBucket,
    expectedBucketOwner: optional(text, { replaces: true }),
    versioningConfiguration: required(object({ status: required(text) })),
  },
  outputs: {},
  create: (call, inputs) =>
    putPart(call, inputs.bucket, 'versioning', versioningOf(inputs.versioningConfiguration.status)),

  async read(call, id) {
    const found = await getPart(call, id, 'versioning');
    return { bucket: id, versioningConfiguration: { status: plain(found['Status']) ?? 'Disabled' } };
  },

  async update(call, id, { after }) {
    await putPart(call, id, 'versioning', versioningOf(after.versioningConfiguration.status));
  },

  /** S3 can only suspend it. */
  async delete(call, id) {
    await putPart(call, id, 'versioning', versioningOf('Suspended'));
  },
});

function versioningOf(status: string): string {
  return document('VersioningConfiguration', { Status: status });
}

/** Who may do what with a bucket, beside what roles' own policies say. */
export const bucketPolicy = resource({
  token: 'aws:s3/bucketPolicy:BucketPolicy',
  inputs: { ...ofBucket, policy: required(json) },
  outputs: {},
  create: (call, inputs) => putPart(call, inputs.bucket, 'policy', inputs.policy),
  read: async (call, id) => ({ bucket: id, policy: await (await call.s3()).ask('GET', id, 'policy') }),

  async update(call, id, { after }) {
    await putPart(call, id, 'policy', after.policy);
  },

  delete: (call, id) => removePart(call, id, 'policy'),
});
