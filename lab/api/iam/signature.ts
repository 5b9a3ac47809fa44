import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** An HTTP request as it was signed. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface Credential {
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** The Authorization header's parts; undefined when it is none of Signature Version 4. */
export function parseAuthorization(header: string | undefined): Credential | undefined {
  const match =
    /^AWS4-HMAC-SHA256\s+Credential=([^/,\s]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=(\w+)$/.exec(
      header?.trim() ?? '',
    );
  if (match === null) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] = match;
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';'), signature };
}

/** Whether the request was signed with this secret key. */
export function isSignedWith(secretKey: string, request: SignedRequest, credential: Credential): boolean {
  const expected = Buffer.from(signatureOf(secretKey, request, credential));
  const given = Buffer.from(credential.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** When the request says that it was signed, in milliseconds; NaN when it does not say. */
export function signedAt(request: SignedRequest): number {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(request.headers['x-amz-date'] ?? '');
  if (match === null) return NaN;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second);
}

function signatureOf(secretKey: string, request: SignedRequest, credential: Credential): string {
  const { date, region, service } = credential;
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = [
    'AWS4-HMAC-SHA256',
    request.headers['x-amz-date'] ?? '',
    scope,
    sha256(canonicalRequest(request, credential)),
  ].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(
    (former, part) => createHmac('sha256', former).update(part).digest(),
    Buffer.from(`AWS4${secretKey}`),
  );
  return createHmac('sha256', key).update(toSign).digest('hex');
}

function canonicalRequest(request: SignedRequest, { signedHeaders, service }: Credential): string {
  const isS3 = service === 's3';
  const [path = '/', query = ''] = request.url.split('?', 2);
  const headers = signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replace(/\s+/g, ' ')}\n`,
  );
  return [
    request.method,
    // Every service but S3 signs the path encoded once more, and S3 what is said of the body.
    isS3 ? path : path.split('/').map(encode).join('/'),
    canonicalQuery(query),
    headers.join(''),
    signedHeaders.join(';'),
    isS3 ? (request.headers['x-amz-content-sha256'] ?? '') : sha256(request.body),
  ].join('\n');
}

function canonicalQuery(query: string): string {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return pairs
    .map((pair) => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [encode(decodeURIComponent(name)), encode(decodeURIComponent(value))] as const;
    })
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map((pair) => pair.join('='))
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encode(text: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replace(/[!'()*]/g, hex);
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
