import { XMLParser } from 'fast-xml-parser';
import { escapeXml } from '../../api/xml';
import type { Clients } from './call';
import type { ClientSettings } from './clients';

/** What is asked of S3: buckets and their parts (versioning, policy, ...), by REST. */
export interface S3 {
  /** The answer's text; `part` is empty for the bucket itself. */
  ask(
    method: 'GET' | 'PUT' | 'HEAD' | 'DELETE',
    bucket: string,
    part?: string,
    body?: string,
  ): Promise<string>;
}

/**
 * A few calls, for which the SDK's client would be a package more. They are not signed: the lab's region takes the
 * runner's key on the runner's own connection.
 */
export function s3Of(region: string, settings: ClientSettings): S3 {
  const endpoint = settings.endpoint ?? process.env['AWS_ENDPOINT_URL'];
  const key = settings.credentials?.accessKeyId ?? process.env['AWS_ACCESS_KEY_ID'] ?? '';
  return {
    async ask(method, bucket, part = '', body) {
      if (endpoint === undefined)
        throw new Error('lab: S3 is asked of the lab alone, and AWS_ENDPOINT_URL is not set');
      const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
      const scope = `${key}/${now.slice(0, 8)}/${region}/s3/aws4_request`;
      const answer = await fetch(`${endpoint.replace(/\/$/, '')}/${bucket}${part === '' ? '' : `?${part}`}`, {
        method,
        headers: {
          'content-type': 'application/xml',
          'x-amz-date': now,
          authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
        },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      if (answer.ok) return text;
      const { Code, Message } = rootOf(text);
      // A HEAD is answered without a body.
      const name = plain(Code) ?? (answer.status === 404 ? 'NotFound' : `Status${answer.status}`);
      throw Object.assign(new Error(`${name}: ${plain(Message) ?? ''}`), { name });
    },
  };
}

/** An element's members, as they came. */
export type Xml = Readonly<Record<string, unknown>>;

const lists = ['Rule', 'Tag'];
const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  isArray: (name) => lists.includes(name),
});

/** The members of the root element, whatever its name: moto and S3 differ in some. */
export function rootOf(text: string): Xml {
  const document: unknown = text.trim() === '' ? {} : parser.parse(text);
  const [, root] = Object.entries(asXml(document)).find(([name]) => name !== '?xml') ?? [];
  return asXml(root);
}

export function asXml(value: unknown): Xml {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Of an element that may be there several times: `Rule` or `Tag`. */
export function members(value: unknown): readonly Xml[] {
  return Array.isArray(value) ? value.map(asXml) : [];
}

/** A text; undefined where there is none. */
export function plain(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** What a part of a bucket is written as: a list is its element several times, undefined is left out. */
export type Tree =
  string | number | boolean | undefined | readonly Tree[] | { readonly [name: string]: Tree };

/** A document with one root element in S3's namespace. */
export function document(root: string, content: Readonly<Record<string, Tree>>): string {
  return `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${written(content)}</${root}>`;
}

function written(content: Readonly<Record<string, Tree>>): string {
  return Object.entries(content)
    .flatMap(([name, value]) => (isList(value) ? value : [value]).map((each) => [name, each] as const))
    .map(([name, value]) => (value === undefined ? '' : `<${name}>${inner(value)}</${name}>`))
    .join('');
}

function inner(value: Exclude<Tree, undefined>): string {
  if (isList(value)) throw new Error('XML has no list of lists');
  return typeof value === 'object' ? written(value) : escapeXml(String(value));
}

function isList(value: Tree): value is readonly Tree[] {
  return Array.isArray(value);
}

/** Writes, reads and removes one part of a bucket. */
export async function putPart(call: Clients, bucket: string, part: string, body: string): Promise<string> {
  await (await call.s3()).ask('PUT', bucket, part, body);
  return bucket;
}

export async function getPart(call: Clients, bucket: string, part: string): Promise<Xml> {
  return rootOf(await (await call.s3()).ask('GET', bucket, part));
}

export async function removePart(call: Clients, bucket: string, part: string): Promise<void> {
  await (await call.s3()).ask('DELETE', bucket, part);
}
