import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfiguration } from '../../infra/configuration';

const ssh = JSON.stringify({ allowedCidrs: ['198.51.100.7/32'] });

describe('a configuration', () => {
  it('is one key for each argument', () => {
    const configuration = readConfiguration({ ssh, emqx: '{"brokers":5}', proxyProtocol: 'false' });
    expect(configuration).toMatchObject({ emqx: { brokers: 5 }, proxyProtocol: false });
  });

  it('is refused with every problem at once, known keys checked although others are unknown', () => {
    const read = () =>
      readConfiguration({
        ssh: '{"allowedCidrs":["0.0.0.0/0"]}',
        emqx: '{"brokers":0,"verison":"5.8.9"}',
        listener: '{}',
        listeners: '{"mqtt":{},"mqtts":{"port":1883}}',
      });
    expect(read).toThrow(
      [
        'Configuration: 5 problems in its arguments',
        '  emqx.verison: is no known setting; did you mean version?',
        '  listener: is no known setting; did you mean listeners?',
        '  emqx.brokers: is 0; a whole number from 1 to 28 brokers is allowed',
        '  listeners.mqtts.port: is 1883, which listeners.mqtt uses already; give each its own port',
        '  ssh.allowedCidrs[0]: is 0.0.0.0/0, the whole internet; give the range that `pulumi up` runs from, such as 198.51.100.7/32',
      ].join('\n'),
    );
  });

  it('does not say what the program finds out by itself', () => {
    expect(() => readConfiguration({ ssh, activeBalancer: 'haproxy-2' })).toThrow(
      '  activeBalancer: is no known setting; network, emqx, haproxy, listeners, proxyProtocol, certificates,',
    );
  });

  it('names what is missing', () => {
    expect(() => readConfiguration({})).toThrow('  ssh: is missing; an object is needed');
  });

  it('tells wrong values by what was given and what is allowed', () => {
    const read = () =>
      readConfiguration({ ssh, haproxy: '{"operatingSystem":"debian-11","tls":{"minVersion":3}}' });
    expect(read).toThrow(
      'haproxy.operatingSystem: is "debian-11"; debian-12, debian-13, ubuntu-22.04, ubuntu-24.04 are allowed',
    );
    expect(read).toThrow('haproxy.tls.minVersion: is 3; TLSv1.2, TLSv1.3 are allowed');
  });

  it('never shows a long value, which may be a key', () => {
    const key = `-----BEGIN PRIVATE KEY-----${'A'.repeat(100)}`;
    const read = () => readConfiguration({ ssh, emqx: JSON.stringify({ brokers: key }) });
    expect(read).toThrow(/^(?!.*AAAA)/s);
  });

  it('refuses EMQX 5.9 for a cluster without a licence key, and takes it for one broker', () => {
    expect(() => readConfiguration({ ssh, emqx: '{"version":"5.9.2"}' })).toThrow(
      'emqx.version: is 5.9.2 with 3 brokers and no emqx.licenseKey: from 5.9.0 a cluster needs a licence key; set one, use 5.8.9, or run a single broker',
    );
    expect(readConfiguration({ ssh, emqx: '{"version":"5.9.2","brokers":1}' }).emqx?.version).toBe('5.9.2');
  });

  it('takes the keys of the virtual IP in every mode', () => {
    const read = (virtualIp: object) => readConfiguration({ ssh, virtualIp: JSON.stringify(virtualIp) });
    const route = { mode: 'route', address: '10.255.0.1', routeTableIds: { main: 'rtb-1' } };
    expect(read(route).virtualIp).toEqual(route);
    expect(() => read({ mode: 'arp' })).toThrow(
      'virtualIp.mode: is "arp"; elasticIp, route, privateIp are allowed',
    );
    expect(() => read({ mode: 'privateIp' })).toThrow(
      'virtualIp.mode: is privateIp, and the balancers are in',
    );
  });
});

describe('a committed stack', () => {
  it.each(['dev', 'lab', 'prod'])('%s has a configuration that is accepted', (stack) => {
    const text = readFileSync(join(__dirname, '..', '..', `Pulumi.${stack}.yaml`), 'utf8');
    // The file's shape is Pulumi's own.
    const { config } = parse(text) as { config: Record<string, unknown> };
    const values = Object.entries(config).flatMap(([key, value]) =>
      key.startsWith('emqx-haproxy:') ? [[key.slice('emqx-haproxy:'.length), JSON.stringify(value)]] : [],
    );
    expect(() => readConfiguration(Object.fromEntries(values) as Record<string, string>)).not.toThrow();
  });
});
