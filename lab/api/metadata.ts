import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { plainAddress, readBody } from './awsCall';
import type { InstanceRecord } from './ec2/instanceRecord';
import type { Region } from './ec2/region';
import type { Faults } from './faults';
import type { InstanceCredentials } from './iam/instanceCredentials';
import { log } from './log';
import { metadataTree, type MetadataTree } from './metadataTree';

const maximumTokenSeconds = 21_600;

/** Instance metadata. The source address names the interface, which names the instance: nobody else is told. */
export class MetadataService {
  private readonly tokens = new Map<string, { readonly instanceId: string; readonly until: number }>();

  constructor(
    private readonly region: Region,
    private readonly issued: InstanceCredentials,
    private readonly faults: Faults,
    private readonly now: () => number = Date.now,
  ) {}

  async handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const closed = new Promise<void>((done) => outgoing.once('close', done));
    await readBody(incoming);
    const target = { service: 'imds', action: incoming.method ?? 'GET', caller: 'instance' } as const;
    let suffered: boolean;
    try {
      suffered = await this.faults.suffer(target, closed);
    } catch {
      reply(outgoing, 503, 'Service Unavailable');
      return;
    }
    if (suffered) this.answer(incoming, outgoing);
    else outgoing.destroy();
  }

  private answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const source = plainAddress(incoming.socket.remoteAddress);
    const instance = this.instanceAt(source);
    if (instance === undefined) {
      log(`metadata: ${source} is no address of an instance`);
      reply(outgoing, 404, 'Not Found');
    } else if (!instance.metadata.enabled) {
      reply(outgoing, 403, 'Forbidden');
    } else if (incoming.method === 'PUT' && incoming.url === '/latest/api/token') {
      this.issueToken(instance, incoming, outgoing);
    } else if (incoming.method !== 'GET') {
      reply(outgoing, 405, 'Method Not Allowed');
    } else if (!this.mayRead(instance, incoming)) {
      reply(outgoing, 401, 'Unauthorized');
    } else {
      const text = find(metadataTree(this.region, instance, this.issued), incoming.url ?? '/');
      if (text === undefined) reply(outgoing, 404, 'Not Found');
      else reply(outgoing, 200, text);
    }
  }

  private instanceAt(address: string): InstanceRecord | undefined {
    const instanceId = this.region.holderOf(address)?.attachment?.instanceId;
    return instanceId === undefined ? undefined : this.region.instances.get(instanceId);
  }

  private issueToken(instance: InstanceRecord, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ttl = Number(incoming.headers['x-aws-ec2-metadata-token-ttl-seconds'] ?? NaN);
    if (incoming.headers['x-forwarded-for'] !== undefined) {
      reply(outgoing, 403, 'Forbidden');
    } else if (!Number.isInteger(ttl) || ttl < 1 || ttl > maximumTokenSeconds) {
      reply(outgoing, 400, 'Bad Request');
    } else {
      for (const [token, { until }] of this.tokens) if (until <= this.now()) this.tokens.delete(token);
      const token = randomBytes(42).toString('base64url');
      this.tokens.set(token, { instanceId: instance.instanceId, until: this.now() + ttl * 1000 });
      outgoing.setHeader('x-aws-ec2-metadata-token-ttl-seconds', ttl);
      reply(outgoing, 200, token);
    }
  }

  /** Without a token only where the instance allows version 1; a wrong one never. */
  private mayRead(instance: InstanceRecord, incoming: IncomingMessage): boolean {
    const given = incoming.headers['x-aws-ec2-metadata-token'];
    if (given === undefined) return !instance.metadata.tokensRequired;
    const token = this.tokens.get(String(given));
    return token?.instanceId === instance.instanceId && token.until > this.now();
  }
}

/** A leaf is its text; a folder lists its names, folders with a slash. */
function find(tree: MetadataTree, url: string): string | undefined {
  const [path = ''] = url.split('?');
  const steps = path.split('/').filter((step) => step !== '');
  const [root, ...rest] = steps;
  if (root === undefined) return 'latest';
  if (root !== 'latest' && !/^\d{4}-\d{2}-\d{2}$/.test(root)) return undefined;
  let node: MetadataTree | string | undefined = tree;
  for (const step of rest) {
    if (node === undefined || typeof node === 'string') return undefined;
    node = Object.entries(node).find(([name]) => name === step)?.[1];
  }
  if (node === undefined || typeof node === 'string') return node;
  return Object.entries(node)
    .map(([name, value]) => (typeof value === 'string' ? name : `${name}/`))
    .join('\n');
}

function reply(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(text),
    server: 'EC2ws',
  });
  outgoing.end(text);
}
