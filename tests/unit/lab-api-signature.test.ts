import { describe, expect, it } from 'vitest';
import { isSignedWith, parseAuthorization, signedAt, type SignedRequest } from '../../lab/api/iam/signature';

/** The worked example of AWS's own documentation of Signature Version 4. */
const secretKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const example: SignedRequest = {
  method: 'GET',
  url: '/?Action=ListUsers&Version=2010-05-08',
  headers: {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  },
  body: Buffer.alloc(0),
};

function isGood(request: SignedRequest, key = secretKey): boolean {
  const credential = parseAuthorization(request.headers['authorization']);
  return credential !== undefined && isSignedWith(key, request, credential);
}

describe('a request signature', () => {
  it('is good with the key that made it', () => {
    expect(isGood(example)).toBe(true);
  });

  it('does not depend on the order of the query', () => {
    expect(isGood({ ...example, url: '/?Version=2010-05-08&Action=ListUsers' })).toBe(true);
  });

  it.each([
    ['another key', example, `${secretKey}x`],
    ['another body', { ...example, body: Buffer.from('x') }, secretKey],
    ['another method', { ...example, method: 'POST' }, secretKey],
    ['another action', { ...example, url: example.url.replace('ListUsers', 'ListRoles') }, secretKey],
    ['another host', { ...example, headers: { ...example.headers, host: 'sts.amazonaws.com' } }, secretKey],
    [
      'another time',
      { ...example, headers: { ...example.headers, 'x-amz-date': '20150830T123601Z' } },
      secretKey,
    ],
  ])('is not good with %s', (_what, request, key) => {
    expect(isGood(request, key)).toBe(false);
  });

  it('says when it was made', () => {
    expect(signedAt(example)).toBe(Date.UTC(2015, 7, 30, 12, 36, 0));
    expect(signedAt({ ...example, headers: {} })).toBeNaN();
  });

  it('names key, region and service in its header', () => {
    expect(parseAuthorization(example.headers['authorization'])).toMatchObject({
      accessKeyId: 'AKIDEXAMPLE',
      region: 'us-east-1',
      service: 'iam',
    });
    expect(parseAuthorization('Basic dXNlcjpwYXNz')).toBeUndefined();
    expect(parseAuthorization(undefined)).toBeUndefined();
  });
});
