import type { IncomingMessage, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { asAwsError, type AwsError } from './awsError';
import { parseAuthorization, type Credential, type SignedRequest } from './iam/signature';
import { Parameters } from './parameters';
import { s3Request } from './s3/request';
import { escapeXml } from './xml';

/** How a service writes its answers. */
export type Protocol = 'ec2' | 'query' | 'json' | 's3';

/** A call to an AWS API as it came in. */
export interface AwsCall {
  readonly requestId: string;
  readonly request: SignedRequest;
  readonly sourceAddress: string;
  /** Undefined when the request is not signed. */
  readonly credential: Credential | undefined;
  readonly service: string;
  readonly action: string;
  readonly protocol: Protocol;
  /** Of the query protocols. */
  readonly parameters: Parameters;
}

const bodyLimitBytes = 4 * 1024 * 1024;

export async function readCall(incoming: IncomingMessage, defaultService = 'ec2'): Promise<AwsCall> {
  const body = await readBody(incoming);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
  const request: SignedRequest = {
    method: incoming.method ?? 'GET',
    url: incoming.url ?? '/',
    headers,
    body,
  };
  const credential = parseAuthorization(headers['authorization']);
  const service = credential?.service ?? hostService(headers['host']) ?? defaultService;
  const target = headers['x-amz-target'];
  const common = {
    requestId: randomUUID(),
    request,
    sourceAddress: plainAddress(incoming.socket.remoteAddress),
    credential,
    service,
  };
  if (service === 's3') {
    const { action = 'Unknown' } = s3Request(request);
    return { ...common, parameters: Parameters.of({}), action, protocol: 's3' };
  }
  const parameters = Parameters.parse(formOf(request));
  return {
    ...common,
    parameters,
    ...(target === undefined
      ? { action: parameters.text('Action') ?? 'Unknown', protocol: service === 'ec2' ? 'ec2' : 'query' }
      : { action: target.split('.').at(-1) ?? target, protocol: 'json' }),
  };
}

export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > bodyLimitBytes) throw new Error(`a request has at most ${bodyLimitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** IPv4 as people write it, also from a socket that speaks both families. */
export function plainAddress(remote: string | undefined): string {
  return (remote ?? '').replace(/^::ffff:/, '');
}

export function sendXml(outgoing: ServerResponse, requestId: string, status: number, xml: string): void {
  send(outgoing, requestId, status, 'text/xml;charset=UTF-8', xml);
}

export function sendJson(outgoing: ServerResponse, requestId: string, output: object): void {
  send(outgoing, requestId, 200, 'application/x-amz-json-1.1', JSON.stringify(output));
}

/** The error in the form of the call's protocol. */
export function sendError(outgoing: ServerResponse, call: AwsCall, thrown: unknown): AwsError {
  const error = asAwsError(thrown);
  const { requestId } = call;
  if (call.protocol === 'json') {
    const body = JSON.stringify({ __type: error.code, message: error.message, Message: error.message });
    outgoing.setHeader('x-amzn-errortype', error.code);
    send(outgoing, requestId, error.status, 'application/x-amz-json-1.1', body);
    return error;
  }
  const detail = `<Code>${error.code}</Code><Message>${escapeXml(error.message)}</Message>`;
  const inEc2 = `<Response><Errors><Error>${detail}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
  const elsewhere = `<ErrorResponse><Error><Type>Sender</Type>${detail}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
  const inS3 = `<Error>${detail}<RequestId>${requestId}</RequestId></Error>`;
  const body = call.protocol === 'ec2' ? inEc2 : call.protocol === 's3' ? inS3 : elsewhere;
  sendXml(outgoing, requestId, error.status, `<?xml version="1.0" encoding="UTF-8"?>\n${body}`);
  return error;
}

function send(
  outgoing: ServerResponse,
  requestId: string,
  status: number,
  contentType: string,
  body: string,
): void {
  const bytes = Buffer.from(body);
  outgoing.writeHead(status, {
    'content-type': contentType,
    'content-length': bytes.length,
    'x-amzn-requestid': requestId,
  });
  outgoing.end(bytes);
}

function formOf({ method, url, body, headers }: SignedRequest): string {
  if (method === 'GET') return url.split('?')[1] ?? '';
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded') ?? false;
  return isForm ? body.toString() : '';
}

function hostService(host: string | undefined): string | undefined {
  return /^([a-z0-9-]+)(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?(?::\d+)?$/.exec(host ?? '')?.[1];
}
