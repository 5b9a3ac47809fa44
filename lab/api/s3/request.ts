import type { SignedRequest } from '../iam/signature';

/** What a request to S3 is about: by path, as the lab has no name for each bucket. */
export interface S3Request {
  /** As policies name it, without `s3:`; undefined is nothing that the lab has. */
  readonly action: string | undefined;
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
}

/** By the parameter that names a part of a bucket: the actions that reading and writing it need. */
const parts: Readonly<
  Record<string, { readonly get: string; readonly put: string; readonly delete?: string }>
> = {
  encryption: {
    get: 'GetEncryptionConfiguration',
    put: 'PutEncryptionConfiguration',
    delete: 'PutEncryptionConfiguration',
  },
  lifecycle: {
    get: 'GetLifecycleConfiguration',
    put: 'PutLifecycleConfiguration',
    delete: 'PutLifecycleConfiguration',
  },
  policy: { get: 'GetBucketPolicy', put: 'PutBucketPolicy', delete: 'DeleteBucketPolicy' },
  publicAccessBlock: {
    get: 'GetBucketPublicAccessBlock',
    put: 'PutBucketPublicAccessBlock',
    delete: 'PutBucketPublicAccessBlock',
  },
  tagging: { get: 'GetBucketTagging', put: 'PutBucketTagging', delete: 'PutBucketTagging' },
  versioning: { get: 'GetBucketVersioning', put: 'PutBucketVersioning' },
};

const ofBucket: Readonly<Record<string, string>> = {
  PUT: 'CreateBucket',
  HEAD: 'ListBucket',
  DELETE: 'DeleteBucket',
};
const ofObject: Readonly<Record<string, string>> = {
  GET: 'GetObject',
  HEAD: 'GetObject',
  PUT: 'PutObject',
  DELETE: 'DeleteObject',
};
const ofListing = ['list-type', 'prefix', 'start-after', 'continuation-token', 'max-keys', 'delimiter'];

/** Reads method and address of a request. */
export function s3Request({ method, url }: Pick<SignedRequest, 'method' | 'url'>): S3Request {
  const { pathname, searchParams: query } = new URL(url, 'http://s3');
  const [, bucket = '', ...rest] = pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  return { action: actionOf(method, key, query), bucket: decodeURIComponent(bucket), key, query };
}

function actionOf(method: string, key: string, query: URLSearchParams): string | undefined {
  const names = [...query.keys()];
  if (key !== '') return names.length === 0 ? ofObject[method] : undefined;
  const [name = ''] = names;
  const part = parts[name];
  if (part !== undefined && names.length === 1)
    return method === 'GET'
      ? part.get
      : method === 'PUT'
        ? part.put
        : method === 'DELETE'
          ? part.delete
          : undefined;
  if (method === 'GET' && query.get('list-type') === '2' && names.every((each) => ofListing.includes(each)))
    return 'ListBucket';
  return names.length === 0 ? ofBucket[method] : undefined;
}
