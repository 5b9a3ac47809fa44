import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageHostsIn } from '../../lab/api/packageHosts';
import { serveResolver } from '../../lab/api/resolver';
import { parseQuestion } from '../../lab/api/dnsMessage';
import { TestRegion } from './lab-apiRegion';

const apiAddress = '203.0.113.2';

async function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

describe('the resolver of a VPC', () => {
  let port: number;
  let close: () => Promise<void>;
  let resolver: Resolver;
  let packages: string;

  beforeEach(async () => {
    port = await freePort();
    packages = mkdtempSync(join(tmpdir(), 'lab-names-'));
    for (const host of ['packagecloud.io', 'packages.lab.example']) mkdirSync(join(packages, host));
    const listen = { host: '127.0.0.1', port };
    close = await serveResolver(new TestRegion().region, apiAddress, packageHostsIn(packages), listen);
    resolver = new Resolver({ timeout: 1000, tries: 1 });
    resolver.setServers([`127.0.0.1:${port}`]);
  });
  afterEach(async () => {
    await close();
    rmSync(packages, { recursive: true });
  });

  it.each([
    'ec2.eu-central-1.amazonaws.com',
    'SecretsManager.eu-central-1.amazonaws.com',
    'packagecloud.io',
    'packages.lab.example',
  ])('gives the region’s address for %s', async (name) => {
    await expect(resolver.resolve4(name)).resolves.toEqual([apiAddress]);
  });

  it('knows a host of packages as soon as it has any, and forgets one that has none', async () => {
    await expect(resolver.resolve4('apt.example.org')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    mkdirSync(join(packages, 'apt.example.org'));
    await expect(resolver.resolve4('apt.example.org')).resolves.toEqual([apiAddress]);
    rmSync(join(packages, 'packagecloud.io'), { recursive: true });
    await expect(resolver.resolve4('packagecloud.io')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('knows the names of the VPC’s addresses in both directions', async () => {
    const name = 'ip-10-20-1-9.eu-central-1.compute.internal';
    await expect(resolver.resolve4(name)).resolves.toEqual(['10.20.1.9']);
    await expect(resolver.resolve4('ip-10-20-1-9.ec2.internal')).resolves.toEqual(['10.20.1.9']);
    await expect(resolver.reverse('10.20.1.9')).resolves.toEqual([name]);
  });

  it.each([
    'example.net',
    'amazonaws.com.example.net',
    'notpackagecloud.io',
    'ip-10-99-1-9.eu-central-1.compute.internal',
  ])('says at once that %s does not exist', async (name) => {
    await expect(resolver.resolve4(name)).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  it('says that a known name has no IPv6 address, not that it does not exist', async () => {
    await expect(resolver.resolve6('packagecloud.io')).rejects.toMatchObject({ code: 'ENODATA' });
  });

  it('answers over TCP, also two questions in one packet', async () => {
    const question = Buffer.from(
      '00010100000100000000000008706b67732d6c6162076578616d706c650000010001',
      'hex',
    );
    const framed = Buffer.concat([Buffer.from([0, question.length]), question]);
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.concat([framed, framed]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, Buffer.from(chunk as Uint8Array)]);
      if (received.length >= 2 * framed.length) break;
    }
    expect(received.length).toBe(2 * framed.length);
    // NXDOMAIN, a response.
    expect(received[4]).toBe(0x85);
    expect((received[5] ?? 0) & 0x0f).toBe(3);
  });

  it('ignores what is no question, and goes on', async () => {
    const udp = createSocket('udp4');
    for (const junk of ['', '00', 'ff'.repeat(40), '000101000001000000000000c00c00010001']) {
      const message = Buffer.from(junk, 'hex');
      expect(parseQuestion(message)).toBeUndefined();
      await new Promise((done) => udp.send(message, port, '127.0.0.1', done));
    }
    udp.close();
    await expect(resolver.resolve4('packagecloud.io')).resolves.toEqual([apiAddress]);
  });
});
