import { once } from 'node:events';
import { createServer } from 'node:http';
import { existsSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Where `npm run build` puts the site. */
export const built = fileURLToPath(new URL('dist', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

/** The built site on a port of this machine, compressed as whoever hosts it would. */
export async function served(): Promise<{ readonly origin: string; readonly close: () => void }> {
  const server = createServer((request, response) => {
    const path = decodeURI(new URL(request.url ?? '/', 'http://site').pathname);
    const file = [path, `${path}.html`, `${path}index.html`]
      .map((name) => join(built, name))
      .find((name) => extname(name) !== '' && existsSync(name));
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': types[extname(file ?? '')] ?? 'text/plain',
      'content-encoding': 'gzip',
      // Names of everything but pages change with their content.
      'cache-control': file?.includes('/assets/') === true ? 'max-age=31536000, immutable' : 'no-cache',
    });
    response.end(gzipSync(file === undefined ? '' : readFileSync(file)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}
