import { resource } from '../resource';
import { asXml, document, getPart, members, plain, putPart, removePart } from '../s3';
import { flag, list, number, object, optional, required, text, type Values } from '../shape';
import { ofBucket } from './bucketParts';

const rule = {
  abortIncompleteMultipartUpload: optional(object({ daysAfterInitiation: optional(number) })),
  expiration: optional(object({ days: optional(number), expiredObjectDeleteMarker: optional(flag) })),
  filter: optional(object({ prefix: optional(text) })),
  id: required(text),
  noncurrentVersionExpiration: optional(object({ noncurrentDays: optional(number) })),
  status: required(text),
};
type Rule = Values<typeof rule>;

/** When objects and their former versions go by themselves. */
export const bucketLifecycle = resource({
  token: 'aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration',
  inputs: {
    ...ofBucket,
    expectedBucketOwner: optional(text, { replaces: true }),
    rules: optional(list(object(rule))),
  },
  outputs: {},
  check: ({ rules = [] }): Record<string, string> => {
    // S3: an expiration by days removes markers by itself, and refuses to be told so.
    const both = rules.find(({ expiration: { days, expiredObjectDeleteMarker } = {} }) =>
      Boolean(days !== undefined && expiredObjectDeleteMarker),
    );
    return both === undefined
      ? {}
      : { rules: `${both.id} has days and expiredObjectDeleteMarker in one expiration; give each a rule` };
  },
  create: (call, { bucket, rules = [] }) => putPart(call, bucket, 'lifecycle', lifecycleOf(rules)),

  async read(call, id) {
    const found = members((await getPart(call, id, 'lifecycle'))['Rule']);
    return { bucket: id, rules: found.map(readRule) };
  },

  async update(call, id, { after }) {
    await putPart(call, id, 'lifecycle', lifecycleOf(after.rules ?? []));
  },

  delete: (call, id) => removePart(call, id, 'lifecycle'),
});

function lifecycleOf(rules: readonly Rule[]): string {
  return document('LifecycleConfiguration', {
    Rule: rules.map((each) => ({
      ID: each.id,
      Status: each.status,
      Filter: { Prefix: each.filter?.prefix ?? '' },
      Expiration: each.expiration && {
        Days: each.expiration.days,
        // S3 takes it beside days in no way, not as false either.
        ExpiredObjectDeleteMarker: each.expiration.expiredObjectDeleteMarker === true || undefined,
      },
      NoncurrentVersionExpiration: each.noncurrentVersionExpiration && {
        NoncurrentDays: each.noncurrentVersionExpiration.noncurrentDays,
      },
      AbortIncompleteMultipartUpload: each.abortIncompleteMultipartUpload && {
        DaysAfterInitiation: each.abortIncompleteMultipartUpload.daysAfterInitiation,
      },
    })),
  });
}

function readRule(found: Readonly<Record<string, unknown>>): Rule {
  const days = (name: string, inside: string) => {
    const told = plain(asXml(found[name])[inside]);
    return told === undefined ? undefined : Number(told);
  };
  const expires = days('Expiration', 'Days');
  const former = days('NoncurrentVersionExpiration', 'NoncurrentDays');
  const uploads = days('AbortIncompleteMultipartUpload', 'DaysAfterInitiation');
  return {
    id: plain(found['ID']) ?? '',
    status: plain(found['Status']) ?? '',
    filter: { prefix: plain(asXml(found['Filter'])['Prefix']) ?? '' },
    expiration: {
      days: expires,
      expiredObjectDeleteMarker: asXml(found['Expiration'])['ExpiredObjectDeleteMarker'] === 'true',
    },
    noncurrentVersionExpiration: former === undefined ? undefined : { noncurrentDays: former },
    abortIncompleteMultipartUpload: uploads === undefined ? undefined : { daysAfterInitiation: uploads },
  };
}
