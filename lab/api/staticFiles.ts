import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** Serves a package repository's folder, with the range and conditional requests that apt makes. */
export async function serveFile(
  folder: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (incoming.method !== 'GET' && incoming.method !== 'HEAD') {
    end(outgoing, 405);
    return;
  }
  const file = fileOf(folder, incoming.url ?? '/');
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || !found?.isFile()) {
    end(outgoing, 404);
    return;
  }
  const modified = new Date(Math.floor(found.mtimeMs / 1000) * 1000);
  const since = Date.parse(incoming.headers['if-modified-since'] ?? '');
  outgoing.setHeader('last-modified', modified.toUTCString());
  outgoing.setHeader('accept-ranges', 'bytes');
  if (modified.getTime() <= since) {
    end(outgoing, 304);
    return;
  }
  const range = rangeOf(incoming, found.size, modified);
  if (range === 'unsatisfiable') {
    outgoing.setHeader('content-range', `bytes */${found.size}`);
    end(outgoing, 416);
    return;
  }
  const { first, last } = range ?? { first: 0, last: found.size - 1 };
  if (range !== undefined) outgoing.setHeader('content-range', `bytes ${first}-${last}/${found.size}`);
  outgoing.writeHead(range === undefined ? 200 : 206, {
    'content-type': 'application/octet-stream',
    'content-length': last - first + 1,
  });
  if (incoming.method === 'HEAD' || found.size === 0) outgoing.end();
  else await pipeline(createReadStream(file, { start: first, end: last }), outgoing);
}

/** Undefined for a path that leads out of the folder. */
function fileOf(folder: string, url: string): string | undefined {
  try {
    const path = normalize(decodeURIComponent(url.split('?')[0] ?? '/'));
    return path.startsWith('/') && !path.includes('\0') ? join(folder, path) : undefined;
  } catch {
    return undefined;
  }
}

function rangeOf(
  incoming: IncomingMessage,
  size: number,
  modified: Date,
): { readonly first: number; readonly last: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(incoming.headers.range ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  // A partial file of an older version is fetched anew.
  const ifRange = incoming.headers['if-range'];
  if (typeof ifRange === 'string' && Date.parse(ifRange) !== modified.getTime()) return undefined;
  const [, from = '', to = ''] = match;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first > last ? 'unsatisfiable' : { first, last };
}

function end(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { 'content-length': 0 });
  outgoing.end();
}
