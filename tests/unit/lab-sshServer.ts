import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { Server, utils, type Connection } from 'ssh2';

export interface SshServer {
  readonly port: number;
  /** Connections that were authenticated, so that a test can see which way a command came. */
  readonly sessions: () => number;
  close(): Promise<void>;
}

export interface SshServerOptions {
  readonly hostKey: string;
  /** Read at each log-in, so that a test can hand a key in late. */
  readonly authorizedKey: () => string | undefined;
  readonly port?: number;
  /** False: logins are taken, and what is to be run never ends. */
  readonly runsCommands?: boolean;
  /** What runs a command, which is its last word. @default /bin/sh -c */
  readonly shell?: readonly [string, ...string[]];
}

/** An SSH server on loopback that runs commands with /bin/sh and forwards TCP, as a jump host does. */
export async function startSshServer(options: SshServerOptions): Promise<SshServer> {
  let sessions = 0;
  const connections = new Set<Connection>();
  const server = new Server({ hostKeys: [options.hostKey] }, (connection) => {
    connections.add(connection);
    connection.on('error', () => undefined);
    connection.on('close', () => connections.delete(connection));
    connection.on('authentication', (context) => {
      const authorized = options.authorizedKey();
      if (context.method !== 'publickey' || authorized === undefined) {
        context.reject(['publickey']);
        return;
      }
      const key = utils.parseKey(authorized);
      if (key instanceof Error || !key.getPublicSSH().equals(context.key.data)) {
        context.reject(['publickey']);
        return;
      }
      if (
        context.signature &&
        context.blob &&
        !key.verify(context.blob, context.signature, context.hashAlgo)
      ) {
        context.reject();
        return;
      }
      context.accept();
    });
    connection.on('ready', () => {
      sessions += 1;
      if (options.runsCommands ?? true) serveSessions(connection, options.shell ?? ['/bin/sh', '-c']);
      else connection.on('session', (accept) => accept().on('exec', (begin) => begin()));
    });
  });
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    sessions: () => sessions,
    close: () => {
      for (const connection of connections) connection.end();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

/** A host that accepts connections and says nothing; what else becomes of one is the test's. */
export async function startSilentServer(
  accepted: (socket: Socket) => void | Promise<void>,
): Promise<Pick<SshServer, 'port' | 'close'>> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    void accepted(socket);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((done) => server.close(() => done())) };
}

function serveSessions(connection: Connection, [program, ...words]: readonly [string, ...string[]]): void {
  connection.on('tcpip', (accept, _, info) => {
    const target = connect(info.destPort, info.destIP);
    const channel = accept();
    target.on('error', () => channel.close());
    channel.on('error', () => target.destroy());
    channel.pipe(target).pipe(channel);
  });
  connection.on('session', (acceptSession) => {
    const session = acceptSession();
    const environment: Record<string, string> = {};
    session.on('env', (_accept, _reject, info) => {
      environment[info.key] = info.val;
    });
    session.on('exec', (acceptExec, _, { command }) => {
      const channel = acceptExec();
      const child = spawn(program, [...words, command], { env: { ...process.env, ...environment } });
      channel.pipe(child.stdin);
      child.stdin.on('error', () => undefined);
      child.stdout.pipe(channel, { end: false });
      child.stderr.pipe(channel.stderr, { end: false });
      child.on('close', (code, signal) => {
        if (code === null) channel.exit(signal ?? 'KILL');
        else channel.exit(code);
        channel.end();
      });
    });
  });
}
