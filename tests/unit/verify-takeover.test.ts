import { describe, expect, test } from 'vitest';
import { Identity } from '../../proving/identities';
import { judgeErrors } from '../../verify/balancerChecks';
import { type BalancerState, type Condition, parseCondition, parseFigures } from '../../verify/balancers';
import { survey } from '../../verify/checks';
import { judgeFileModes } from '../../verify/fileModes';
import { healthFindings } from '../../verify/hostChecks';
import { judgeLifetime, judgeLifetimes } from '../../verify/lifetimes';
import { judgeBrokers, judgeHaproxy, judgeTakeover } from '../../verify/takeover';
import { changes, watch, wrongIn } from '../../verify/watch';

const broker = { listener: 'mqtt', address: '10.0.0.5:1883', proxied: true, encrypted: false };

const well: Condition = {
  faults: { told: { haproxy: '0', vip: '0' } },
  silentSeconds: { told: { vip: 0.3, watch: 0.9 } },
  hungSeconds: { told: null },
  workers: { told: { former: 1, formerAllowed: 3, failedReloads: 0 } },
  listeners: { told: [{ name: 'mqtt', status: 'OPEN', limited: false }] },
  brokers: {
    told: [
      { ...broker, name: 'emqx-1', status: 'UP' },
      { ...broker, name: 'emqx-2', status: 'UP 1/3' },
    ],
  },
  lifetimes: { told: {} },
  claim: { told: 'allowed' },
};

const figures = (text: string) =>
  parseFigures(`emqx_haproxy_vip_master 0\nemqx_haproxy_vip_held 0\nemqx_haproxy_vip_wary 0\n${text}`);

/** A pair that is well, but for what is given of each. */
function pair(
  active: { readonly condition?: Partial<Condition>; readonly text?: string } = {},
  standby: { readonly condition?: Partial<Condition>; readonly text?: string } = {},
): Map<string, BalancerState> {
  const master = 'emqx_haproxy_vip_master 1\nemqx_haproxy_vip_held 1\n';
  return new Map([
    [
      'haproxy-1',
      { condition: { ...well, ...active.condition }, figures: figures(master + (active.text ?? '')) },
    ],
    ['haproxy-2', { condition: { ...well, ...standby.condition }, figures: figures(standby.text ?? '') }],
  ]);
}

const texts = ({ findings }: { readonly findings: readonly { readonly text: string }[] }) =>
  findings.map(({ text }) => text);

describe('a takeover', () => {
  test('by a pair that is well would work', () => {
    const { findings, proved } = judgeTakeover(pair());
    expect(findings).toEqual([]);
    expect(proved).toBe('haproxy-1 active, haproxy-2 ready, claims are authorised');
  });

  test.each([
    [
      'both MASTER',
      pair({}, { text: 'emqx_haproxy_vip_master 1\n' }),
      /^haproxy-1 and haproxy-2 are both MASTER; let VRRP/,
    ],
    ['none MASTER', pair({ text: 'emqx_haproxy_vip_master 0\n' }), /^no balancer is Keepalived's MASTER;/],
    [
      'a claim that EC2 has not confirmed',
      pair({ text: 'emqx_haproxy_vip_held 0\n' }),
      /^haproxy-1 is MASTER and EC2 has not confirmed/,
    ],
    ['a wary standby', pair({}, { text: 'emqx_haproxy_vip_wary 1\n' }), /^haproxy-2 has not heard its peer/],
    [
      'a fault of the standby',
      pair({}, { condition: { faults: { told: { haproxy: '1', vip: '0' } } } }),
      /^haproxy-2: haproxy-watch reports a fault/,
    ],
    [
      'a watcher that has said nothing yet',
      pair({}, { condition: { faults: { told: { haproxy: '', vip: '0' } } } }),
      /^haproxy-2: haproxy-watch reports a fault/,
    ],
    [
      'an agent that reports nothing',
      pair({}, { condition: { silentSeconds: { told: { vip: 60, watch: 0 } } } }),
      /^haproxy-2: vip-agent has reported nothing for 60 s/,
    ],
    [
      'a role that may not claim',
      pair({}, { condition: { claim: { failed: 'UnauthorizedOperation: no' } } }),
      /^haproxy-2: a claim of the virtual IP would fail: UnauthorizedOperation: no$/,
    ],
    [
      'a route table that leads elsewhere',
      pair({ text: 'emqx_haproxy_vip_broken_routes 1\n' }),
      /^haproxy-1 cannot turn every route table/,
    ],
  ])('is in doubt by %s', (_, states, expected) => {
    const { findings } = judgeTakeover(states);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.verdict).toBe('fail');
    expect(findings[0]?.text).toMatch(expected);
  });

  test('is in doubt while errors are counted, however many there were before', () => {
    const count = (errors: number) =>
      new Map([['haproxy-2', parseFigures(`emqx_haproxy_vip_errors_total ${errors}\n`)]]);
    expect(judgeErrors(count(9_999), count(9_999)).findings).toEqual([]);
    expect(texts(judgeErrors(count(3), count(5)))).toEqual([
      'haproxy-2: vip_errors_total rises, by 2 in 2.5 s; look at `journalctl -u vip-agent`',
    ]);
    // A program that began anew counts from 0.
    expect(judgeErrors(count(9), count(0)).findings).toEqual([]);
  });
});

describe('HAProxy', () => {
  test('that is well has its listeners open and its former workers told', () => {
    expect(judgeHaproxy(pair())).toEqual({ findings: [], proved: 'all listeners open, 2 former workers' });
  });

  test('with a failed reload, a paused listener and too many former workers is told line by line', () => {
    const condition: Partial<Condition> = {
      workers: { told: { former: 5, formerAllowed: 3, failedReloads: 2 } },
      listeners: { told: [{ name: 'mqtts', status: 'PAUSED', limited: false }] },
    };
    const { findings } = judgeHaproxy(pair({ condition }));
    expect(findings.map(({ verdict }) => verdict)).toEqual(['fail', 'warn', 'fail']);
    expect(texts({ findings })).toEqual([
      expect.stringMatching(/^haproxy-1: HAProxy's last reload failed.*`systemctl reload haproxy`$/),
      expect.stringMatching(/^haproxy-1: 5 former workers of HAProxy still have clients, 3 may;/),
      expect.stringMatching(/^haproxy-1: listener mqtts is PAUSED; open it/),
    ]);
  });

  test('that was ended since it did not answer is told for a day', () => {
    const ended = (told: number) => judgeHaproxy(pair({}, { condition: { hungSeconds: { told } } })).findings;
    expect(ended(600)).toEqual([
      {
        verdict: 'warn',
        text: 'haproxy-2: HAProxy did not answer and was ended and started anew 10 min ago; look at `journalctl -u haproxy`',
      },
    ]);
    expect(ended(86_401)).toEqual([]);
  });

  test('that hangs is said once', () => {
    const failed = { failed: 'timed out' };
    const { findings } = judgeHaproxy(pair({}, { condition: { workers: failed, listeners: failed } }));
    expect(texts({ findings })).toEqual([
      'haproxy-2: HAProxy does not answer (timed out); `systemctl restart haproxy` on it',
    ]);
  });
});

describe('brokers', () => {
  test('whose checks only begin to fail are in rotation', () => {
    expect(judgeBrokers(pair())).toEqual({
      findings: [],
      proved: 'emqx-1, emqx-2 in rotation on haproxy-1 and haproxy-2',
    });
  });

  test('that one balancer finds down or draining are told, down as a failure', () => {
    const told = [
      { ...broker, name: 'emqx-1', status: 'DOWN (agent)' },
      { ...broker, name: 'emqx-2', status: 'DRAIN (agent)' },
    ];
    const { findings } = judgeBrokers(pair({}, { condition: { brokers: { told } } }));
    expect(findings.map(({ verdict }) => verdict)).toEqual(['fail', 'warn']);
    expect(texts({ findings })[0]).toMatch(
      /^haproxy-2: emqx-1 is DOWN \(agent\) for mqtt: no client gets there;/,
    );
  });
});

describe('the end of a certificate', () => {
  const day = 86_400;
  const judge = (life: number, left: number) =>
    judgeLifetime('a.pem', [(left - life) * day, left * day], 'renew it', 0);

  test.each([
    [365, 31, undefined],
    [365, 29.5, 'warn'],
    [365, -0.5, 'fail'],
    // One that lives for a week is renewed in its last third.
    [7, 6, undefined],
    [7, 2, 'warn'],
  ])('that lives for %d days and has %d left: %s', (life, left, verdict) => {
    expect(judge(life, left)?.verdict).toBe(verdict);
  });

  test('is told of each file on a balancer, with the argument that it comes from, and of the CA', async () => {
    const now = Date.now() / 1_000;
    const { pem } = await Identity.make('ca', { isAuthority: true, from: -1, to: 400 });
    const life = (from: number, to: number): [number, number] => [now + from * day, now + to * day];
    const told = { 'server.pem': life(-1, 364), 'plant-2-client-crl.pem': life(-1, 6) };
    const states = pair({ condition: { lifetimes: { told: {} } } }, { condition: { lifetimes: { told } } });
    expect(judgeLifetimes(states, pem, now).findings).toEqual([]);
    expect(texts(judgeLifetimes(states, pem, now + 5 * day))).toEqual([
      expect.stringMatching(
        /^haproxy-2: plant-2-client-crl\.pem ends on .*, in 1\.0 days; past it .* listeners\.plant-2\.clientCertificates/,
      ),
    ]);
    expect(texts(judgeLifetimes(pair(), pem, now + 401 * day))[0]).toMatch(
      /^the CA of the output caCertificate ended/,
    );
    const unread = pair({ condition: { lifetimes: { failed: 'no certificate' } } });
    expect(texts(judgeLifetimes(unread, pem, now))).toEqual([
      'haproxy-1: certificates cannot be read: no certificate; run `pulumi up`',
    ]);
  });

  test('is told by its day', () => {
    expect(judge(365, 10)?.text).toBe('a.pem ends on 1970-01-11, in 10.0 days; renew it');
    expect(judge(365, -10)?.text).toBe('a.pem ended on 1969-12-22, 10.0 days ago; renew it');
  });
});

describe('a host', () => {
  test('has every file of its set, and every secret, with mode and owner', () => {
    const answer = [
      '=== /etc/haproxy/haproxy.cfg mode=0640 owner=root:haproxy change=reload:haproxy',
      '=== /etc/a mode=0644 owner=root:root change=none',
      'secret {"file": "/etc/s/key", "mode": "0600", "owner": "root:root", "change": "none"}',
      'stat 640 root:haproxy /etc/haproxy/haproxy.cfg',
      'stat 644 root:root /etc/s/key',
    ].join('\n');
    const { findings, secrets } = judgeFileModes('haproxy-1', answer);
    expect(secrets).toBe(1);
    expect(texts({ findings })).toEqual([
      'haproxy-1: /etc/a is not there; run `pulumi up`',
      'haproxy-1: /etc/s/key is 644 root:root; `chmod 600` and `chown root:root` it',
    ]);
  });

  test('that is not well says so a line each, with where to look', () => {
    const said =
      'keepalived is failed\n/usr/bin/python3 /usr/local/lib/emqx-haproxy balancer.health: exit 1: haproxy-watch reports a fault\nmore\n';
    expect(texts({ findings: healthFindings('haproxy-1', said) })).toEqual([
      'haproxy-1: keepalived is failed; look at `systemctl status keepalived` on it',
      'haproxy-1: haproxy-watch reports a fault; look at `journalctl -b` on it',
      'haproxy-1: more; look at `journalctl -b` on it',
    ]);
    expect(healthFindings('haproxy-1', '\n')).toEqual([]);
  });

  test('answers in the form that is asked for, or is not believed', () => {
    expect(parseCondition(JSON.stringify(well))).toEqual(well);
    expect(() => parseCondition('{}')).toThrow('faults');
  });
});

describe('a survey', () => {
  const finding = (verdict: 'warn' | 'fail', text: string) => ({ verdict, text });

  test('has a result for each finding, or one that says what was proved', async () => {
    const two = { findings: [finding('fail', 'a'), finding('warn', 'b')], proved: '' };
    const results = await survey('x', () => Promise.resolve(two), 0, 1);
    expect(results.map(({ name, verdict, detail }) => [name, verdict, detail])).toEqual([
      ['x', 'fail', 'a'],
      ['x', 'warn', 'b'],
    ]);
    const none = await survey('x', () => Promise.resolve({ findings: [], proved: 'all' }), 0, 1);
    expect(none).toMatchObject([{ verdict: 'pass', detail: 'all' }]);
  });

  test('waits for what settles, and not for a warning', async () => {
    let looks = 0;
    const settles = () =>
      Promise.resolve({ findings: ++looks < 3 ? [finding('fail', 'not yet')] : [], proved: 'now' });
    expect(await survey('x', settles, 1_000, 1)).toMatchObject([{ verdict: 'pass', detail: 'now' }]);
    looks = 0;
    const warns = () => Promise.resolve({ findings: [finding('warn', `look ${++looks}`)], proved: '' });
    expect(await survey('x', warns, 1_000, 1)).toMatchObject([{ verdict: 'warn', detail: 'look 1' }]);
  });
});

describe('a watch', () => {
  test('goes on where a round itself fails, and ends with the round in which it is interrupted', async () => {
    const rounds = [
      () => Promise.resolve([result('pass', 'y')]),
      () => Promise.reject(new Error('no route')),
      () => {
        interrupted.abort();
        return Promise.resolve([result('warn', 'b')]);
      },
    ];
    const interrupted = new AbortController();
    const said: string[] = [];
    const last = await watch(
      () => rounds.shift()?.() ?? Promise.resolve([]),
      1,
      (line) => said.push(line),
      interrupted.signal,
    );
    expect(said.map((line) => line.replace(/^\S+Z {2}/, ''))).toEqual([
      'ok    1 checks; what changes is said here',
      'FAIL  verify: no route',
      'ended FAIL  verify: no route',
      'warn  x: b',
    ]);
    expect(last).toEqual([result('warn', 'b')]);
  });

  const result = (verdict: 'pass' | 'warn' | 'fail', detail: string) => ({
    ...{ name: 'x', verdict, detail, durationMs: 1 },
  });

  test('says what is newly wrong and what has ended, and nothing of what only counts on', () => {
    const first = wrongIn([result('pass', 'y'), result('fail', 'silent for 12 s')]);
    expect(changes(new Map(), first)).toEqual(['FAIL  x: silent for 12 s']);
    const second = wrongIn([result('fail', 'silent for 13 s'), result('warn', 'b')]);
    expect(changes(first, second)).toEqual(['warn  x: b']);
    expect(changes(second, wrongIn([]))).toEqual(['ended FAIL  x: silent for 13 s', 'ended warn  x: b']);
  });
});
