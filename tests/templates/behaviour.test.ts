import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { generate } from 'mqtt-packet';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { balancerFiles } from '../../components/balancers/files';
import { balancerView, listener } from '../../proving/views';
import { makeCertificates, ticketKeys } from '../../proving/certificates';
import { localPort, startFakeBroker, type FakeBroker, type Seen } from './fakeBroker';

const balancer = '127.112.9.9';
const addresses = ['127.112.9.1', '127.112.9.2', '127.112.9.3'];
const seen: Seen[] = [];
let brokers: FakeBroker[] = [];
let haproxy: ChildProcess;
let folder = '';
let authority = '';
let log = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rendered-'));
  const certificates = await makeCertificates();
  authority = certificates.ca;
  brokers = await Promise.all(
    addresses.map((address) => startFakeBroker(address, [1883, 1884, 8083], (one) => seen.push(one))),
  );
  const view = balancerView({
    haproxyVersion: installedVersion(),
    address: balancer,
    brokers: addresses.map((address, index) => ({ name: `broker-${index + 1}`, address, id: index + 1, weight: 100 })),
    listeners: [listener('mqtt'), listener('mqtts'), listener('ws')],
    inspectDelaySeconds: 1,
    tls: { minVersion: 'TLSv1.2', certificateChain: certificates.certificate, ticketLifetimeSeconds: 3_600 },
  });
  // The same files in a folder of their own, on one loopback address.
  const local = (text: string) =>
    text
      .replaceAll(/\/etc\/haproxy\/(?:certs|lists)\/|\/run\/haproxy\//g, `${folder}/`)
      .replaceAll('bind :', `bind ${balancer}:`);
  mkdirSync(folder, { recursive: true });
  for (const file of balancerFiles(view).filter((each) => each.path.startsWith('/etc/haproxy/'))) {
    writeFileSync(join(folder, basename(file.path)), local(file.content));
  }
  writeFileSync(join(folder, 'server.pem.key'), certificates.key);
  writeFileSync(join(folder, 'mqtts-tickets.keys'), ticketKeys);
  haproxy = spawn('haproxy', ['-W', '-f', join(folder, 'haproxy.cfg')], {
    env: { ...process.env, STATS_PASSWORD: 'open sesame' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  haproxy.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await vi.waitFor(async () => {
    (await open(1883)).destroy();
  }, 5_000);
}, 20_000);

afterAll(async () => {
  const ended = once(haproxy, 'exit');
  haproxy.kill('SIGTERM');
  await ended;
  brokers.forEach((broker) => broker.close());
  rmSync(folder, { recursive: true });
});

describe('HAProxy with what is rendered', () => {
  it('sends a client id to the same broker each time, and ids to all brokers', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => `device-${index}`);
    const first = await brokersOf(ids);
    expect(new Set(first.values())).toEqual(new Set(addresses));
    expect(await brokersOf(ids)).toEqual(first);
  });

  it("hands on the client's own address by PROXY v2", async () => {
    const socket = await open(1883);
    const port = localPort(socket);
    const { client } = await connectAs(socket, 'addressed');
    expect(client).toBe(`127.0.0.1:${port}`);
  });

  it('ends TLS, and finds the same broker behind it', async () => {
    const plain = (await connectAs(await open(1883), 'roaming')).broker;
    const socket = connectTls({ host: balancer, port: 8883, ca: authority, servername: 'localhost' });
    await once(socket, 'secureConnect');
    expect((await connectAs(socket, 'roaming')).broker).toBe(plain);
  });

  it('closes what is not MQTT at once, and silence when the inspect delay is over', async () => {
    let begun = Date.now();
    const garbage = await open(1883);
    garbage.write('GET / HTTP/1.1\r\n\r\n');
    await once(garbage.resume(), 'close');
    expect(Date.now() - begun).toBeLessThan(500);
    begun = Date.now();
    const half = await open(1883);
    half.write(connectPacket('half').subarray(0, 5));
    await once(half.resume(), 'close');
    expect(Date.now() - begun).toBeGreaterThan(500);
    expect(seen.map((one) => one.payload.toString())).not.toContainEqual(expect.stringContaining('GET /'));
  });

  it('writes a JSON line per session with the client id, whatever is in it', async () => {
    const id = 'quote " newline \n';
    (await connectAs(await open(1883), id)).socket.destroy();
    await vi.waitFor(() => {
      const lines = log.split('\n').map((line) => line.replace(/^<\d>/, ''));
      const sessions = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as { id?: string });
      expect(sessions.find((session) => session.id === id)).toMatchObject({ listener: 'mqtt', keepalive: '60' });
    });
  });

  it('takes WebSocket upgrades on the path only', async () => {
    const other = await fetch(`http://${balancer}:8083/other`);
    expect(other.status).toBe(404);
    const plain = await fetch(`http://${balancer}:8083/mqtt`);
    expect(plain.status).toBe(426);
  });

  it('shows statistics and metrics with the password only', async () => {
    for (const path of ['/stats', '/metrics']) {
      const url = `http://${balancer}:8888${path}`;
      expect((await fetch(url)).status).toBe(401);
      const authorization = `Basic ${Buffer.from('admin:open sesame').toString('base64')}`;
      const answer = await fetch(url, { headers: { authorization } });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain('brokers_mqtt');
    }
  });
});

function installedVersion(): string {
  const version = /version (\d+\.\d+)/.exec(execFileSync('haproxy', ['-v'], { encoding: 'utf8' }))?.[1];
  if (version === undefined) throw new Error('haproxy -v names no version');
  return version;
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ host: balancer, port, localAddress: '127.0.0.1' });
  await once(socket, 'connect');
  return socket;
}

function connectPacket(clientId: string): Buffer {
  return generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, clientId, keepalive: 60 });
}

/** Connects as an MQTT client and returns what the broker saw of it. */
async function connectAs(socket: Socket, clientId: string): Promise<Seen & { socket: Socket }> {
  const packet = connectPacket(clientId);
  const before = seen.length;
  socket.write(packet);
  await once(socket, 'data');
  const found = seen.slice(before).find((one) => one.payload.equals(packet));
  if (found === undefined) throw new Error(`no broker saw ${clientId}`);
  return { ...found, socket };
}

async function brokersOf(ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const id of ids) {
    const { broker, socket } = await connectAs(await open(1883), id);
    found.set(id, broker);
    socket.destroy();
  }
  return found;
}
