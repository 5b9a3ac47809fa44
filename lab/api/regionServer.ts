import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createSecureContext, type SecureContext } from 'node:tls';
import { plainAddress } from './awsCall';
import { followMachines } from './ec2/lifeCycle';
import type { Region } from './ec2/region';
import { Faults } from './faults';
import { AwsFront } from './front';
import { InstanceCredentials } from './iam/instanceCredentials';
import { log } from './log';
import { MetadataService } from './metadata';
import { issueCertificate, type Authority } from './pki';
import { packageHostsIn, type PackageHosts } from './packageHosts';
import { isAwsName, serveResolver } from './resolver';
import { serveFile } from './staticFiles';

/** Where the region listens; port 0 takes a free one, for tests. */
export interface RegionListeners {
  readonly host: string;
  /** The only source of plain calls with the runner's key. */
  readonly runnerAddress: string;
  readonly runnerPort: number;
  readonly tlsPort: number;
  readonly httpPort: number;
  readonly metadataPort: number;
  readonly resolverPort: number;
}

export interface RegionServer {
  readonly faults: Faults;
  readonly issued: InstanceCredentials;
  /** The ports in use. */
  readonly ports: {
    readonly runner: number;
    readonly tls: number;
    readonly http: number;
    readonly metadata: number;
  };
  close(): Promise<void>;
}

/**
 * Opens everything that the region's hosts and the runner talk to. The packages folder has a folder for each name of the
 * world outside that the region serves.
 */
export async function serveRegion(
  region: Region,
  authority: Authority,
  packagesFolder: string,
  listeners: RegionListeners,
): Promise<RegionServer> {
  const faults = new Faults();
  const issued = new InstanceCredentials();
  const front = new AwsFront(region, issued, faults);
  await front.prepare();
  followMachines(region);
  const metadata = new MetadataService(region, issued, faults);

  const packageHosts = packageHostsIn(packagesFolder);
  const files = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> => {
    const folder = packageHosts(hostOf(incoming));
    if (folder !== undefined) await serveFile(folder, incoming, outgoing);
    return folder !== undefined;
  };
  const servers = {
    runner: createServer(guarded((incoming, outgoing) => front.handle(incoming, outgoing, true))),
    tls: createTlsServer(
      { SNICallback: certificates(authority, region.name, packageHosts) },
      guarded(async (incoming, outgoing) => {
        if (!(await files(incoming, outgoing))) await front.handle(incoming, outgoing, false);
      }),
    ),
    // Package repositories only: credentials do not travel in the clear.
    http: createServer(
      guarded(async (incoming, outgoing) => {
        if (!(await files(incoming, outgoing))) outgoing.writeHead(404, { 'content-length': 0 }).end();
      }),
    ),
    metadata: createServer(guarded((incoming, outgoing) => metadata.handle(incoming, outgoing))),
  };
  // Unrestricted credentials in the clear: nobody else gets as far as a request.
  servers.runner.on('connection', (socket) => {
    if (plainAddress(socket.remoteAddress) !== listeners.runnerAddress) socket.destroy();
  });
  for (const server of Object.values(servers)) server.keepAliveTimeout = keepAliveTimeoutMs;
  const closeResolver = await serveResolver(region, listeners.host, packageHosts, {
    host: listeners.host,
    port: listeners.resolverPort,
  });
  const ports = {
    runner: await listen(servers.runner, listeners.host, listeners.runnerPort),
    tls: await listen(servers.tls, listeners.host, listeners.tlsPort),
    http: await listen(servers.http, listeners.host, listeners.httpPort),
    metadata: await listen(servers.metadata, listeners.host, listeners.metadataPort),
  };
  return {
    faults,
    issued,
    ports,
    async close() {
      faults.clear();
      await Promise.all([closeResolver(), ...Object.values(servers).map(close)]);
    },
  };
}

/** Hosts keep a connection to the API warm between takeovers; as long as AWS's own load balancers allow. */
const keepAliveTimeoutMs = 60_000;

function guarded(
  handle: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
): RequestListener {
  return (incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => {
      const what = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
      log(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(500, { 'content-length': 0 }).end();
    });
  };
}

function hostOf(incoming: IncomingMessage): string {
  return (incoming.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
}

/** A certificate per name asked for, made once; a name that is not the region's is refused. */
function certificates(
  authority: Authority,
  region: string,
  packageHosts: PackageHosts,
): (name: string, done: (error: Error | null, context?: SecureContext) => void) => void {
  const made = new Map<string, Promise<SecureContext>>();
  return (name, done) => {
    if (!isAwsName(name, region) && packageHosts(name) === undefined) {
      done(new Error(`the lab serves no name '${name}'`));
      return;
    }
    let context = made.get(name);
    if (context === undefined) {
      context = issueCertificate(authority, name).then(({ certificatePem, keyPem }) =>
        createSecureContext({ cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' }),
      );
      made.set(name, context);
    }
    context.then(
      (ready) => done(null, ready),
      (error: unknown) => {
        made.delete(name);
        done(error instanceof Error ? error : new Error(String(error)));
      },
    );
  };
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once('error', failed);
    server.listen(port, host, done);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
