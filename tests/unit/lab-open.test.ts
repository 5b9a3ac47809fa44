import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { browserOf, forwarded, pageOf, told } from '../../lab/commands/open';
import { filled } from '../../lab/commands/references';
import { product } from '../../proving/product';

const outputs = {
  endpoint: '198.51.100.10',
  endpoints: { mqtt: 'mqtt://198.51.100.10:1883', mqtts: 'mqtts://198.51.100.10:8883' },
  statsUrl: 'http://10.20.1.33:8888/stats',
  statsUser: 'stats',
  statsPassword: 'secret-1',
  dashboardPassword: 'secret-2',
  users: [{ username: 'lab', password: 'secret-3' }],
  brokers: [{ privateIp: '10.20.2.33' }],
};

describe('a text about outputs', () => {
  it('has their values, of objects and lists too', () => {
    expect(filled('-h ${endpoint} -u ${users[0].username}', outputs)).toBe('-h 198.51.100.10 -u lab');
    expect(filled('${endpoints.mqtt}', outputs)).toBe('mqtt://198.51.100.10:1883');
    expect(filled('nothing', outputs)).toBe('nothing');
  });

  it('is none where the stack does not put out all of it', () => {
    for (const text of ['${users[1].username}', '${endpoint} ${other}', '${users}', '${endpoint.length}'])
      expect(filled(text, outputs)).toBeUndefined();
  });

  it('is each of the lines that this program’s start ends with', () => {
    const lines = product().next.map((line) => filled(line, outputs));
    expect(lines).toHaveLength(6);
    expect(lines[2]).toBe('  npx mqtt pub -h 198.51.100.10 -u lab -P secret-3 -t lab/hello -m world');
    expect(lines).not.toContain(undefined);
  });
});

describe('a page of a program', () => {
  it('is where its outputs say, with who logs in', () => {
    expect(pageOf(product(), 'stats', outputs)).toEqual({
      url: new URL('http://10.20.1.33:8888/stats'),
      user: 'stats',
      password: 'secret-1',
    });
    expect(pageOf(product(), 'dashboard', outputs).url.href).toBe('http://10.20.2.33:18083/');
  });

  it('is refused by its path where the stack does not put it out, or it is no URL', () => {
    const pages = { other: { url: '${otherUrl}' }, wrong: { url: 'stats' } };
    expect(() => pageOf({ pages }, 'other', outputs)).toThrow(
      'pages.other.url: the stack does not put out all of ${otherUrl}',
    );
    expect(() => pageOf({ pages }, 'wrong', outputs)).toThrow('pages.wrong.url: is stats; a URL is needed');
  });

  it('is led to by a port of this machine', async () => {
    const page = createServer((_, response) => response.end('statistics')).listen(0, '127.0.0.1');
    await once(page, 'listening');
    const url = new URL(`http://127.0.0.1:${(page.address() as AddressInfo).port}/stats`);
    const { server, forwarder } = await forwarded(url, undefined);
    const { port } = server.address() as AddressInfo;
    server.close();
    try {
      expect(port).not.toBe(Number(url.port));
      expect(await (await fetch(`http://127.0.0.1:${port}/stats`)).text()).toBe('statistics');
    } finally {
      forwarder.kill();
      page.close();
    }
  });
});

describe('where the page is told', () => {
  const page = { url: new URL('http://127.0.0.1:8888/stats'), user: 'stats', password: 'secret-1' };

  it('goes to the browser of this machine, or to that which BROWSER names, and over SSH to no screen', () => {
    expect(browserOf({ DISPLAY: ':0' })).toBe('xdg-open');
    expect(browserOf({ WAYLAND_DISPLAY: 'wayland-0' })).toBe('xdg-open');
    expect(browserOf({ BROWSER: '/opt/editor/browser.sh', SSH_CONNECTION: '::1 1 ::1 22' })).toBe(
      '/opt/editor/browser.sh',
    );
    expect(
      browserOf({ DISPLAY: 'localhost:10.0', SSH_CONNECTION: '192.0.2.1 1 192.0.2.2 22' }),
    ).toBeUndefined();
    expect(browserOf({})).toBeUndefined();
  });

  it('says the address, who logs in, and over SSH how it is reached from there', () => {
    expect(told(page, 'xdg-open', {})).toBe(
      'http://127.0.0.1:8888/stats   user stats, password secret-1\nCtrl-C ends it.\n',
    );
    const env = { SSH_CONNECTION: '192.0.2.1 50000 192.0.2.2 22', SUDO_USER: 'ann' };
    expect(told(page, undefined, env)).toContain('ssh -N -L 8888:127.0.0.1:8888 ann@192.0.2.2\n');
  });
});
