import { describe, expect, it } from 'vitest';
import { checkMqttPlatformArgs } from '../../components';
import { brokerFiles } from '../../components/brokers/files';
import { checkLicence, dynamicMaxConnectionsOf, noteOnLicence } from '../../components/brokers/licence';
import { Problems } from '../../components/rendering/problems';
import { licenceKey } from '../../proving/licenceKey';
import { brokerView } from '../../proving/views';

const now = new Date('2026-06-15T23:59:59Z');

function told(key: string, clients = 1_000, brokerCount = 3, dynamicMaxConnections = 25): readonly string[] {
  const problems = new Problems();
  const cluster = { clients, brokerCount, dynamicMaxConnections };
  checkLicence(key, cluster, 'emqx.licenseKey', problems, now);
  return problems.all.map(({ reason }) => reason);
}

describe('a licence key', () => {
  it.each([
    ['of a customer, on its last day', licenceKey({ start: '20260101', days: 165 })],
    ['with line breaks, as it comes by mail', licenceKey({}).replaceAll(/(.{40})/g, '$1\r\n')],
    ['with messages a second, as of 6.x', licenceKey({ more: ['Inf'] })],
    ['that is over, of a customer whom EMQX never stops', licenceKey({ start: '20240101', days: 10 })],
    [
      'that is over for 90 days, of a small customer',
      licenceKey({ customer: 0, start: '20260101', days: 75 }),
    ],
    ['that is a file on the hosts', 'file:///etc/emqx/licence'],
  ])('%s is taken', (_, key) => {
    expect(told(key)).toEqual([]);
  });

  it.each([
    ['that is none', 'key', /no licence key/],
    ['that was not copied whole', licenceKey({}).slice(0, -3), /no licence key/],
    ['of another format', licenceKey({ version: '230101' }), /no licence key/],
    ['of a trial that is over', licenceKey({ type: 0, start: '20260101', days: 164 }), /ended on 2026-06-14/],
    [
      'of a small customer, over for 91 days',
      licenceKey({ customer: 0, start: '20260101', days: 74 }),
      /ended on/,
    ],
    ['for a single broker', licenceKey({ type: 2, sessions: 0 }), /is for a single broker, and there are 3/],
    ['that EMQX has in itself', 'default', /is for a single broker/],
    ['for fewer clients', licenceKey({ sessions: 999 }), /covers 999 sessions, and the listeners take 1000/],
    ['for evaluation', licenceKey({ type: 0, customer: 10, sessions: 0 }), /covers 25 sessions/],
    ['for evaluation, of EMQX’s own', 'evaluation', /covers 25 sessions/],
    ['for critical business', licenceKey({ customer: 3, sessions: 0 }), /covers 25 sessions/],
    ['by which EMQX would fail', licenceKey({ sessions: 0 }), /covers 0 sessions/],
  ])('%s is refused', (_, key, reason) => {
    expect(told(key)).toEqual([expect.stringMatching(reason)]);
  });

  it('for critical business lets in as many as EMQX’s configuration says', () => {
    const key = licenceKey({ customer: 3, sessions: 2_000 });
    expect(told(key)).toEqual([
      expect.stringMatching(/by which EMQX lets 25 clients in, .* 1000 at once; set/),
    ]);
    expect(told(key, 1_000, 3, 1_000)).toEqual([]);
    expect(told(key, 2_500, 3, 2_000)).toEqual([expect.stringMatching(/covers 2000 sessions/)]);
    expect(dynamicMaxConnectionsOf({ license: { dynamic_max_connections: 1_000 } })).toBe(1_000);
    expect(dynamicMaxConnectionsOf({ license: {} })).toBe(25);
  });

  it('for a single broker is enough for one', () => {
    expect(told('default', 1_000, 1)).toEqual([]);
  });

  it('is judged with the other arguments, and never shown', () => {
    const key = licenceKey({ sessions: 10 });
    const emqx = { version: '5.10.3', licenseKey: key };
    const problems = checkMqttPlatformArgs('mqtt', { ssh: { allowedCidrs: ['198.51.100.7/32'] }, emqx });
    expect(problems.map(({ path }) => path)).toEqual(['emqx.licenseKey']);
    expect(JSON.stringify(problems)).not.toContain(key);
  });

  it.each([
    ['that ends soon', licenceKey({ start: '20260101', days: 190 }), /ends on 2026-07-10, in 25 days/],
    [
      'that is over and counts',
      licenceKey({ start: '20240101', days: 10 }),
      /ended on 2024-01-11; EMQX goes on/,
    ],
    ['for evaluation', 'evaluation', /has run for 30 days/],
  ])('%s is warned of', (_, key, note) => {
    expect(noteOnLicence(key, now)).toMatch(note);
  });

  it('that lasts is nothing to speak of', () => {
    expect(noteOnLicence(licenceKey({ start: '20260101', days: 365 }), now)).toBeUndefined();
  });

  it('is judged on each broker before it is in force, for all clients', () => {
    const of = (licensed: boolean) =>
      brokerFiles(brokerView({ licensed, maxConnections: 4_000 })).find(({ path }) =>
        path.endsWith('/apply.json'),
      )?.content ?? '';
    expect(JSON.stringify(JSON.parse(of(true)))).toContain('"broker.licence","4000","25"]');
    expect(of(false)).not.toContain('broker.licence');
  });
});
