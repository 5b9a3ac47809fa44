import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { activeBalancer, lab, labOk, onHost, outputs } from './lab';

const report = z.object({
  results: z.array(
    z.object({ name: z.string(), verdict: z.enum(['pass', 'warn', 'fail']), detail: z.string() }),
  ),
});

const askHaproxy = (command: string) =>
  `cd /usr/local/lib/emqx-haproxy && python3 -c 'from balancer.haproxy_socket import *; print(ask(RUNTIME, "${command}"))'`;

/** What would keep a takeover from working, or clients from being served, and nobody notices yet: how it comes, how it goes. */
const troubles: readonly (readonly [what: string, comes: string, goes: string, told: RegExp])[] = [
  [
    'a reload that failed',
    'cp -p /etc/haproxy/haproxy.cfg /run/kept.cfg; echo nonsense >>/etc/haproxy/haproxy.cfg; kill -USR2 $(systemctl show --property=MainPID --value haproxy)',
    'cp -p /run/kept.cfg /etc/haproxy/haproxy.cfg; systemctl reload haproxy',
    /HAProxy's last reload failed/,
  ],
  [
    'a secret that everybody may read',
    'chmod 644 /etc/haproxy/certs/server.pem.key',
    'chmod 600 /etc/haproxy/certs/server.pem.key',
    /server\.pem\.key is 644 root:root; `chmod 600`/,
  ],
];

/** Waits until systemd runs another HAProxy, which answers. */
const startsAnew = `
  former=$(systemctl show --property=MainPID --value haproxy)
  systemctl start haproxy-hung.path
  until [ $(systemctl show --property=MainPID --value haproxy) != $former ] && grep -q 0 /run/emqx-haproxy/fault/haproxy; do
    sleep 0.2
  done`;

/** verify tells what a takeover would meet, while every client is still served. */
export function verifySees(): void {
  describe('verify', () => {
    it.each(troubles)('sees %s on the standby, and that it is gone', async (_, comes, goes, told) => {
      const standby = await theStandby();
      await onHost(standby, 'sh', '-c', comes);
      try {
        expect(await findings('fail')).toContainEqual(expect.stringMatching(told));
      } finally {
        await onHost(standby, 'sh', '-c', goes);
      }
      expect(await findings('fail')).toEqual([]);
    });

    it('sees a hung HAProxy on the standby, which is ended and starts anew by itself', async () => {
      const standby = await theStandby();
      await onHost(
        standby,
        'sh',
        '-c',
        'systemctl stop haproxy-hung.path; systemctl kill --signal=STOP haproxy',
      );
      try {
        expect(await findings('fail')).toContainEqual(
          expect.stringMatching(/HAProxy does not answer .*`systemctl restart haproxy`/),
        );
      } finally {
        await onHost(standby, 'timeout', '90', 'sh', '-c', startsAnew);
      }
      expect(await findings('fail')).toEqual([]);
      expect(await findings('warn')).toContainEqual(
        expect.stringContaining(`${standby}: HAProxy did not answer and was ended and started anew`),
      );
    });

    it('sees nothing of a paused listener, which vip-agent opens again', async () => {
      const standby = await theStandby();
      const status = `${askHaproxy('show stat mqtt 1 -1')} | cut -d, -f18`;
      await onHost(standby, 'sh', '-c', askHaproxy('disable frontend mqtt'));
      await expect.poll(() => onHost(standby, 'sh', '-c', status), { timeout: 60_000 }).toMatch(/^OPEN$/m);
      expect(await findings('fail')).toEqual([]);
    });

    it('sees a pair that cannot hear each other', async () => {
      const active = await activeBalancer();
      await labOk('fault', 'host', active, 'partition', 'vrrp');
      try {
        expect(await findings('fail')).toContainEqual(expect.stringMatching(/has not heard its peer/));
      } finally {
        await labOk('heal');
      }
      expect(await findings('fail')).toEqual([]);
    });

    it('sees a broker that gets no client, though the others serve everybody', async () => {
      await onHost('emqx-3', 'systemctl', 'stop', 'broker-agent');
      await onHost('emqx-3', 'systemctl', 'kill', '--signal=STOP', 'emqx');
      try {
        expect(await findings('fail')).toContainEqual(
          expect.stringMatching(/emqx-3 takes no client of mqtt/),
        );
      } finally {
        await onHost('emqx-3', 'systemctl', 'kill', '--signal=CONT', 'emqx');
        await onHost('emqx-3', 'systemctl', 'start', 'broker-agent');
      }
      expect(await findings('fail')).toEqual([]);
    });
  });
}

async function theStandby(): Promise<string> {
  const active = await activeBalancer();
  const { balancers } = await outputs();
  const other = balancers.find(({ name }) => name !== active);
  if (other === undefined) throw new Error('there is one balancer only');
  return other.name;
}

/** The details of what failed, or of what it warns. */
async function findings(wanted: 'warn' | 'fail'): Promise<readonly string[]> {
  const { stdout } = await lab('verify', '--json');
  return report
    .parse(JSON.parse(stdout))
    .results.filter(({ verdict }) => verdict === wanted)
    .map(({ detail }) => detail);
}
