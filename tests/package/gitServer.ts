import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createProxy, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { ensureCa, issueCertificate } from '../../lab/api/pki';

/** The name that it answers to. */
const host = 'github.com';

/** GitHub's repositories, as far as they are there, for who comes through a proxy on a port of loopback. */
export interface GitServer {
  /** What a client needs in its environment, which then reaches nothing else by HTTPS. */
  readonly environment: Readonly<Record<'HTTPS_PROXY' | 'SSL_CERT_FILE', string>>;
  close(): Promise<void>;
}

/** Serves the bare repositories OWNER/NAME.git below a folder, by git's own program; its CA is written to another one. */
export async function serveGit(repositories: string, pki: string): Promise<GitServer> {
  const authority = await ensureCa(pki);
  const { certificatePem, keyPem } = await issueCertificate(authority, host);
  const server = createServer({ cert: certificatePem, key: keyPem }, (request, response) => {
    answer(repositories, request, response).catch((error: unknown) => response.destroy(asError(error)));
  });
  const proxy = createProxy().on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (request.url !== `${host}:443`) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 200 Connected\r\n\r\n');
    socket.unshift(head);
    server.emit('connection', socket);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('loopback gave no port');
  return {
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${address.port}`,
      SSL_CERT_FILE: authority.certificateFile,
    },
    close: async () => {
      server.closeAllConnections();
      proxy.closeAllConnections();
      await new Promise((closed) => proxy.close(closed));
    },
  };
}

/** A request is handed to git as a web server hands it to a CGI program. */
async function answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url ?? '/', `https://${host}`);
  // GitHub takes a repository's name with and without the ending that git gives its folder.
  const path = pathname.replace(/^(\/[^/]+\/[^/]+?)(?:\.git)?\//, '$1.git/');
  if (!/^\/[^/]+\/[^/]+\.git\/(info\/refs|git-upload-pack)$/.test(path)) {
    // No releases, as of the plugins of other packages.
    response.writeHead(404).end();
    return;
  }
  const git = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: path,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      GIT_PROTOCOL: request.headers['git-protocol']?.toString() ?? '',
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  request.pipe(git.stdin);
  const parts: Buffer[] = [];
  git.stdout.on('data', (part: Buffer) => parts.push(part));
  await once(git, 'close');
  const told = Buffer.concat(parts);
  const end = told.indexOf('\r\n\r\n');
  const headers = told
    .subarray(0, end)
    .toString()
    .split('\r\n')
    .map((line) => line.split(': ') as [string, string]);
  const status = headers.find(([name]) => name === 'Status')?.[1] ?? '200';
  response.writeHead(Number.parseInt(status), headers.filter(([name]) => name !== 'Status').flat());
  response.end(told.subarray(end + 4));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
