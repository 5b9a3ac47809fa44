import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Unexpected, Warning, check, eventually } from '../../verify/checks';
import { checkEdge } from '../../verify/edgeChecks';
import { runningNodes } from '../../verify/emqxCtl';
import { wrongFiles } from '../../verify/hostChecks';
import { pairAcross } from '../../verify/mqttChecks';
import { parseOutputs } from '../../verify/outputs';
import { formatReport, succeeded } from '../../verify/report';
import { parseHostKey, quote } from '../../verify/ssh';

const outputs = {
  endpoint: '198.51.100.7',
  endpoints: { mqtt: 'mqtt://198.51.100.7:1883' },
  brokers: [{ name: 'broker-1', instanceId: 'i-1', privateIp: '10.0.0.5', nodeName: 'emqx@10.0.0.5' }],
  balancers: [{ name: 'balancer-a', instanceId: 'i-2', privateIp: '10.0.0.6', publicIp: '198.51.100.8' }],
  caCertificate: '-----BEGIN CERTIFICATE-----',
  ssh: {
    user: 'admin',
    privateKey: 'k',
    hosts: { 'balancer-a': { address: '198.51.100.8', hostKey: 'ssh-ed25519 AAAA' } },
  },
  users: [{ username: 'app', password: 'p' }],
  access: {
    listeners: { mqtt: 'chain' },
    asks: { mqtt: ['users'] },
    userIdType: 'username',
    superusers: [],
    authorization: { rules: [], noMatch: 'deny', denyAction: 'ignore' },
  },
  hostFiles: { 'broker-1': 'ab' },
};

describe('outputs', () => {
  test('what verify needs is taken, and more does not matter', () => {
    const parsed = parseOutputs(JSON.stringify({ ...outputs, statsUrl: 'http://10.0.0.6:8888/stats' }));
    expect(parsed.brokers[0]?.nodeName).toBe('emqx@10.0.0.5');
    expect(parsed.ssh.hosts['balancer-a']?.jump).toBeUndefined();
  });

  test('everything that is missing or hidden is named at once', () => {
    const attempt = () =>
      parseOutputs(JSON.stringify({ ...outputs, endpoint: undefined, ssh: '[secret]', brokers: [] }));
    expect(attempt).toThrow(/secrets need --show-secrets/);
    expect(attempt).toThrow(/ {2}endpoint: /);
    expect(attempt).toThrow(/ {2}ssh: /);
    expect(attempt).toThrow(/ {2}brokers: /);
  });

  test('a text that is no JSON is said to be none', () => {
    expect(() => parseOutputs('error: no stack selected')).toThrow('the stack outputs are no JSON');
  });
});

describe("emqx ctl's output", () => {
  test('running nodes are sorted; stopped ones are not among them', () => {
    const status = '{"stopped_nodes":["emqx@c"],"running_nodes":["emqx@b","emqx@a"]}';
    expect(runningNodes(status)).toEqual(['emqx@a', 'emqx@b']);
    expect(() => runningNodes('{}')).toThrow('no running_nodes');
  });
});

describe('hosts', () => {
  const sum = (digit: string) => digit.repeat(64);

  test('a changed file and another set are wrong', () => {
    const answer = (digit: string, check: string) =>
      `${sum(digit)}  /var/lib/emqx-haproxy/current.set\n${check}\n`;
    expect(wrongFiles(sum('a'), answer('a', '{}'))).toEqual([]);
    expect(wrongFiles(sum('a'), answer('a', '{"/etc/b c": {"found": null}}'))).toEqual(['/etc/b c']);
    expect(wrongFiles(sum('a'), answer('0', '{}'))).toEqual([
      'its file set is not the rendered one; run `pulumi up`',
    ]);
  });

  test('a pinned key is compared by its bytes, whatever its comment', () => {
    expect(parseHostKey('ssh-ed25519 AAECAw== root@host\n').key).toEqual(Buffer.from([0, 1, 2, 3]));
    expect(() => parseHostKey('ssh-rsa AAECAw==')).toThrow('allowed: ssh-ed25519');
  });

  test('a path with a quote stays one word', () => {
    expect(quote("/etc/it's")).toBe(`'/etc/it'\\''s'`);
  });
});

describe('clients', () => {
  test('a message goes between clients of different brokers', () => {
    const brokerOf = new Map([
      ['a', 'broker-1'],
      ['b', 'broker-1'],
      ['c', 'broker-2'],
    ]);
    expect(pairAcross(['a', 'b', 'c'], brokerOf, 2)).toEqual(['a', 'c']);
    expect(() => pairAcross([], brokerOf, 2)).toThrow(Unexpected);
    expect(() => pairAcross(['a'], new Map(), 2)).toThrow('nobody says');
  });

  test('that all came to one broker breaks nothing: its other clients may be fewer', () => {
    const brokerOf = new Map([
      ['a', 'broker-1'],
      ['b', 'broker-1'],
    ]);
    expect(() => pairAcross(['a', 'b'], brokerOf, 2)).toThrow(Warning);
    expect(() => pairAcross(['a', 'b'], brokerOf, 2)).toThrow('sent all 2 clients to broker-1');
  });

  test('with a single broker any two will do', () => {
    const brokerOf = new Map([
      ['a', 'broker-1'],
      ['b', 'broker-1'],
    ]);
    expect(pairAcross(['a', 'b'], brokerOf, 1)).toEqual(['a', 'b']);
  });
});

describe('checks', () => {
  test('what a check expected and saw is its detail', async () => {
    const result = await check('x', () => Promise.reject(new Unexpected('3 nodes', '2')));
    expect(result).toMatchObject({ name: 'x', verdict: 'fail', detail: 'expected 3 nodes; saw 2' });
  });

  test('a warning fails only when strict', async () => {
    const results = [await check('x', () => Promise.reject(new Warning('balancer-b is off')))];
    expect(results[0]?.verdict).toBe('warn');
    expect(succeeded(results, false)).toBe(true);
    expect(succeeded(results, true)).toBe(false);
  });

  test('a service that is just moving is tried again, and given up in time', async () => {
    let tries = 0;
    const third = () => (++tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve(tries));
    expect(await eventually(1_000, 1, third)).toBe(3);
    await expect(eventually(20, 5, () => Promise.reject(new Error('never')))).rejects.toThrow('never');
  });

  test('the report shows every check, the spread and the count', async () => {
    const results = [
      await check('short', () => Promise.resolve('fine')),
      await check('a longer name', () => Promise.reject(new Error('broken'))),
    ];
    const report = formatReport(
      results,
      [{ group: 'mqtt over MQTT 5', clients: { 'broker-1': 10, 'broker-2': 20 } }],
      1_234,
    );
    expect(report).toMatch(/^ok {4}short +\d+ ms {2}fine$/m);
    expect(report).toMatch(/^FAIL {2}a longer name/m);
    expect(report).toMatch(/^mqtt over MQTT 5 +10 +20$/m);
    expect(report).toContain('1 passed, 0 warnings, 1 failed in 1.2 s');
  });
});

describe('bytes that are no MQTT', () => {
  let server: Server | undefined;
  afterEach(() => server?.close());

  async function judge(serve: (socket: Socket) => void) {
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      serve(socket);
    });
    await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP address');
    const [result] = await Promise.all(
      checkEdge({ mqtt: { url: `mqtt://127.0.0.1:${address.port}`, ca: '' } }),
    );
    return result;
  }

  test('are refused by a listener that closes', async () => {
    expect(await judge((socket) => socket.once('data', () => socket.destroy()))).toMatchObject({
      verdict: 'pass',
    });
  });

  test('are not refused by one that answers', async () => {
    const result = await judge((socket) => socket.write('hello'));
    expect(result).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('5 bytes of an answer') as string,
    });
  });

  test('are not refused by one that waits', async () => {
    const result = await judge(() => undefined);
    expect(result).toMatchObject({
      verdict: 'fail',
      detail: expect.stringContaining('no end within 2 s') as string,
    });
  });
});
