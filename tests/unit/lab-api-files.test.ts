import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveFile } from '../../lab/api/staticFiles';

const modified = 'Sat, 01 Mar 2025 10:00:00 GMT';

describe('a package repository', () => {
  let folder: string;
  let server: Server;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lab-files-'));
    mkdirSync(join(folder, 'served/pool'), { recursive: true });
    writeFileSync(join(folder, 'secret'), 'not served');
    writeFileSync(join(folder, 'served/pool/a+b.deb'), '0123456789');
    writeFileSync(join(folder, 'served/empty'), '');
    utimesSync(join(folder, 'served/pool/a+b.deb'), new Date(modified), new Date(modified));
    server = createServer((incoming, outgoing) => void serveFile(join(folder, 'served'), incoming, outgoing));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterAll(async () => {
    await new Promise((done) => server.close(done));
    rmSync(folder, { recursive: true });
  });

  async function get(
    path: string,
    headers: Readonly<Record<string, string>> = {},
    method = 'GET',
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return new Promise((done, failed) => {
      const outgoing = request({ host: '127.0.0.1', port, path, headers, method, agent: false }, (answer) => {
        let body = '';
        answer.setEncoding('utf8').on('data', (text: string) => (body += text));
        answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
      });
      outgoing.on('error', failed);
      outgoing.end();
    });
  }

  it('serves a file with its time, by its encoded name too', async () => {
    const answer = await get('/pool/a%2bb.deb');
    expect(answer).toMatchObject({ status: 200, body: '0123456789' });
    expect(answer.headers).toMatchObject({ 'last-modified': modified, 'content-length': '10' });
    expect(await get('/empty')).toMatchObject({ status: 200, body: '' });
    expect(await get('/pool/a+b.deb', {}, 'HEAD')).toMatchObject({ status: 200, body: '' });
  });

  it('sends nothing again that the client has', async () => {
    expect((await get('/pool/a+b.deb', { 'if-modified-since': modified })).status).toBe(304);
    const older = 'Fri, 28 Feb 2025 10:00:00 GMT';
    expect((await get('/pool/a+b.deb', { 'if-modified-since': older })).status).toBe(200);
  });

  it.each([
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=2-3', '23', 'bytes 2-3/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
  ])('continues a file: %s', async (range, body, contentRange) => {
    const answer = await get('/pool/a+b.deb', { range, 'if-range': modified });
    expect(answer).toMatchObject({ status: 206, body });
    expect(answer.headers['content-range']).toBe(contentRange);
  });

  it('starts over when the file has changed since, and refuses what lies behind its end', async () => {
    const changed = await get('/pool/a+b.deb', {
      range: 'bytes=4-',
      'if-range': 'Fri, 28 Feb 2025 10:00:00 GMT',
    });
    expect(changed).toMatchObject({ status: 200, body: '0123456789' });
    expect((await get('/pool/a+b.deb', { range: 'bytes=10-' })).status).toBe(416);
  });

  it.each(['/../secret', '/pool/../../secret', '/%2e%2e/secret', '/pool', '/none', '/%', '/%00'])(
    'gives nothing for %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );

  it('is for reading only', async () => {
    expect((await get('/pool/a+b.deb', {}, 'DELETE')).status).toBe(405);
  });
});
