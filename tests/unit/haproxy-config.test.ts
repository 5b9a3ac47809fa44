import { describe, expect, it } from 'vitest';
import { checkMqttPlatformArgs, type ListenersArgs } from '../../components';
import { haproxyConfig } from '../../components/balancers/haproxyConfig';
import { balancerFiles } from '../../components/balancers/files';
import { haproxyFiles } from '../../components/balancers/haproxyFiles';
import { balancerView, certificate, listener, revocationList } from '../../proving/views';

/** The lines of one section, without their indentation. */
function section(config: string, heading: string): string[] {
  const [, body = ''] = config.split(`\n${heading}\n`);
  const [lines = ''] = body.split('\n\n');
  return lines.split('\n').map((line) => line.trim());
}

const mutual = { verify: 'required', ca: certificate, identity: 'none' } as const;

describe('an inspected listener', () => {
  const lines = section(haproxyConfig(balancerView()), 'frontend mqtt');

  it('ends in an explicit reject, since HAProxy accepts when the wait runs out', () => {
    expect(lines.filter((line) => line.startsWith('tcp-request content')).at(-1)).toBe(
      'tcp-request content reject',
    );
  });

  it('keeps the client id in a session variable, which alone makes the hash stick', () => {
    expect(lines).toContain(
      'tcp-request content set-var(sess.cid) req.payload(0,0),mqtt_field_value(connect,client_identifier)',
    );
    const backend = section(haproxyConfig(balancerView()), 'backend brokers_mqtt');
    expect(backend).toContain('balance hash var(sess.cid)');
    expect(backend).toContain('hash-type consistent sdbm avalanche');
  });

  it('only logs a long keepalive, or refuses it when asked to', () => {
    const rule =
      'tcp-request content set-var(sess.why) str(keepalive) if { var(sess.keepalive),lower -m int eq 0 } or { var(sess.keepalive),lower -m int gt 300 }';
    expect(lines).not.toContain(rule);
    expect(section(haproxyConfig(balancerView({ refuseLongKeepalive: true })), 'frontend mqtt')).toContain(
      rule,
    );
  });

  it('is looked into for a long keepalive on no listener where none is inspected, and that is told', () => {
    const told = (listeners: ListenersArgs) =>
      checkMqttPlatformArgs('demo', {
        ssh: { allowedCidrs: ['198.51.100.7/32'] },
        haproxy: { refuseLongKeepalive: true },
        listeners,
      }).map(({ path, reason }) => `${path}: ${reason}`);
    expect(told({ ws: {}, mqtt: {} })).toEqual([]);
    expect(told({ ws: {}, mqtt: { inspect: false } })).toEqual([
      'haproxy.refuseLongKeepalive: is true, and on no listener is a CONNECT seen; leave it out, or give one of mqtt or mqtts that is inspected',
    ]);
  });

  it('is not inspected where that is turned off', () => {
    const open = listener('mqtt', { inspect: false, balancing: { method: 'roundRobin' } });
    const config = haproxyConfig(balancerView({ listeners: [open] }));
    expect(config).not.toContain('inspect-delay');
    expect(config).not.toContain('sess.cid');
  });
});

describe('the brokers behind a listener', () => {
  it('carry fixed ids and their weights, and PROXY v2 from the one setting', () => {
    const config = haproxyConfig(balancerView());
    expect(section(config, 'backend brokers_mqtts')).toContain(
      'server broker-2 10.20.2.2:1884 id 2 weight 100',
    );
    expect(config).toMatch(/default-server .* send-proxy-v2$/m);
    expect(haproxyConfig(balancerView({ proxyProtocol: false }))).not.toContain('send-proxy');
  });

  it('are all checked against /status, and a connection error only makes checks faster', () => {
    const backend = section(haproxyConfig(balancerView()), 'backend brokers_mqtt');
    expect(backend).toContain('option httpchk GET /status');
    expect(backend).toContain(
      'default-server agent-check check port 18083 observe layer4 error-limit 1 on-error fastinter',
    );
    const config = haproxyConfig(balancerView());
    expect(config).not.toContain('on-marked-down');
    expect(config).not.toContain('hard-stop-after');
    expect(config).not.toContain('slowstart');
  });

  it.each([[1], [3], [7]])('are all eligible while fewer of %i are usable than down', (count) => {
    const brokers = Array.from({ length: count }, (_, index) => ({
      name: `broker-${index + 1}`,
      address: `10.20.2.${index + 1}`,
      id: index + 1,
      weight: 100,
    }));
    const lines = section(haproxyConfig(balancerView({ brokers })), 'frontend mqtt');
    expect(lines.filter((line) => line.includes('srv_is_up(brokers_mqtt/'))).toHaveLength(count);
    expect(lines).toContain(
      'use_backend fallback_mqtt if { nbsrv(brokers_mqtt),sub(sess.down) lt 0 } or { nbsrv(brokers_mqtt) eq 0 }',
    );
  });
});

describe('a listener with further broker ports', () => {
  const furtherBrokerPorts = { first: 20_101, count: 3 };
  const config = haproxyConfig(balancerView({ listeners: [listener('mqtts', { furtherBrokerPorts })] }));

  it('spreads connections evenly over all of them', () => {
    expect(section(config, 'frontend mqtts')).toEqual(
      expect.arrayContaining([
        'tcp-request connection set-dst-port int(1884)',
        'tcp-request connection set-dst-port rand(3),add(20101) if { rand(4) gt 0 }',
      ]),
    );
  });

  it('keeps a broker one server: the same place in the hash, one check, one weight', () => {
    expect(section(config, 'backend brokers_mqtts').filter((line) => line.startsWith('server '))).toEqual([
      'server broker-1 10.20.2.1:+0 id 1 weight 100',
      'server broker-2 10.20.2.2:+0 id 2 weight 100',
      'server broker-3 10.20.2.3:+0 id 3 weight 100',
    ]);
  });
});

describe('balancing', () => {
  it.each([
    [{ method: 'roundRobin' } as const, 'balance roundrobin'],
    [{ method: 'leastConnections' } as const, 'balance leastconn'],
    [{ method: 'sourceAddress' } as const, 'balance source'],
  ])('by %o', (balancing, line) => {
    const config = haproxyConfig(balancerView({ listeners: [listener('mqtt', { balancing })] }));
    expect(section(config, 'backend brokers_mqtt')).toContain(line);
    expect(section(config, 'backend fallback_mqtt')).toContain(line);
  });

  it('by a table is shared by the peers, defined once, and leaves empty client ids alone', () => {
    const balancing = { method: 'clientIdTable', entries: 5_000, expireSeconds: 60, keyLength: 64 } as const;
    const config = haproxyConfig(balancerView({ listeners: [listener('mqtt', { balancing })] }));
    expect(config.match(/stick-table type string len 64 size 5000 expire 60s peers pair/g)).toHaveLength(1);
    expect(
      config.match(/stick on var\(sess.cid\) table brokers_mqtt if \{ var\(sess.cid\) -m len gt 0 \}/g),
    ).toHaveLength(2);
    expect(section(config, 'peers pair')).toEqual([
      'peer balancer-a 10.20.0.10:10000',
      'peer balancer-b 10.20.1.10:10000',
    ]);
  });

  it('lets a broker that comes back start slowly where that is asked for', () => {
    const balancing = { method: 'leastConnections', slowStartSeconds: 30 } as const;
    const config = haproxyConfig(balancerView({ listeners: [listener('mqtt', { balancing })] }));
    expect(section(config, 'backend brokers_mqtt').join('\n')).toContain(' slowstart 30s');
    expect(section(config, 'backend fallback_mqtt').join('\n')).not.toContain('slowstart');
  });

  it('by client id is a table on HAProxy 2.4, which has no hash balancing', () => {
    const config = haproxyConfig(balancerView({ haproxyVersion: '2.4' }));
    expect(config).not.toContain('balance hash');
    expect(config).toContain('stick on var(sess.cid)');
  });

  it('by client id is refused where no client id is seen, with the reason', () => {
    const websocket = listener('ws', { balancing: { method: 'clientId' } });
    expect(() => haproxyConfig(balancerView({ listeners: [websocket] }))).toThrow(
      'listener ws: balancing is clientId, but no client id is seen there, since its first bytes are HTTP;' +
        ' allowed: leastConnections, roundRobin or sourceAddress',
    );
    const open = listener('mqtt', { inspect: false });
    expect(() => haproxyConfig(balancerView({ listeners: [open] }))).toThrow('since it is not inspected');
  });

  it('refuses a HAProxy that is too old or no version at all', () => {
    for (const haproxyVersion of ['2.2', 'latest']) {
      expect(() => haproxyConfig(balancerView({ haproxyVersion }))).toThrow('allowed: 2.4 or newer');
    }
  });
});

describe('client certificates', () => {
  const listeners = [listener('mqtts', { clientCertificates: { ...mutual, crl: revocationList } })];

  it('are verified against files that can be loaded at run time, and their CN goes to the broker', () => {
    const config = haproxyConfig(balancerView({ listeners }));
    expect(config).toContain(
      'ca-file /etc/haproxy/certs/mqtts-client-ca.pem verify required crl-file /etc/haproxy/certs/mqtts-client-crl.pem',
    );
    expect(section(config, 'backend brokers_mqtts').join('\n')).toContain('proxy-v2-options ssl,cert-cn');
    const files = haproxyFiles(balancerView({ listeners }));
    expect(files.map(({ path, change }) => [path, change.kind])).toEqual([
      ['/etc/haproxy/certs/server.pem', 'runtime'],
      ['/etc/haproxy/certs/mqtts-client-ca.pem', 'runtime'],
      ['/etc/haproxy/certs/mqtts-client-crl.pem', 'runtime'],
    ]);
  });

  it('send no CN while they are optional', () => {
    const optional = listener('mqtts', { clientCertificates: { ...mutual, verify: 'optional' } });
    expect(haproxyConfig(balancerView({ listeners: [optional] }))).not.toContain('cert-cn');
  });

  it('are no identity unless they are required and PROXY protocol carries it', () => {
    const optional = { ...mutual, verify: 'optional', identity: 'username' } as const;
    const listeners = [listener('mqtts', { clientCertificates: optional })];
    expect(() => haproxyConfig(balancerView({ listeners }))).toThrow(
      'identity is username, which needs verify: required',
    );
    const required = [listener('mqtts', { clientCertificates: { ...mutual, identity: 'clientid' } })];
    expect(() => haproxyConfig(balancerView({ listeners: required, proxyProtocol: false }))).toThrow(
      'proxyProtocol: true',
    );
  });

  it('are refused on a plain listener', () => {
    const plain = [listener('mqtt', { clientCertificates: mutual })];
    expect(() => haproxyConfig(balancerView({ listeners: plain }))).toThrow('allowed on mqtts and wss');
  });

  it('never bring a private key into a file that travels', () => {
    const key = certificate.replaceAll('CERTIFICATE', 'PRIVATE KEY');
    const tls = { ...balancerView().tls, certificateChain: certificate + key };
    expect(() => haproxyFiles(balancerView({ tls }))).toThrow('tls.certificateChain: holds a PRIVATE KEY');
  });
});

describe('session tickets', () => {
  it('have keys of their own for each TLS listener, and no cache beside them', () => {
    const listeners = [listener('mqtt'), listener('mqtts'), listener('wss')];
    const config = haproxyConfig(balancerView({ listeners }));
    expect(config.match(/tls-ticket-keys \S+/g)).toEqual([
      'tls-ticket-keys /run/haproxy/mqtts-tickets.keys',
      'tls-ticket-keys /run/haproxy/wss-tickets.keys',
    ]);
    expect(config).toMatch(/tune\.ssl\.lifetime 86400\n +tune\.ssl\.cachesize 0\n/);
  });

  it('are made before HAProxy is checked, started or reloaded', () => {
    const files = balancerFiles(balancerView());
    const contentOf = (path: string) => files.find((file) => file.path === path)?.content ?? '';
    const program = '/usr/bin/python3 /usr/local/lib/emqx-haproxy balancer.tickets';
    const unit = contentOf('/etc/systemd/system/haproxy.service.d/emqx-haproxy.conf');
    expect(unit).toContain(`ExecStartPre=\nExecStartPre=${program}\n`);
    expect(unit).toContain(`ExecReload=\nExecReload=${program}\nExecReload=/usr/sbin/haproxy -Ws -c`);
    const { validate } = JSON.parse(contentOf('/etc/emqx-haproxy/apply.json')) as { validate: string[][] };
    const programs = validate.map((command) => command.join(' '));
    expect(programs.indexOf(program)).toBeLessThan(programs.findIndex((each) => each.includes('haproxy -c')));
  });
});

describe('limits and times', () => {
  it('follow from the largest keepalive and the largest CONNECT', () => {
    const config = haproxyConfig(balancerView({ maxKeepaliveSeconds: 600, largestConnectBytes: 40_000 }));
    expect(config).toContain('timeout tunnel 915s');
    expect(config).toContain('clitcpka-idle 600s');
    expect(Number(/tune\.bufsize (\d+)/.exec(config)?.[1])).toBeGreaterThanOrEqual(40_000 + 1_024 + 64);
    expect(haproxyConfig(balancerView())).toContain('tune.bufsize 16384');
  });

  it('hold sources to a rate, but for those that are spared', () => {
    const rateLimit = { connectionsPerSource: 20, periodSeconds: 10, sparedCidrs: ['10.9.0.0/16'] };
    const listeners = [listener('mqtt', { rateLimit, allowedCidrs: ['10.0.0.0/8', '192.0.2.0/24'] })];
    const lines = section(haproxyConfig(balancerView({ listeners })), 'frontend mqtt');
    expect(lines).toContain('tcp-request connection reject if { sc_conn_rate(0,rates_mqtt) gt 20 }');
    expect(lines).toContain(
      'tcp-request connection reject unless { src -f /etc/haproxy/lists/mqtt-allowed.lst }',
    );
    const contents = Object.fromEntries(
      haproxyFiles(balancerView({ listeners })).map((f) => [f.path, f.content]),
    );
    expect(contents['/etc/haproxy/lists/mqtt-spared.lst']).toBe('10.9.0.0/16\n');
    expect(contents['/etc/haproxy/lists/mqtt-allowed.lst']).toBe('10.0.0.0/8\n192.0.2.0/24\n');
  });

  it('count an address in one table, for new connections and for refused logins', () => {
    const rateLimit = { connectionsPerSource: 20, periodSeconds: 10, sparedCidrs: [] };
    const failedLogins = { perLogin: 5, perSource: 50, periodSeconds: 60 };
    const table = (changes: Parameters<typeof listener>[1]) =>
      section(haproxyConfig(balancerView({ listeners: [listener('mqtt', changes)] })), 'backend rates_mqtt');
    expect(table({ rateLimit })).toContain('stick-table type ip size 100k expire 10s store conn_rate(10s)');
    expect(table({ failedLogins })).toContain(
      'stick-table type ip size 100k expire 60s store gpc0,gpc0_rate(60s)',
    );
    expect(table({ rateLimit, failedLogins })).toContain(
      'stick-table type ip size 100k expire 60s store conn_rate(10s) store gpc0,gpc0_rate(60s)',
    );
    expect(table({ failedLogins: { perLogin: 5, periodSeconds: 60 } })).toEqual(['']);
  });

  it('refuse a range that is none', () => {
    const listeners = [listener('mqtt', { allowedCidrs: ['10.0.0.0/8\n0.0.0.0/0'] })];
    expect(() => haproxyFiles(balancerView({ listeners }))).toThrow(
      'listener mqtt: "10.0.0.0/8\\n0.0.0.0/0" is no range',
    );
  });
});

describe('the statistics page', () => {
  it('has its password from the environment and refuses to start without one', () => {
    const config = haproxyConfig(balancerView());
    expect(config).toContain('user admin insecure-password "${STATS_PASSWORD}"');
    expect(config).toMatch(/\.if defined\(STATS_PASSWORD\)\n\.else\n +\.alert/);
    expect(section(config, 'frontend stats')).toContain('bind 10.20.0.10:8888');
  });
});
